package crashtest

import (
	"context"
	"encoding/json"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/elite-trading-coach/coach/server/coach/openaitest"
	"github.com/elite-trading-coach/coach/server/socketio"
)

const (
	answersAtOnce = 200
	// answerPieces come one after the other, answerGap apart.
	answerPieces, answerGap = 400, 20 * time.Millisecond
	// deltaPromise is how long text may be gathered into one delta. The server
	// takes a little less, so what it adds to that may be below nothing.
	deltaPromise = 40 * time.Millisecond
	// Between these all answers are in the middle: the last has begun, the first
	// has not ended.
	allBegun, noneEnded = 2 * time.Second, 8 * time.Second
)

// BenchmarkServerAnswers has a provider stream 200 answers at once, of 8
// seconds each, to as many sockets. What a delta has waited for is counted from
// when its oldest piece left the provider, or from when its socket could be
// told again, if that is later: the rest is what the server adds. Provider and
// clients run in this process and take their share of the machine.
func BenchmarkServerAnswers(b *testing.B) {
	provider := stampingProvider(b)
	h := newHouse(b, "AI_WORKERS="+strconv.Itoa(answersAtOnce), "OPENAI_BASE_URL="+provider+"/v1", "OPENAI_MODEL=stub", "AI_POLICIES=stub price=1/1", "AI_LEASE=30s")
	var askers []*asker
	for i := range answersAtOnce {
		askers = append(askers, h.asker(b, i))
	}
	all := runs{}
	for range b.N {
		all.answers(b, h.server, askers, func(a *asker) error {
			ctx, cancel := context.WithTimeout(b.Context(), patience)
			defer cancel()
			return told(ctx, a.socket, "send_message", map[string]string{"conversationId": a.conversation, "content": "long 2 MES at 6000, stop 5994, target 6012, account 25k"})
		})
	}
	all.report(b)
}

// stampingProvider streams answers whose pieces say when they left.
func stampingProvider(b *testing.B) (url string) {
	b.Helper()
	provider := httptest.NewServer(openaitest.New(func(openaitest.Request) openaitest.Reply {
		return openaitest.Reply{Pieces: make([]string, answerPieces), Stamp: true, First: 300 * time.Millisecond, Gap: answerGap}
	}))
	b.Cleanup(provider.Close)
	return provider.URL
}

// answers is one run: each asks once, at a moment of its own within the first
// second.
func (r runs) answers(b *testing.B, s *process, askers []*asker, ask func(*asker) error) {
	b.Helper()
	before, _ := s.memoryNow(b)
	began, spent := time.Now(), s.cpu(b)
	inParallel(b, answersAtOnce, answersAtOnce, func(i int) error {
		askers[i].begin(began)
		time.Sleep(time.Until(began.Add(time.Second * time.Duration(i) / answersAtOnce)))
		return ask(askers[i])
	})
	memory := func(at time.Duration) float64 {
		time.Sleep(time.Until(began.Add(at)))
		now, _ := s.memoryNow(b)
		return now
	}
	begun, end := memory(allBegun), memory(noneEnded)
	var first, added []time.Duration
	for _, a := range askers {
		a.await(b)
		first, added = append(first, a.first), append(added, a.added...)
	}
	if len(added) == 0 {
		b.Fatal("nothing was shown while all answers were in the middle")
	}
	slices.Sort(first)
	slices.Sort(added)
	r.add("ms-first-p50", millis(percentile(first, 50)))
	r.add("ms-first-p99", millis(percentile(first, 99)))
	r.add("ms-added-p50", millis(percentile(added, 50)))
	r.add("ms-added-p99", millis(percentile(added, 99)))
	r.add("µs-CPU/piece", float64((s.cpu(b)-spent).Microseconds())/answersAtOnce/answerPieces)
	r.add("MiB-before", before)
	r.add("MiB-all-begun", begun)
	r.add("MiB-at-the-end", end)
}

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func percentile(sorted []time.Duration, pct int) time.Duration {
	return sorted[min(len(sorted)-1, len(sorted)*pct/100)]
}

// asker is a socket in a conversation of its own that the coach answers in.
type asker struct {
	socket       *socketio.Client
	conversation string

	mu    sync.Mutex
	began time.Time // the run
	told  time.Time // when the last delta came
	first time.Duration
	added []time.Duration
	ended chan struct{}
}

func (h *house) asker(b *testing.B, i int) *asker {
	b.Helper()
	a := &asker{conversation: h.people[i%len(h.people)].conversation("always")}
	ctx, cancel := context.WithTimeout(b.Context(), patience)
	defer cancel()
	c, err := socketio.Dial(ctx, h.server.base, h.ticket(i), a)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { c.Close(); <-c.Done() })
	a.socket = c
	if err := told(ctx, c, "join_conversation", map[string]any{"conversationId": a.conversation}); err != nil {
		b.Fatal(err)
	}
	return a
}

// begin forgets the last run.
func (a *asker) begin(began time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.began, a.told, a.first, a.added, a.ended = began, time.Time{}, 0, nil, make(chan struct{})
}

func (a *asker) await(b *testing.B) {
	b.Helper()
	select {
	case <-a.ended:
	case <-time.After(patience):
		b.Fatal("an answer does not end")
	}
}

// Event implements [socketio.ClientHandler].
func (a *asker) Event(name string, args []json.RawMessage) {
	now := time.Now()
	a.mu.Lock()
	defer a.mu.Unlock()
	switch name {
	case "ai_response":
		close(a.ended)
	case "ai_delta":
		var d struct {
			Offset int
			Text   string
		}
		if json.Unmarshal(args[0], &d) != nil {
			return
		}
		stamp, _, _ := strings.Cut(d.Text, " ")
		ns, err := strconv.ParseInt(stamp, 10, 64)
		if err != nil {
			return
		}
		a.note(d.Offset, time.Unix(0, ns), now)
	}
}

// Closed implements [socketio.ClientHandler].
func (a *asker) Closed(error) {}

// note takes a delta whose oldest piece left the provider at left.
func (a *asker) note(offset int, left, now time.Time) {
	if offset == 0 {
		a.first = now.Sub(left)
	} else if at := now.Sub(a.began); at > allBegun && at < noneEnded {
		if due := a.told.Add(deltaPromise); due.After(left) {
			left = due
		}
		a.added = append(a.added, now.Sub(left))
	}
	a.told = now
}
