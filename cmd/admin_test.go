package cmd

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/elite-trading-coach/coach/server/api"
	"github.com/elite-trading-coach/coach/tui"
)

// operators starts a server that answers as the admin API does, to who has the
// token "operator-token".
func operators(t *testing.T) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		reply := func(status int, body string) {
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
		}
		switch {
		case r.Header.Get("Authorization") != "Bearer operator-token" && r.Host != "admin.sock":
			reply(401, `{"success":false,"error":"This token is not valid.","code":"TOKEN_INVALID"}`)
		case r.URL.Path == "/api/admin/snapshot":
			reply(200, `{"success":true,"data":{"nodes":[{"name":"trade-1","self":true}],"build":{"version":"v9.9.9"},"load":{"sockets":7}}}`)
		case r.URL.Path == "/api/admin/connections":
			reply(200, `{"success":true,"data":{"items":[{"id":"s1","username":"`+r.URL.Query().Get("filter")+" "+r.URL.Query().Get("sort")+`"}],"matched":1,"total":1}}`)
		default:
			reply(404, `{"success":false,"error":"`+api.NothingHere+`","code":"NOT_FOUND"}`)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

// admin runs `coach admin` with args in an environment.
func admin(t *testing.T, environ []string, args ...string) result {
	t.Helper()
	var stdout, stderr strings.Builder
	a := &app{Process: Process{Args: append([]string{"admin"}, args...), Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr, Environ: environ}}
	code := run(t.Context(), a)
	return result{code, stdout.String(), stderr.String()}
}

func TestAdminReaches(t *testing.T) {
	s := operators(t)
	s.Start()
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte("operator-token\nand a note\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ environ, args []string }{
		"a URL and a token":          {nil, []string{"--url", s.URL, "--token", "operator-token"}},
		"a URL and a file":           {nil, []string{"--url", s.URL, "--token-file", token}},
		"what the environment names": {[]string{"COACH_ADMIN_URL=" + s.URL, "COACH_ADMIN_TOKEN=operator-token"}, nil},
		"a file of the environment":  {[]string{"COACH_ADMIN_TOKEN_FILE=" + token}, []string{"--url", s.URL}},
		"a flag before a variable":   {[]string{"COACH_ADMIN_URL=http://127.0.0.1:1", "COACH_ADMIN_TOKEN=other"}, []string{"--url", s.URL, "--token-file", token}},
	} {
		t.Run(name, func(t *testing.T) {
			r := admin(t, c.environ, append(c.args, "--once")...)
			if r.code != exitOK || !strings.Contains(r.stdout, "trade-1") || !strings.Contains(r.stdout, "v9.9.9") {
				t.Errorf("exit %d, %s%s", r.code, r.stdout, r.stderr)
			}
		})
	}
}

func TestAdminReachesTheSocketOfTheDataFolder(t *testing.T) {
	dir, err := os.MkdirTemp("", "coach") //nolint:usetesting // t.TempDir's path can be too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Mkdir(filepath.Join(dir, "admin"), 0o700); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "admin", "admin.sock")
	s := operators(t)
	var listen net.ListenConfig
	if s.Listener, err = listen.Listen(context.Background(), "unix", path); err != nil {
		t.Fatal(err)
	}
	s.Start()
	for name, args := range map[string][]string{
		"of the data folder": {"--data-dir", dir}, "that is named": {"--socket", path},
	} {
		t.Run(name, func(t *testing.T) {
			r := admin(t, nil, append(args, "--once", "--page", "connections", "--filter", "queue>0", "--sort", "-queue")...)
			if r.code != exitOK || !strings.Contains(r.stdout, "queue>0 -queue") {
				t.Errorf("exit %d, %s%s", r.code, r.stdout, r.stderr)
			}
		})
	}
}

func TestAdminSaysWhatIsWrong(t *testing.T) {
	s := operators(t)
	s.Start()
	empty := t.TempDir()
	for name, c := range map[string]struct {
		environ, args []string
		code          int
		want          string
	}{
		"a wrong token":             {nil, []string{"--url", s.URL, "--token", "x", "--once"}, exitFailed, "`coach token create` beside the server makes one"},
		"an older server":           {nil, []string{"--url", s.URL, "--token", "operator-token", "--once", "--page", "users"}, exitFailed, "older than this program"},
		"nobody at the address":     {nil, []string{"--url", "http://127.0.0.1:1", "--token", "x", "--once"}, exitUnreachable, "is `coach serve` running"},
		"no server in the folder":   {nil, []string{"--data-dir", empty, "--once"}, exitUnreachable, "--data-dir, --socket or --url names another"},
		"no token":                  {nil, []string{"--url", s.URL}, exitUsage, "COACH_ADMIN_TOKEN or --token-file"},
		"no file of it":             {nil, []string{"--url", s.URL, "--token-file", filepath.Join(empty, "none")}, exitFailed, "read the token"},
		"two servers":               {nil, []string{"--url", s.URL, "--socket", "x"}, exitUsage, "name two servers"},
		"no terminal":               {nil, []string{"--url", s.URL, "--token", "operator-token"}, exitFailed, "`coach admin --once` prints a page"},
		"no socket":                 {[]string{"ADMIN_SOCKET=off"}, nil, exitFailed, "ADMIN_SOCKET is off"},
		"an unknown page":           {nil, []string{"--once", "--page", "x"}, exitUsage, "overview, connections"},
		"a limit that is none":      {nil, []string{"--once", "--limit", "0"}, exitUsage, "from 1 to 500"},
		"a page without --once":     {nil, []string{"--page", "users"}, exitUsage, "--page goes with --once"},
		"a theme that is none":      {nil, []string{"--theme", "pink"}, exitUsage, "dark or light"},
		"both formats":              {nil, []string{"--once", "--json", "--plain"}, exitUsage, "json plain"},
		"a log that does not parse": {nil, []string{"--url", s.URL, "--token", "operator-token", "--once", "--page", "log", "--filter", "tire=x"}, exitUsage, "There is no field tire"},
	} {
		t.Run(name, func(t *testing.T) {
			r := admin(t, c.environ, c.args...)
			if r.code != c.code || !strings.Contains(r.stderr, c.want) {
				t.Errorf("exit %d, want %d and %q in:\n%s", r.code, c.code, c.want, r.stderr)
			}
		})
	}
}

func TestAdminLooksAsTheTerminalDoes(t *testing.T) {
	for name, c := range map[string]struct {
		environ []string
		flags   adminFlags
		want    tui.Look
	}{
		"nothing said":         {nil, adminFlags{}, tui.Look{Palette: tui.PaletteDark}},
		"a light ground":       {[]string{"COLORFGBG=0;15"}, adminFlags{}, tui.Look{Palette: tui.PaletteLight}},
		"a dark ground":        {[]string{"COLORFGBG=15;default;0"}, adminFlags{}, tui.Look{Palette: tui.PaletteDark}},
		"a flag wins":          {[]string{"COLORFGBG=0;15"}, adminFlags{theme: "dark"}, tui.Look{Palette: tui.PaletteDark}},
		"no colours":           {[]string{"NO_COLOR=1"}, adminFlags{theme: "dark"}, tui.Look{Palette: tui.PalettePlain}},
		"an old locale":        {[]string{"LANG=de_DE.ISO-8859-1"}, adminFlags{}, tui.Look{Palette: tui.PaletteDark, ASCII: true}},
		"a new one":            {[]string{"LC_ALL=de_DE.utf8", "LANG=C"}, adminFlags{}, tui.Look{Palette: tui.PaletteDark}},
		"ASCII that is wanted": {nil, adminFlags{ascii: true}, tui.Look{Palette: tui.PaletteDark, ASCII: true}},
	} {
		t.Run(name, func(t *testing.T) {
			a := &app{Process: Process{Environ: c.environ}}
			if got := a.look(c.flags); got != c.want {
				t.Errorf("look %+v, want %+v", got, c.want)
			}
		})
	}
}
