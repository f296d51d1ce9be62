package loadtest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"math"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/elite-trading-coach/coach/configs"
	"github.com/elite-trading-coach/coach/server"
	"github.com/elite-trading-coach/coach/server/api"
)

// startServer runs a server without limits until the test ends.
func startServer(t *testing.T) string {
	t.Helper()
	cfg, _, err := configs.Load(configs.LoadOptions{Environ: []string{
		"COACH_DATA_DIR=" + t.TempDir(), "PORT=0", "HOST=127.0.0.1", "RATE_LIMITS=off", "DRAIN_TIMEOUT=0s",
		"AUTH_ARGON2_MEMORY_KIB=64", "AUTH_ARGON2_ITERATIONS=1", "ADMIN_SOCKET=off",
	}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ready, done := make(chan string, 1), make(chan error, 1)
	go func() {
		done <- server.Run(ctx, server.Options{
			Config: cfg, Logger: slog.New(slog.DiscardHandler),
			Ready: func(i server.Info) { ready <- strings.Replace(i.URL, "localhost", "127.0.0.1", 1) },
		})
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil && ctx.Err() == nil {
			t.Error(err)
		}
	})
	select {
	case url := <-ready:
		return url
	case err := <-done:
		done <- err
		t.Fatal(err)
		return ""
	}
}

// tenThousand is a load of eleven thousand deliveries: fifty sockets of one
// conversation hear 220 messages.
func tenThousand(url string) Options {
	return Options{
		URL: url, Scenario: "fanout", Connections: 50, Room: 50, Rate: 110, Duration: 2 * time.Second, Ramp: 200 * time.Millisecond,
	}
}

func TestOneDeliveryInTenThousandThatIsDroppedIsFound(t *testing.T) {
	t.Cleanup(func() { goleak.VerifyNone(t) })
	d, url := startDropper(t, startServer(t), 10_000)
	r, err := Run(t.Context(), tenThousand(url))
	if err != nil {
		t.Fatal(err)
	}
	if d.dropped.Load() != 1 {
		t.Fatalf("%d of %d deliveries were dropped, and one was to be", d.dropped.Load(), d.deliveries.Load())
	}
	if r.Passed || r.Checked.Lost != 1 || !strings.Contains(r.Findings[0].Text, "was never given") {
		t.Errorf("passed: %t, lost: %d, findings: %v", r.Passed, r.Checked.Lost, r.Findings)
	}
}

func TestACleanRunPasses(t *testing.T) {
	t.Cleanup(func() { goleak.VerifyNone(t) })
	d, url := startDropper(t, startServer(t), math.MaxInt64)
	r, err := Run(t.Context(), tenThousand(url))
	if err != nil {
		t.Fatal(err)
	}
	if !r.Passed || len(r.Findings) > 0 || r.Messages.Acked != 220 || r.Messages.Delivered != 11_000 || d.deliveries.Load() != 11_000 {
		t.Errorf("%s\n%d went by", r.Text(), d.deliveries.Load())
	}
}

func TestEveryScenarioWithChaos(t *testing.T) {
	t.Cleanup(func() { goleak.VerifyNone(t) })
	url := startServer(t)
	names, _ := Scenarios()
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			r, err := Run(t.Context(), Options{
				URL: url, Scenario: name, Connections: 20, Rate: 40, Duration: 3 * time.Second, Ramp: 100 * time.Millisecond, Chaos: true,
			})
			if err != nil {
				t.Fatal(err)
			}
			if !r.Passed || r.Sockets.Cuts == 0 || r.Sockets.Pauses == 0 {
				t.Error(r.Text())
			}
			if talked := r.Messages.Acked > 0; talked != (name != "idle") {
				t.Errorf("%d messages were acknowledged", r.Messages.Acked)
			}
		})
	}
}

// TestWhoWasCutIsAwayAtOnce: a run that ends right after a cut waits for the
// socket, though its connection's end was not told yet.
func TestWhoWasCutIsAwayAtOnce(t *testing.T) {
	v := &vu{back: true, link: &link{}}
	if l := v.depart(); l == nil || v.isThere() {
		t.Error("who is about to be cut counts as there")
	}
	if v.depart() != nil {
		t.Error("a connection is cut twice")
	}
}

