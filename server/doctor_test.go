package server_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/elite-trading-coach/coach/server"
	"github.com/elite-trading-coach/coach/server/coach/openaitest"
	"github.com/elite-trading-coach/coach/storage/storagetest"
)

// examine gives the findings by their check.
func examine(t *testing.T, p server.Patient) map[string]server.Finding {
	t.Helper()
	found := map[string]server.Finding{}
	server.Examine(t.Context(), p, func(f server.Finding) {
		t.Logf("%s %s: %s %s", f.Status, f.Check, f.Message, f.Remedy)
		found[f.Check] = f
	})
	return found
}

// slowModel answers in pieces over more than a second.
func slowModel(t *testing.T) string {
	provider := httptest.NewServer(openaitest.New(func(openaitest.Request) openaitest.Reply {
		r := openaitest.Says("Risk ", "per ", "trade ", "is ", "what ", "a ", "stop ", "costs.")
		r.Gap = 200 * time.Millisecond
		return r
	}))
	t.Cleanup(provider.Close)
	return provider.URL + "/v1"
}

// proxy stands before servers, the next one for each request, and has faults.
func proxy(t *testing.T, change func(*httputil.ReverseProxy) http.Handler, bases ...string) string {
	t.Helper()
	var turn atomic.Uint64
	through := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			target, err := url.Parse(bases[int(turn.Add(1))%len(bases)])
			if err != nil {
				t.Error(err)
			}
			r.SetURL(target)
			r.Out.Host = r.In.Host
		},
		FlushInterval: -1,
		ErrorHandler:  func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
	}
	front := httptest.NewServer(change(through))
	t.Cleanup(front.Close)
	return front.URL
}

func honest(p *httputil.ReverseProxy) http.Handler { return p }

// TestDoctorNamesTheFaultAndTheRemedy puts proxies with a fault each before a server.
func TestDoctorNamesTheFaultAndTheRemedy(t *testing.T) {
	const origin = "https://app.example.com"
	db := storagetest.SQLiteURL(t)
	base := start(t, config(t, db, "FRONTEND_URL="+origin, "OPENAI_BASE_URL="+slowModel(t), "AI_MODELS=some-model"))
	for name, c := range map[string]struct {
		url    string
		origin string
		ask    bool
		check  string
		status string
		say    string // in the message and the remedy
	}{
		"an honest proxy": {proxy(t, honest, base), origin, true, "streaming", "ok", "began after"},
		"a proxy that drops the upgrade": {proxy(t, func(p *httputil.ReverseProxy) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				r.Header.Del("Upgrade")
				r.Header.Del("Connection")
				p.ServeHTTP(w, r)
			})
		}, base), "", false, "upgrade", "fail", "pass Upgrade and Connection on"},
		"a proxy that keeps replies back": {proxy(t, func(p *httputil.ReverseProxy) http.Handler {
			p.ModifyResponse = func(r *http.Response) error {
				if r.StatusCode == http.StatusSwitchingProtocols {
					return nil
				}
				whole, err := io.ReadAll(r.Body)
				r.Body = io.NopCloser(bytes.NewReader(whole))
				return err
			}
			return p
		}, base), "", true, "streaming", "warn", "proxy_buffering off"},
		"a proxy with CORS of its own": {proxy(t, func(p *httputil.ReverseProxy) http.Handler {
			p.ModifyResponse = func(r *http.Response) error {
				r.Header.Add("Access-Control-Allow-Origin", "*")
				return nil
			}
			return p
		}, base), origin, false, "cors", "fail", "is there 2 times"},
		"an origin that nobody named": {base, "https://other.example.com", false, "cors", "fail", "FRONTEND_URL"},
		"a proxy that knows only /api": {proxy(t, func(p *httputil.ReverseProxy) http.Handler {
			mux := http.NewServeMux()
			mux.Handle("/api/", p)
			return mux
		}, base), "", false, "polling", "fail", "/socket.io/"},
		"nobody":                     {"http://127.0.0.1:1", "", false, "health", "fail", "coach serve"},
		"an address that is none":    {"coach.example.com", "", false, "health", "fail", "https://coach.example.com"},
		"something that is no coach": {httptestServer(t, http.NotFoundHandler()), "", false, "health", "fail", "passes /api"},
	} {
		t.Run(name, func(t *testing.T) {
			found := examine(t, server.Patient{URL: c.url, Origin: c.origin, Ask: c.ask})
			f := found[c.check]
			if string(f.Status) != c.status || !strings.Contains(f.Message+" "+f.Remedy, c.say) {
				t.Errorf("%s is %+v, want %s and a word of %q", c.check, f, c.status, c.say)
			}
			for check, other := range found {
				if c.status == "ok" && other.Status != server.FindingOK {
					t.Errorf("%s: %+v", check, other)
				}
				if (other.Status == server.FindingOK) != (other.Remedy == "") {
					t.Errorf("%s has the remedy %q", check, other.Remedy)
				}
			}
		})
	}
	var left int
	if err := storagetest.Open(t, db).DB().QueryRowContext(t.Context(), "SELECT count(*) FROM users WHERE username LIKE 'doctor%'").Scan(&left); err != nil || left != 0 {
		t.Errorf("%d accounts of the doctor are left, %v", left, err)
	}
}

func httptestServer(t *testing.T, h http.Handler) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

