package engineio_test

import (
	"context"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/elite-trading-coach/coach/server/engineio"
	"github.com/elite-trading-coach/coach/server/engineio/enginetest"
	"github.com/elite-trading-coach/coach/server/needs"
)

// TestNodeClients runs the real client, and races that only two processes show.
func TestNodeClients(t *testing.T) {
	folder := filepath.Join(needs.Node(t, "engine.io-client"), "engineio")
	h := hooks{message: func(s *engineio.Session, m engineio.Message) {
		if string(m.Data) == "close me" {
			s.Close("asked to")
			return
		}
		_ = s.Send(enginetest.Frame(m))
	}}
	server := engineio.NewServer(enginetest.SuiteOptions(), h)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- server.Run(ctx) }()
	web := httptest.NewServer(server)
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		web.Close()
	})
	for _, script := range []string{"client.mjs", "races.mjs"} {
		t.Run(script, func(t *testing.T) {
			if _, err := os.Stat(filepath.Join(folder, script)); err != nil { // go test's cache learns of the file
				t.Fatal(err)
			}
			command := exec.CommandContext(t.Context(), "node", script)
			command.Dir = folder
			command.Env = append(os.Environ(), "ENGINE_URL="+web.URL)
			if out, err := command.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}