func TestUsersWhoSignedUpAreRemoved(t *testing.T) {
	t.Cleanup(func() { goleak.VerifyNone(t) })
	made, err := makeUsers(t.Context(), Options{URL: startServer(t)}, 3)
	if err != nil || len(made.list) != 3 {
		t.Fatalf("%d were made: %v", len(made.list), err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // an interrupt does not keep them
	if err := made.remove(ctx); err != nil {
		t.Fatal(err)
	}
	for _, u := range made.list {
		var no *api.RefusedError
		if err := u.client.Get(t.Context(), "/api/auth/me", nil); !errors.As(err, &no) || no.Status != 401 {
			t.Errorf("%s is still there: %v", u.name, err)
		}
	}
	made.transport.CloseIdleConnections()
}

func TestAnInterruptStillChecksAndReports(t *testing.T) {
	t.Cleanup(func() { goleak.VerifyNone(t) })
	url := startServer(t)
	ctx, cancel := context.WithCancel(t.Context())
	told := &trigger{word: "of load", then: cancel}
	r, err := Run(ctx, Options{
		URL: url, Scenario: "chat", Connections: 8, Rate: 50, Duration: time.Hour, Ramp: 0, Progress: Progress{Out: told},
	})
	if !errors.Is(err, ErrInterrupted) || r == nil {
		t.Fatalf("it gave %v and the report %v", err, r)
	}
	if !r.Interrupted || !r.Passed || len(r.Thresholds) == 0 || r.Checked.Conversations != 2 {
		t.Error(r.Text())
	}
	if !strings.Contains(told.String(), "removing the users") {
		t.Errorf("the users were not removed:\n%s", told.String())
	}
}

// trigger calls then when a word was written.
type trigger struct {
	bytes.Buffer
	word string
	then func()
}

func (w *trigger) Write(p []byte) (int, error) {
	if bytes.Contains(p, []byte(w.word)) {
		w.then()
	}
	return w.Buffer.Write(p)
}

func TestTheReportIsAPageAndAnObject(t *testing.T) {
	r := &Report{
		Scenario: "chat<b>", Connections: 2, StartedAt: time.Now(), Latencies: map[string]Latency{metricAck: {Count: 1, P50: 2, Max: 2}},
		Seconds: []Second{{At: 1, Sent: 5, Acked: 5}, {At: 2, Sent: 7, Acked: 6, AckP99: 3}}, Findings: []Finding{{faultLost, "c", "gone"}},
		Thresholds: []Outcome{{Threshold: "lost==0", Value: 1, Measured: true}}, Server: &Server{CPUMicrosPerMessage: 12},
		Generator: Generator{Bottleneck: true, Because: []string{"it was slow"}, Cores: 2},
	}
	var b bytes.Buffer
	if err := r.WriteHTML(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"chat&lt;b&gt;", "<polyline", "gone", "it was slow", "lost==0"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	for _, foreign := range []string{"http://", "https://", "<script", "src=", "@import"} {
		if strings.Contains(b.String(), foreign) {
			t.Errorf("the page is not self-contained: it has %q", foreign)
		}
	}
	data, err := json.Marshal(r)
	if err != nil || !strings.Contains(string(data), `"cpuMicrosPerMessage":12`) {
		t.Errorf("%s, %v", data, err)
	}
}

func TestWhatCannotBeIsRefusedBeforeAnythingIsMade(t *testing.T) {
	good := Options{URL: "http://127.0.0.1:1", Scenario: "chat", Connections: 1, Duration: time.Second}
	for name, c := range map[string]struct {
		change func(o *Options)
		flag   string
	}{
		"no sockets":           {func(o *Options) { o.Connections = 0 }, "connections"},
		"more than the system": {func(o *Options) { o.Connections = 100_000 }, "connections"},
		"no time":              {func(o *Options) { o.Duration = 0 }, "duration"},
		"another host":         {func(o *Options) { o.URL = "http://192.0.2.1:3001" }, "url"},
		"no URL":               {func(o *Options) { o.URL = "localhost:3001" }, "url"},
		"a path":               {func(o *Options) { o.URL = "http://localhost:3001/api" }, "url"},
		"a huge conversation":  {func(o *Options) { o.Room = 5000 }, "room"},
	} {
		t.Run(name, func(t *testing.T) {
			o := good
			c.change(&o)
			_, err := Run(t.Context(), o)
			var flag *FlagError
			if !errors.As(err, &flag) || flag.Flag != c.flag {
				t.Errorf("it says %v, want a mistake in --%s", err, c.flag)
			}
		})
	}
	t.Run("nobody answers", func(t *testing.T) {
		if _, err := Run(t.Context(), good); !errors.Is(err, api.ErrUnreachable) {
			t.Errorf("it says %v", err)
		}
	})
	t.Run("no such scenario", func(t *testing.T) {
		o := good
		o.Scenario = "chats"
		var unknown *UnknownError
		if _, err := Run(t.Context(), o); !errors.As(err, &unknown) {
			t.Errorf("it says %v", err)
		}
	})
}
