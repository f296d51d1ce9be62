package cmd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/elite-trading-coach/coach/configs"
	"github.com/elite-trading-coach/coach/server"
	"github.com/elite-trading-coach/coach/server/api"
)

// result is what a person at the terminal gets.
type result struct {
	code           int
	stdout, stderr string
}

// call runs coach with a backend of the test's own.
func call(t *testing.T, below backend, args ...string) result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	a := &app{
		Process: Process{Args: args, Stdin: strings.NewReader("piped password\n"), Stdout: &stdout, Stderr: &stderr},
		below:   below,
	}
	code := run(t.Context(), a)
	return result{code, stdout.String(), stderr.String()}
}

func TestServeHandsOverWhatWasConfigured(t *testing.T) {
	var got server.Options
	r := call(t, backend{serve: func(_ context.Context, o server.Options) error {
		got = o
		o.Ready(server.Info{URL: "http://localhost:7", Database: "sqlite://x", DataDir: "d", Coach: "built-in"})
		return nil
	}}, "serve", "--port", "7", "--no-web", "--migrate", "--data-dir", "my data", "--log-format", "json")
	if r.code != exitOK || got.Config.Server.Port != 7 || !got.Config.Server.NoWeb || !got.Migrate || got.Build.Version == "" {
		t.Errorf("exit %d, options %+v", r.code, got)
	}
	for _, want := range []string{`"url":"http://localhost:7"`, `"coach":"built-in"`, `--role admin --data-dir 'my data'"`} {
		if !strings.Contains(r.stderr, want) {
			t.Errorf("the log lacks %s:\n%s", want, r.stderr)
		}
	}
}

func TestServeSaysWhatKeptItFromStarting(t *testing.T) {
	r := call(t, backend{serve: func(context.Context, server.Options) error {
		return errors.New("listen on 127.0.0.1:80: permission denied; choose another port with --port or PORT")
	}}, "serve")
	want := result{exitFailed, "", "coach: listen on 127.0.0.1:80: permission denied; choose another port with --port or PORT\n"}
	if r != want {
		t.Errorf("got %+v, want %+v", r, want)
	}
}

func TestServeWarnsLoudly(t *testing.T) {
	r := call(t, backend{serve: func(context.Context, server.Options) error { return nil }}, "serve", "--host", "0.0.0.0")
	if !strings.Contains(r.stderr, "development listens beyond this machine") {
		t.Errorf("no warning:\n%s", r.stderr)
	}
}

func TestStartBlock(t *testing.T) {
	info := server.Info{URL: "http://localhost:3001", Database: "sqlite://coach_data/coach.db", DataDir: "./coach_data", Coach: "built-in", SecretGenerated: true, LimitsOff: true}
	want := `
coach v1 listens on http://localhost:3001

  data      ./coach_data
  database  sqlite://coach_data/coach.db
  coach     built-in
  secret    made, and kept in the data folder; production takes JWT_SECRET
  admin     none yet; make the first with:
            coach user create …
  try it    open http://localhost:3001 in a browser
  LIMITS    ARE OFF: nobody is limited in anything; for benches only
  stop      Ctrl-C

`
	if diff := cmp.Diff(want, startBlock("v1", configs.Config{}, info, "coach user create …")); diff != "" {
		t.Errorf("block (-want +got):\n%s", diff)
	}
}

// schema is a migrator over a list.
type schema struct {
	all    []server.MigrationStatus
	failed error
}

func (s *schema) Status(context.Context) ([]server.MigrationStatus, error) {
	return append([]server.MigrationStatus(nil), s.all...), nil
}

func (s *schema) Missing() string { return "" }

func (s *schema) Version(context.Context) (current, latest int64, err error) {
	for _, st := range s.all {
		if st.Applied {
			current = st.Version
		}
	}
	return current, int64(len(s.all)), nil
}

func (s *schema) Up(context.Context) error {
	for i := range s.all {
		s.all[i].Applied = true
	}
	return s.failed
}

func (s *schema) Down(context.Context) error { s.all[0].Applied = false; return s.failed }
func (s *schema) Redo(context.Context) error {
	s.all[0].AppliedAt = s.all[0].AppliedAt.Add(time.Second)
	return s.failed
}
func (s *schema) Close() error { return nil }

