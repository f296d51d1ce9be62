package server_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/elite-trading-coach/coach/configs"
	"github.com/elite-trading-coach/coach/server"
	"github.com/elite-trading-coach/coach/server/needs"
	"github.com/elite-trading-coach/coach/storage/storagetest"
)

// scripts are those of testdata/node/e2e, with what their server is told
// beside the usual.
var scripts = map[string][]string{
	"connect.mjs":    nil,
	"chat.mjs":       nil,
	"restart.mjs":    nil,
	"recovery.mjs":   nil,
	"norecovery.mjs": {"WS_RECOVERY_WINDOW=0"},
}

// TestRealClients runs the unmodified socket.io-client, 4 and 3, against a
// server on each database. Each script has a server of its own.
func TestRealClients(t *testing.T) {
	folder := needs.Node(t, "socket.io-client-3")
	found, err := filepath.Glob(filepath.Join(folder, "e2e", "*.mjs"))
	if err != nil || len(found) != len(scripts)+1 { // and site.mjs
		t.Fatalf("testdata/node/e2e holds %v, %v", found, err)
	}
	for name, databaseURL := range map[string]func(testing.TB) string{"sqlite": storagetest.SQLiteURL, "postgres": storagetest.PostgresURL} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for script, env := range scripts {
				t.Run(script, func(t *testing.T) {
					p := newPlayhouse(t, config(t, databaseURL(t), env...))
					ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
					defer cancel()
					node := exec.CommandContext(ctx, "node", "--test", filepath.Join(folder, "e2e", script))
					node.Env = append(os.Environ(), "COACH_E2E_URL="+p.base, "COACH_E2E_STAGE="+p.directions.URL)
					if out, err := node.CombinedOutput(); err != nil {
						t.Errorf("%v\n%s", err, out)
					}
				})
			}
		})
	}
}

// playhouse is a server that a script can stop and start, and whose coach says
// what the script wants.
type playhouse struct {
	t          *testing.T
	c          configs.Config
	base       string
	coach      *stageCoach
	directions *httptest.Server

	mu   sync.Mutex
	stop func()
}

func newPlayhouse(t *testing.T, c configs.Config) *playhouse {
	t.Helper()
	p := &playhouse{t: t, c: c, coach: newStageCoach()}
	p.base, p.stop = runWith(t, server.Options{Config: c}.WithModel(p.coach))
	t.Cleanup(func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.stop()
	})
	// The next start must be where the clients come back to.
	u, err := url.Parse(p.base)
	if err != nil {
		t.Fatal(err)
	}
	if p.c.Server.Port, err = strconv.Atoi(u.Port()); err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /say", p.say)
	mux.HandleFunc("POST /end", p.say) // an empty piece
	mux.HandleFunc("POST /stop", p.halt)
	mux.HandleFunc("POST /start", p.begin)
	p.directions = httptest.NewServer(mux)
	t.Cleanup(p.directions.Close)
	return p
}

func (p *playhouse) say(w http.ResponseWriter, r *http.Request) {
	piece, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	select {
	case p.coach.pieces <- string(piece):
	case <-time.After(patience):
		http.Error(w, "nobody waits for a slow answer", http.StatusConflict)
	}
}

func (p *playhouse) halt(http.ResponseWriter, *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stop()
}

func (p *playhouse) begin(w http.ResponseWriter, _ *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	base, stop, err := launch(p.t, server.Options{Config: p.c}.WithModel(p.coach))
	if err == nil && base != p.base {
		err = fmt.Errorf("the server is at %s now", base)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	p.stop = stop
}
