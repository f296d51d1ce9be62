package admin

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/elite-trading-coach/coach/server/api"
	"github.com/elite-trading-coach/coach/storage"
)

// What strangers can make grow has a bound.

func TestTheTailKeepsTheLastLines(t *testing.T) {
	tail := NewLogTail()
	log := slog.New(tail.Tee(slog.NewTextHandler(&strings.Builder{}, &slog.HandlerOptions{Level: slog.LevelDebug})))
	for i := range linesKept + 50 {
		log.Info("line", "n", i)
	}
	log.Debug("no operator's business")
	log.With("node", "a b").WithGroup("g").Warn("last", "long", strings.Repeat("é", maxLine))
	lines, n := tail.since(0)
	if n != linesKept+51 || len(lines) != linesKept || lines[0].Fields != "n=51" {
		t.Errorf("%d lines of %d, from %+v", len(lines), n, lines[0])
	}
	last := lines[len(lines)-1]
	if last.Level != "WARN" || !strings.HasPrefix(last.Fields, `node="a b" g.long=é`) || len(last.Fields) > maxLine+len("…") || strings.ContainsRune(last.Fields, '\uFFFD') {
		t.Errorf("the last line is %+v", last)
	}
	if fresh, _ := tail.since(n - 1); len(fresh) != 1 {
		t.Errorf("%d lines since the last but one", len(fresh))
	}
	tail.Note("listening", "url", "http://localhost:3001")
	if fresh, _ := tail.since(n); len(fresh) != 1 || fresh[0].Message != "listening" || fresh[0].Fields != "url=http://localhost:3001" {
		t.Errorf("noted %+v", fresh)
	}
}

// A line is written out when it is read, and still says what was so when it
// was logged.
func TestTheTailTellsWhatWasSo(t *testing.T) {
	tail := NewLogTail()
	changing := map[string]int{"n": 1}
	log := slog.New(tail.Tee(slog.NewTextHandler(io.Discard, nil)))
	log.Info("any", "a", changing)
	log.Info("many", "a", 1, "b", true, "c", time.Second, "d", "x y", "e", 1.5, "f", uint64(7), slog.Group("g", "h", changing))
	changing["n"] = 2
	lines, _ := tail.since(0)
	for i, want := range []string{"a=map[n:1]", `a=1 b=true c=1s d="x y" e=1.5 f=7 g.h=map[n:1]`} {
		if lines[i].Fields != want {
			t.Errorf("%q, want %q", lines[i].Fields, want)
		}
	}
}

func TestRefusalsOfManyStrangersAreBounded(t *testing.T) {
	h, now := newHits(), storage.Now()
	for i := range hitsKept + 500 {
		h.add(Refusal{Key: fmt.Sprintf("address:%d", i), Tier: "anonymous", Limit: "requests"}, now)
	}
	if kept := len(h.all(now)); kept != hitsKept {
		t.Errorf("%d pairs are kept", kept)
	}
	if n := h.of("anonymous")["requests"]; n != hitsKept+500 {
		t.Errorf("the tier's count is %d: what was dropped must stay counted", n)
	}
	told, more := h.news(now)
	if len(told) != hitsTold || more != hitsKept-hitsTold {
		t.Errorf("%d told and %d more", len(told), more)
	}
	if told, more = h.news(now); len(told) != 0 || more != 0 {
		t.Errorf("told again: %d, %d", len(told), more)
	}
}

func TestAReaderWhoDoesNotReadCostsNobodyAnything(t *testing.T) {
	st := newStream()
	asleep, awake := st.join(), st.join()
	for range readerDepth + 7 {
		st.send(api.Event{Name: api.EventLoad})
		<-awake.events
	}
	if len(asleep.events) != readerDepth || asleep.lost != 7 || awake.lost != 0 {
		t.Errorf("%d wait, %d and %d are lost", len(asleep.events), asleep.lost, awake.lost)
	}
	for range 2 {
		<-asleep.events
	}
	st.send(api.Event{Name: api.EventLog})
	var last []api.Event
	for range readerDepth {
		last = append(last, <-asleep.events)
	}
	if told := last[readerDepth-2]; told.Name != api.EventLost || told.Lost.Events != 7 || last[readerDepth-1].Name != api.EventLog {
		t.Errorf("it ends with %+v, %+v", told, last[readerDepth-1])
	}
	st.close()
	if _, open := <-asleep.events; open || st.join() != nil || st.followed() {
		t.Error("the stream goes on after its end")
	}
}

func TestAReadOnlyOperatorIsRefusedEveryVerb(t *testing.T) {
	looks := Operator{Name: "token:looker", Scope: api.ScopeReadOnly}
	ctx := context.Background()
	var s Service // nothing of it may be reached
	s.Records = &Records{}
	one := func(_ any, err error) error { return err }
	for name, err := range map[string]error{
		"disconnect":        s.Disconnect(ctx, looks, "x"),
		"lift":              s.LiftLimit(ctx, looks, api.Lift{Key: "user:x"}),
		"stop":              s.StopAnswer(ctx, looks, "x"),
		"announce":          one(s.Announce(ctx, looks, api.Notice{Message: "x"})),
		"drain":             s.Drain(ctx, looks),
		"profile":           s.Profile(looks),
		"create an account": one(s.CreateAccount(ctx, looks, api.NewAccount{})),
		"change an account": one(s.ChangeAccount(ctx, looks, "x", api.AccountChange{})),
		"delete an account": s.DeleteAccount(ctx, looks, "x"),
		"sign out":          one(s.SignOut(ctx, looks, "x")),
		"create a token":    one(s.CreateToken(ctx, looks, api.NewToken{})),
		"revoke a token":    one(s.RevokeToken(ctx, looks, "x")),
		"make test users":   one(s.CreateTestUsers(ctx, looks, api.NewTestUsers{Count: 1})),
		"remove test users": one(s.RemoveTestUsers(ctx, looks, "all")),
		"edit a tier":       one(s.EditTier(ctx, looks, "free", api.LimitsChange{})),
	} {
		if err == nil || !strings.Contains(err.Error(), "FORBIDDEN") && !strings.Contains(strings.ToLower(err.Error()), "read-only") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