func TestMigrate(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, c := range []struct {
		args   string
		failed error
		want   result
	}{
		{"status", nil, result{0, "VERSION  NAME     APPLIED\n1        one.sql  2026-01-02 03:04:05 UTC\n2        two.sql  pending\n", ""}},
		{"version", nil, result{0, "1 (this program knows 2)\n", ""}},
		{"up --dry-run", nil, result{0, "would apply two.sql\n", ""}},
		{"up", nil, result{0, "applied two.sql\nthe schema is at version 2\n", ""}},
		{"down --dry-run", nil, result{0, "would take back one.sql\n", ""}},
		{"down", nil, result{0, "took back one.sql\nthe schema is at version 0\n", ""}},
		{"redo --dry-run", nil, result{0, "would redo one.sql\n", ""}},
		{"redo", nil, result{0, "took back and applied one.sql\nthe schema is at version 1\n", ""}},
		{"up", errors.New("the database is newer"), result{1, "", "coach: the database is newer\n"}},
		{"up", context.Canceled, result{1, "", "coach: stopped before it was done.\n"}},
	} {
		t.Run(c.args, func(t *testing.T) {
			s := &schema{failed: c.failed, all: []server.MigrationStatus{{Version: 1, Name: "one.sql", Applied: true, AppliedAt: at}, {Version: 2, Name: "two.sql"}}}
			below := backend{migrate: func(context.Context, configs.Config) (migrator, error) { return s, nil }}
			got := call(t, below, append([]string{"migrate"}, strings.Fields(c.args)...)...)
			if diff := cmp.Diff(c.want, got, cmp.AllowUnexported(result{})); diff != "" {
				t.Errorf("result (-want +got):\n%s", diff)
			}
		})
	}
	t.Run("nothing to do", func(t *testing.T) {
		s := &schema{all: []server.MigrationStatus{{Version: 1, Name: "one.sql", Applied: true, AppliedAt: at}}}
		below := backend{migrate: func(context.Context, configs.Config) (migrator, error) { return s, nil }}
		if got := call(t, below, "migrate", "up", "--dry-run"); got.stdout != "nothing to do\n" {
			t.Errorf("got %+v", got)
		}
	})
}

// accounts is a desk that keeps what it was asked.
type accounts struct {
	desk
	asked []string
	err   error
}

func (u *accounts) note(words ...string) (api.User, error) {
	u.asked = append(u.asked, strings.Join(words, " "))
	return api.User{ID: "id", Username: "bob", Email: "b@x\x1b[31m", Role: "user", Tier: "free"}, u.err
}

func (u *accounts) CreateAccount(_ context.Context, n api.NewAccount) (api.User, error) {
	return u.note("create", n.Email, n.Username, n.Role, n.Tier, n.Password)
}

func (u *accounts) Accounts(_ context.Context, l api.List) (api.Page[api.Account], error) {
	one, err := u.note("list", l.Filter)
	return api.Page[api.Account]{Items: []api.Account{{User: one}}}, err
}

func (u *accounts) ChangeAccount(_ context.Context, who string, c api.AccountChange) (api.User, error) {
	for name, to := range map[string]*string{"role": c.Role, "tier": c.Tier, "reset": c.Password} {
		if to != nil {
			return u.note(name, who, *to)
		}
	}
	return u.note("nothing", who)
}

func (u *accounts) Disable(_ context.Context, who string) (api.User, error) {
	return u.note("disable", who)
}

func (u *accounts) Enable(_ context.Context, who string) (api.User, error) {
	return u.note("enable", who)
}

func (u *accounts) Import(_ context.Context, file *os.File, how server.ArchiveImport) (api.User, server.Loaded, error) {
	made, err := u.note("import", filepath.Base(file.Name()), how.Into, how.Password)
	return made, server.Loaded{Trades: 2, ImagesLeft: 1}, err
}

func (u *accounts) SignOut(_ context.Context, who string) (api.Ended, error) {
	_, err := u.note("sign-out", who)
	return api.Ended{Count: 2}, err
}

func (u *accounts) ResetLink(_ context.Context, who string, validFor time.Duration) (server.ResetLink, error) {
	one, err := u.note("link", who, validFor.String())
	return server.ResetLink{User: one, URL: "http://localhost:3001/#reset=x", Code: "x"}, err
}

func (u *accounts) DeleteAccount(_ context.Context, who string) error {
	_, err := u.note("delete", who)
	return err
}

func (u *accounts) EditTier(_ context.Context, name string, c api.LimitsChange) (api.Tier, error) {
	_, err := u.note("tier", name, fmt.Sprint(*c.Sockets, *c.BudgetMonthMicros))
	return api.Tier{Name: name, Limits: api.Limits{Sockets: *c.Sockets}}, err
}

func (u *accounts) CreateToken(_ context.Context, n api.NewToken) (api.MadeToken, error) {
	_, err := u.note("token", n.Name, n.Scope, fmt.Sprint(n.ExpiresInSeconds))
	return api.MadeToken{Token: api.Token{Name: n.Name}, Secret: "secret"}, err
}

