package server_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"go.uber.org/goleak"

	"github.com/elite-trading-coach/coach/configs"
	"github.com/elite-trading-coach/coach/server"
	"github.com/elite-trading-coach/coach/storage/storagetest"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"), goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"),
		goleak.IgnoreAnyFunction("github.com/letsencrypt/pebble/v2/va.VAImpl.processTasks")) // an authority for tests cannot be stopped
}

// onBoth runs a test against a server on each database.
func onBoth(t *testing.T, fn func(t *testing.T, base string)) {
	t.Helper()
	for name, url := range map[string]func(testing.TB) string{"sqlite": storagetest.SQLiteURL, "postgres": storagetest.PostgresURL} {
		t.Run(name, func(t *testing.T) { fn(t, start(t, config(t, url(t)))) })
	}
}

func config(t testing.TB, url string, env ...string) configs.Config {
	t.Helper()
	environ := append([]string{
		"COACH_DATA_DIR=" + t.TempDir(), "DATABASE_URL=" + url, "PORT=0", "HOST=127.0.0.1",
		"AUTH_ARGON2_MEMORY_KIB=8192", "AUTH_ARGON2_ITERATIONS=1", "RATE_LIMITS=off", "DRAIN_TIMEOUT=2s",
	}, env...)
	c, _, err := configs.Load(configs.LoadOptions{Environ: environ, Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// start runs a server until the test ends and gives its URL.
func start(t testing.TB, c configs.Config) string {
	t.Helper()
	base, stop := run(t, c)
	t.Cleanup(stop)
	return base
}

func run(t testing.TB, c configs.Config) (base string, stop func()) {
	t.Helper()
	return runWith(t, server.Options{Config: c})
}

func runWith(t testing.TB, o server.Options) (base string, stop func()) {
	t.Helper()
	base, stop, err := launch(t, o)
	if err != nil {
		t.Fatalf("the server did not start: %v", err)
	}
	return base, stop
}

// launch is runWith for goroutines that must not end the test.
func launch(t testing.TB, o server.Options) (base string, stop func(), err error) {
	t.Helper()
	o.Migrate = true
	o.Logger = slog.New(slog.NewTextHandler(testLog(t), &slog.HandlerOptions{Level: slog.LevelWarn}))
	ctx, cancel := context.WithCancel(context.Background())
	up, done := make(chan string, 1), make(chan error, 1)
	o.Ready = func(i server.Info) { up <- i.URL }
	go func() { done <- server.Run(ctx, o) }()
	select {
	case base = <-up:
	case err := <-done:
		cancel()
		return "", nil, err
	}
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("the server ended with %v", err)
			}
		case <-time.After(patience):
			t.Error("the server did not stop")
		}
		http.DefaultClient.CloseIdleConnections()
	}
	return base, stop, nil
}