// TestDoctorFindsABalancerThatIsNotSticky has two nodes take turns.
func TestDoctorFindsABalancerThatIsNotSticky(t *testing.T) {
	db := storagetest.PostgresURL(t)
	secret := "JWT_SECRET=one-secret-for-all-the-nodes-0123456789"
	one, two := start(t, config(t, db, secret)), start(t, config(t, db, secret))
	found := examine(t, server.Patient{URL: proxy(t, honest, one, two)})
	if f := found["polling acknowledgement"]; f.Status != server.FindingFail || !strings.Contains(f.Remedy, "hash $remote_addr") {
		t.Errorf("%+v", f)
	}
	if f := found["send"]; f.Status != server.FindingOK {
		t.Errorf("WebSocket alone works: %+v", f)
	}
}

// TestDoctorLooksAtTheCertificate that nobody here vouches for.
func TestDoctorLooksAtTheCertificate(t *testing.T) {
	front := httptest.NewUnstartedServer(http.NotFoundHandler())
	front.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	front.StartTLS()
	defer front.Close()
	if f := examine(t, server.Patient{URL: front.URL})["health"]; f.Status != server.FindingFail || !strings.Contains(f.Remedy, "fullchain") {
		t.Errorf("%+v", f)
	}
	if f := examine(t, server.Patient{URL: strings.Replace(httptestServer(t, http.NotFoundHandler()), "http", "https", 1)})["health"]; !strings.Contains(f.Message, "TLS") {
		t.Errorf("https to one who speaks only http: %+v", f)
	}
}

// TestDoctorLooksAtTheMachine that a server would stand on.
func TestDoctorLooksAtTheMachine(t *testing.T) {
	for name, c := range map[string]struct {
		env   []string
		check string
		want  server.Finding
	}{
		"a fresh one":   {nil, "database", server.Finding{Status: "ok", Message: "makes it"}},
		"a full disk":   {[]string{"DISK_RESERVE_MIB=16777216"}, "disk", server.Finding{Status: "fail", Message: "nothing is written"}},
		"no model":      {nil, "model", server.Finding{Status: "ok", Message: "built-in"}},
		"a lost model":  {[]string{"OPENAI_BASE_URL=http://127.0.0.1:1/v1", "OPENAI_API_KEY=sk-canary-7", "AI_MODELS=some-model"}, "model", server.Finding{Status: "fail", Message: "some-model is out of reach"}},
		"a lost server": {[]string{"DATABASE_URL=postgres://nobody:hunter-canary@127.0.0.1:1/none?sslmode=disable"}, "database", server.Finding{Status: "fail", Message: "does not answer"}},
	} {
		t.Run(name, func(t *testing.T) {
			found := map[string]server.Finding{}
			env := append([]string{"DATABASE_URL=sqlite://" + t.TempDir() + "/coach.db"}, c.env...)
			server.ExamineMachine(t.Context(), config(t, "", env...), func(f server.Finding) { found[f.Check] = f })
			f := found[c.check]
			if f.Status != c.want.Status || !strings.Contains(f.Message, c.want.Message) {
				t.Errorf("%+v, want %+v", f, c.want)
			}
			if text := fmt.Sprint(found); strings.Contains(text, "canary") {
				t.Errorf("a secret is in %s", text)
			}
		})
	}
}

// TestDoctorKnowsTheModelsOfAProvider by their list.
func TestDoctorKnowsTheModelsOfAProvider(t *testing.T) {
	provider := httptestServer(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer right" {
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = io.WriteString(w, `{"error":{"message":"Incorrect API key provided: `+r.Header.Get("Authorization")+`"}}`)
			return
		}
		_, _ = io.WriteString(w, `{"object":"list","data":[{"id":"here","object":"model"}]}`)
	}))
	for name, c := range map[string]struct{ model, key, status, say string }{
		"there":       {"here", "right", "ok", "is there"},
		"not there":   {"gone", "right", "fail", "does not have this model"},
		"a wrong key": {"here", "wrong-canary", "fail", "refuses the key"},
	} {
		t.Run(name, func(t *testing.T) {
			var model server.Finding
			cfg := config(t, storagetest.SQLiteURL(t), "OPENAI_BASE_URL="+provider, "OPENAI_API_KEY="+c.key, "AI_MODELS="+c.model)
			server.ExamineMachine(t.Context(), cfg, func(f server.Finding) {
				if f.Check == "model" {
					model = f
				}
			})
			if string(model.Status) != c.status || !strings.Contains(model.Message, c.say) || strings.Contains(model.Message, "canary") {
				t.Errorf("%+v", model)
			}
		})
	}
}

// TestDoctorSaysWhereMigrationsAreMissing on both databases.
func TestDoctorSaysWhereMigrationsAreMissing(t *testing.T) {
	for name, c := range map[string]struct {
		url    func(testing.TB) string
		status string
		remedy string
	}{
		"sqlite":   {storagetest.SQLiteURL, "warn", "next start"},
		"postgres": {storagetest.PostgresURL, "fail", "coach migrate up"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := config(t, c.url(t))
			m, err := server.Migrate(t.Context(), cfg)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = m.Close() }()
			if err := m.Up(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := m.Down(t.Context()); err != nil {
				t.Fatal(err)
			}
			server.ExamineMachine(context.Background(), cfg, func(f server.Finding) {
				if f.Check == "database" && (string(f.Status) != c.status || !strings.Contains(f.Remedy, c.remedy)) {
					t.Errorf("%+v", f)
				}
			})
		})
	}
}