func (u *accounts) RevokeToken(_ context.Context, which string) (api.Token, error) {
	_, err := u.note("revoke", which)
	return api.Token{}, err
}

func (u *accounts) Audit(_ context.Context, l api.List) (api.Page[api.AuditEntry], error) {
	_, err := u.note("audit", l.Filter)
	return api.Page[api.AuditEntry]{Items: []api.AuditEntry{{Detail: "x\x1b[31m"}}}, err
}

func (u *accounts) Close() error { return nil }

func TestUserCommands(t *testing.T) {
	for args, want := range map[string]string{
		"user create --email a@b --username bob --role admin --tier premium": "create a@b bob admin premium piped password",
		"user create --email a@b --username bob":                             "create a@b bob user free piped password",
		"user list":                                                          "list ",
		"user list bo":                                                       `list "bo"`,
		"user set-role bob admin":                                            "role bob admin",
		"user set-tier bob free":                                             "tier bob free",
		"user disable bob":                                                   "disable bob",
		"user enable bob":                                                    "enable bob",
		"user reset-password bob":                                            "reset bob piped password",
		"user reset-link bob":                                                "link bob 1h0m0s",
		"user reset-link bob --valid 20m":                                    "link bob 20m0s",
		"user sign-out bob":                                                  "sign-out bob",
		"user delete bob --yes":                                              "delete bob",
		"tier set free sockets=3 budget=1.5":                                 "tier free 3 1500000",
		"token create prom --read-only --expires 1h":                         "token prom read-only 3600",
		"token create boss --admin":                                          "token boss admin 0",
		"token revoke prom":                                                  "revoke prom",
		"audit --filter actor=x":                                             "audit actor=x",
	} {
		t.Run(args, func(t *testing.T) {
			u := &accounts{}
			below := backend{
				desk:    func(context.Context, configs.Config, server.Absent, *slog.Logger) (desk, error) { return u, nil },
				records: func(context.Context, configs.Config, server.Absent, *slog.Logger) (keyboard, error) { return u, nil },
			}
			got := call(t, below, strings.Fields(args)...)
			if got.code != exitOK {
				t.Fatalf("got %+v", got)
			}
			if diff := cmp.Diff([]string{want}, u.asked); diff != "" {
				t.Errorf("asked (-want +got):\n%s", diff)
			}
			if strings.ContainsRune(got.stdout, '\x1b') || strings.Contains(got.stdout, "piped") {
				t.Errorf("a control character or a password reached the terminal: %q", got.stdout)
			}
		})
	}
	t.Run("a refusal is one sentence without its code", func(t *testing.T) {
		u := &accounts{err: errors.New("NOT_FOUND: there is no such user")}
		below := backend{desk: func(context.Context, configs.Config, server.Absent, *slog.Logger) (desk, error) { return u, nil }}
		got := call(t, below, "user", "disable", "bob")
		if want := (result{1, "", "coach: there is no such user\n"}); got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
	})
}

func TestHealth(t *testing.T) {
	const checks = `"version":"v1","uptimeSeconds":61,"checks":{"database":{"status":"ok","latencyMs":0.25},"ai":{"status":"degraded","message":"slow"}}}`
	for name, c := range map[string]struct {
		status int
		body   string
		args   []string
		want   result
	}{
		"ok": {200, `{"success":true,"data":{"status":"ok",` + checks + `}`, nil, result{0, "ok          v1        up 1m1s\n  ai        degraded  slow\n  database  ok        0.2 ms\n", ""}},
		"degraded": {
			200, `{"success":true,"data":{"status":"degraded","version":"v1","uptimeSeconds":1,"checks":{}}}`,
			[]string{"--live"},
			result{0, "degraded  v1  up 1s\n", "coach: warning: the server is degraded: it serves, with less than it should.\n"},
		},
		"down": {
			503, `{"success":false,"error":"Down.","code":"UNAVAILABLE","retryable":true,"requestId":"r","data":{"status":"down","version":"v1","uptimeSeconds":1,"checks":{}}}`,
			[]string{"--ready"},
			result{1, "down  v1  up 1s\n", "coach: the server says it is down\n"},
		},
		"refused": {
			404, `{"success":false,"error":"No such page.","code":"NOT_FOUND","retryable":false,"requestId":"r"}`, nil,
			result{1, "", "coach: URL answers 404: No such page.\n"},
		},
		"another program": {
			200, "<html>", nil,
			result{2, "", "coach: URL: no coach answers there: it answered 200 OK, but not as a coach does; is `coach serve` running, and is this its address? --url names another\n"},
		},
		"json": {
			200, `{"success":true,"data":{"status":"ok","version":"v1","commit":"c0ffee","date":"2026-01-02T03:04:05Z","uptimeSeconds":1,"checks":{}}}`,
			[]string{"--json"},
			result{0, "{\n  \"status\": \"ok\",\n  \"version\": \"v1\",\n  \"commit\": \"c0ffee\",\n  \"date\": \"2026-01-02T03:04:05Z\",\n  \"uptimeSeconds\": 1,\n  \"checks\": {}\n}\n", ""},
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := ""
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				path = r.URL.Path
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, c.body)
			}))
			defer s.Close()
			got := call(t, backend{}, append([]string{"health", "--url", s.URL}, c.args...)...)
			got.stderr = strings.ReplaceAll(got.stderr, s.URL, "URL")
			if diff := cmp.Diff(c.want, got, cmp.AllowUnexported(result{})); diff != "" {
				t.Errorf("result (-want +got):\n%s", diff)
			}
			if len(c.args) == 1 && c.args[0] != "--json" && path != "/api/health/"+c.args[0][2:] {
				t.Errorf("asked %s", path)
			}
		})
	}
}