func testLog(t testing.TB) *os.File {
	if testing.Verbose() {
		return os.Stderr
	}
	f, err := os.CreateTemp(t.TempDir(), "log")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

const missionSentence = "long 2 MES at 6000, stop 5994, target 6012, account 25k, risk 1%"

// apply puts an ai_delta into a text as the contract asks of clients.
func apply(text string, delta json.RawMessage) string {
	var d struct {
		Offset int
		Text   string
	}
	_ = json.Unmarshal(delta, &d)
	units := utf16.Encode([]rune(text))
	return string(utf16.Decode(units[:min(d.Offset, len(units))])) + d.Text
}

func TestAnIdeaIsAnsweredInRealTime(t *testing.T) {
	onBoth(t, func(t *testing.T, base string) {
		c, _ := register(t, base, "trader")
		id := c.conversation()
		s := mustDial(t, base, c.token)
		s.await("connected")
		sent := s.must("send_message", map[string]string{"conversationId": id, "content": missionSentence})
		events := s.await("ai_response")
		text, order := "", []string{}
		for _, e := range events {
			if e.Name == "ai_delta" {
				text = apply(text, e.Data)
				continue
			}
			if e.Name == "message_sent" {
				continue // to the sender alone; it may come anywhere
			}
			order = append(order, e.Name)
		}
		if !strings.Contains(strings.Join(order, " "), "new_message ai_thinking") {
			t.Fatalf("order of events %v", order)
		}
		var last struct{ Message message }
		if err := json.Unmarshal(events[len(events)-1].Data, &last); err != nil {
			t.Fatal(err)
		}
		m := last.Message
		if m.Status != "completed" || m.Verdict == nil || *m.Verdict != "diamond" || *m.ParentMessageID != sent.Message.ID || m.Seq != 2 {
			t.Fatalf("answer %+v", m)
		}
		if text != m.Content {
			t.Fatalf("the deltas give %q, the row %q", text, m.Content)
		}
		if !strings.Contains(m.Content, "8 contracts") || !strings.Contains(m.Content, "2 R") {
			t.Fatalf("the answer does not say 2 R and 8 contracts: %q", m.Content)
		}
	})
}

func TestTwoDevicesSeeTheSameInOrder(t *testing.T) {
	onBoth(t, func(t *testing.T, base string) {
		c, _ := register(t, base, "trader")
		id := c.conversation()
		a, b := mustDial(t, base, c.token), mustDial(t, base, c.token)
		b.must("join_conversation", id)
		for range 20 {
			a.must("send_message", map[string]string{"conversationId": id, "content": "how are you?"})
		}
		for _, s := range []*socket{a, b} {
			rev := int64(0)
			for answers := 0; answers < 20; {
				e, ok := s.nextEvent()
				if !ok {
					t.Fatalf("no event after rev %d", rev)
				}
				var v struct{ Message message }
				_ = json.Unmarshal(e.Data, &v)
				switch e.Name {
				case "new_message", "ai_thinking", "ai_response":
					if v.Message.Rev != rev+1 {
						t.Fatalf("%s has rev %d after %d", e.Name, v.Message.Rev, rev)
					}
					rev = v.Message.Rev
				}
				if e.Name == "ai_response" {
					answers++
				}
			}
		}
	})
}

func TestEverythingIsAcknowledged(t *testing.T) {
	base := start(t, config(t, storagetest.SQLiteURL(t)))
	c, _ := register(t, base, "trader")
	s := mustDial(t, base, c.token)
	for name, c := range map[string]struct {
		event   string
		payload any
		code    string
	}{
		"UnknownEvent":     {"no_such_event", map[string]string{}, "VALIDATION_ERROR"},
		"NoPayload":        {"send_message", nil, "VALIDATION_ERROR"},
		"WrongShape":       {"send_message", []int{1}, "VALIDATION_ERROR"},
		"WrongType":        {"send_message", map[string]any{"conversationId": 7}, "VALIDATION_ERROR"},
		"NoConversation":   {"send_message", map[string]any{"conversationId": "x", "content": "hi"}, "NOT_FOUND"},
		"Edit":             {"edit_message", map[string]any{"messageId": "../etc"}, "VALIDATION_ERROR"},
		"Delete":           {"delete_message", 7, "VALIDATION_ERROR"},
		"TypingTrue":       {"typing_start", true, "VALIDATION_ERROR"},
		"OnlineUsersTrue":  {"get_online_users", true, ""},
		"JoinNothing":      {"join_conversation", map[string]any{}, "VALIDATION_ERROR"},
		"JoinNegative":     {"join_conversation", map[string]any{"conversationId": c.conversation(), "afterRev": -1}, "VALIDATION_ERROR"},
		"SyncTooMany":      {"sync", map[string]any{"conversations": make([]struct{}, 51)}, "VALIDATION_ERROR"},
		"Status":           {"update_status", map[string]any{"status": "asleep"}, "VALIDATION_ERROR"},
		"ReadWithoutSeq":   {"mark_read", map[string]any{"conversationId": "x"}, "VALIDATION_ERROR"},
		"AnotherUserToken": {"refresh_auth", map[string]any{"token": "x"}, "TOKEN_INVALID"},
	} {
		t.Run(name, func(t *testing.T) {
			a, err := s.ask(c.event, c.payload)
			if err != nil {
				t.Fatal(err)
			}
			if a.Code != c.code || a.Success != (c.code == "") || (c.code != "" && a.Error == "") {
				t.Fatalf("ack %s, want code %q", a.raw, c.code)
			}
		})
	}
	t.Run("PingEchoesANumber", func(t *testing.T) {
		ch, err := s.Emit("ping", 42)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(<-ch); got != "42" {
			t.Fatalf("pong %s", got)
		}
	})
}

func TestRevocationReachesOpenSocketsWithinASecond(t *testing.T) {
	onBoth(t, func(t *testing.T, base string) {
		c, _ := register(t, base, "trader")
		s := mustDial(t, base, c.token)
		s.await("connected")
		began := time.Now()
		if r := c.must(http.MethodPost, "/api/auth/logout", nil); !r.Success {
			t.Fatalf("logout: %+v", r)
		}
		s.await("session_expired")
		select {
		case <-s.Closed:
		case <-time.After(patience):
			t.Fatal("the socket is still open")
		}
		if took := time.Since(began); took > time.Second {
			t.Errorf("it took %s", took)
		}
		if _, err := dial(t, base, c.token); err == nil || !strings.Contains(err.Error(), "SESSION_REVOKED") {
			t.Fatalf("a revoked session was let in: %v", err)
		}
	})
}

func TestAStrangerIsRefusedWithACode(t *testing.T) {
	base := start(t, config(t, storagetest.SQLiteURL(t)))
	for token, code := range map[string]string{"": "TOKEN_MISSING", "x.y.z": "TOKEN_INVALID"} {
		if _, err := dial(t, base, token); err == nil || !strings.Contains(err.Error(), code) {
			t.Errorf("token %q: %v, want %s", token, err, code)
		}
	}
	owner, _ := register(t, base, "owner")
	id := owner.conversation()
	stranger, _ := register(t, base, "stranger")
	s := mustDial(t, base, stranger.token)
	for _, name := range []string{"join_conversation", "typing_start", "mark_read", "send_message"} {
		a, err := s.ask(name, map[string]any{"conversationId": id, "content": "let me in", "seq": 1})
		if err != nil || a.Code != "NOT_FOUND" {
			t.Errorf("%s: %s, %v", name, a.raw, err)
		}
	}
}

func TestASecondServerOnTheSameFileIsRefused(t *testing.T) {
	c := config(t, storagetest.SQLiteURL(t))
	start(t, c)
	err := server.Run(t.Context(), server.Options{Config: c})
	if err == nil || !strings.Contains(err.Error(), "another coach server") {
		t.Fatalf("error %v", err)
	}
}

func TestAfterARestartTheSocketMissesNothing(t *testing.T) {
	c := config(t, storagetest.SQLiteURL(t))
	base, stop := run(t, c)
	user, _ := register(t, base, "trader")
	id := user.conversation()
	s := mustDial(t, base, user.token)
	first := s.must("send_message", map[string]string{"conversationId": id, "content": "one"})
	s.await("ai_response")
	stop()
	base, stop = run(t, c)
	defer stop()
	user.base = base
	user.must(http.MethodPost, "/api/messages", map[string]string{"conversationId": id, "content": "two"})
	again := mustDial(t, base, user.token)
	a := again.must("sync", map[string]any{"conversations": []any{map[string]any{"id": id, "afterRev": first.Message.Rev}}})
	var v struct {
		Conversations []struct {
			Messages []message
			Complete bool
		}
	}
	if err := json.Unmarshal(a.raw, &v); err != nil || len(v.Conversations) != 1 || !v.Conversations[0].Complete {
		t.Fatalf("sync %s, %v", a.raw, err)
	}
	if got := v.Conversations[0].Messages; len(got) < 3 {
		t.Fatalf("sync gave %d rows", len(got))
	}
}