func TestBuildStamps(t *testing.T) {
	got := notedIn(&debug.BuildInfo{Main: debug.Module{Version: "(devel)"}, Settings: []debug.BuildSetting{{Key: "vcs.revision", Value: "abc"}, {Key: "vcs.time", Value: "2026"}}})
	if want := (api.Build{Version: "dev", Commit: "abc", Date: "2026"}); got != want {
		t.Errorf("noted %+v, want %+v", got, want)
	}
	if got := (Stamps{Version: "v1", Commit: "c", Date: "d"}).build(); got != (api.Build{Version: "v1", Commit: "c", Date: "d"}) {
		t.Errorf("stamps became %+v", got)
	}
}

func TestShellWord(t *testing.T) {
	for text, want := range map[string]string{"a/b": "a/b", "": "''", "a b": "'a b'", "it's": `'it'\''s'`} {
		if got := shellWord(text); got != want {
			t.Errorf("shellWord(%q) = %s, want %s", text, got, want)
		}
	}
}

// TestReadmeTablesAreCurrent holds README.md to the code. To write its tables
// afresh: go run . docs tables --write README.md
func TestReadmeTablesAreCurrent(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	want, err := withTables(string(text), newRoot(&app{}))
	if err != nil {
		t.Fatalf("README.md %v", err)
	}
	if diff := cmp.Diff(want, string(text)); diff != "" {
		t.Errorf("README.md (-code +file):\n%s\nwrite it afresh: go run . docs tables --write README.md", diff)
	}
}

func TestDocsTables(t *testing.T) {
	path := filepath.Join(t.TempDir(), "r.md")
	const before = "a\n<!-- generated:commands -->outdated<!-- /generated -->\nb\n<!-- generated:configuration -->\n<!-- /generated -->\nc\n"
	if err := os.WriteFile(path, []byte(before), 0o644); err != nil {
		t.Fatal(err)
	}
	if got := call(t, backend{}, "docs", "tables", "--write", path); got.code != exitOK {
		t.Fatalf("got %+v", got)
	}
	after, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"a\n<!-- generated:commands -->\n| Command", "| `coach serve` |", "`JWT_SECRET_FILE`", "<!-- /generated -->\nc\n"} {
		if !strings.Contains(string(after), want) {
			t.Errorf("the file lacks %q:\n%s", want, after)
		}
	}
	if strings.Contains(string(after), "outdated") {
		t.Error("the old table is still there")
	}
	if got := call(t, backend{}, "docs", "tables", "--write", filepath.Join(t.TempDir(), "gone.md")); got.code != exitFailed {
		t.Errorf("a missing file: got %+v", got)
	}
}

func TestWhatOperatorsMistype(t *testing.T) {
	for args, want := range map[string]string{
		"token create prom":                     "admin read-only",
		"token create prom --admin --read-only": "admin read-only",
		"tier set free":                         "requires at least 2 arg",
		"tier set free speed=1":                 "names no limit",
		"tier set free sockets=many":            "sockets is a number from 0",
		"tier set free sockets=1.5":             "sockets is a number from 0",
		"tier set free sockets=1 sockets=2":     "sockets is given twice",
		"user delete bob":                       "say --yes",
		"audit --limit 0":                       "--limit is a whole number from 1 to 500",
	} {
		t.Run(args, func(t *testing.T) {
			u := &accounts{}
			below := backend{desk: func(context.Context, configs.Config, server.Absent, *slog.Logger) (desk, error) { return u, nil }}
			got := call(t, below, strings.Fields(args)...)
			if got.code != exitUsage || !strings.Contains(got.stderr, want) || len(u.asked) != 0 {
				t.Errorf("got %+v, asked %v; want …%s…", got, u.asked, want)
			}
		})
	}
}
