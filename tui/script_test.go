package tui

import (
	"context"
	"fmt"
	"iter"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/elite-trading-coach/coach/server/api"
)

// noon is when tests happen.
func noon() time.Time { return time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC) }

func before(d time.Duration) api.Time { return api.Time(noon().Add(-d)) }

// scripted is a Source whose server is in the test: it answers from slices,
// with the selection of the real one, and notes what it is told to do.
type scripted struct {
	shot        api.Snapshot
	connections []api.Connection
	rooms       []api.Room
	accounts    []api.Account
	answers     []api.Answer
	hits        []api.LimitHit
	entries     []api.AuditEntry
	events      chan happening // what the stream says; closed: it breaks

	mu    sync.Mutex // guards what follows
	err   error      // every question's answer, if set
	lists []api.List // what was asked for
	done  []string
}

func (s *scripted) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
}

func (s *scripted) failing() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

func (s *scripted) note(format string, args ...any) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.done = append(s.done, fmt.Sprintf(format, args...))
	return s.err
}

func (s *scripted) deeds() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.done)
}

func (s *scripted) asked(l api.List) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lists = append(s.lists, l)
}

func (s *scripted) SnapshotWithHistory(context.Context) (api.Snapshot, error) {
	return s.shot, s.failing()
}

func (s *scripted) Snapshot(context.Context) (api.Snapshot, error) {
	shot := s.shot
	shot.History = nil
	return shot, s.failing()
}

func (s *scripted) Events(ctx context.Context) iter.Seq2[api.Event, error] {
	return func(yield func(api.Event, error) bool) {
		if err := s.failing(); err != nil {
			yield(api.Event{}, err)
			return
		}
		for {
			select {
			case h, open := <-s.events:
				if !open {
					yield(api.Event{}, fmt.Errorf("%w: it ended the stream", api.ErrUnreachable))
					return
				}
				if !yield(h.event, h.err) || h.err != nil {
					return
				}
			case <-ctx.Done():
				return
			}
		}
	}
}

func answer[T any](s *scripted, table api.Table[T], rows []T, l api.List) (api.Page[T], error) {
	s.asked(l)
	if err := s.failing(); err != nil {
		return api.Page[T]{}, err
	}
	return table.Select(slices.Values(rows), l)
}

func (s *scripted) Connections(_ context.Context, l api.List) (api.Page[api.Connection], error) {
	return answer(s, api.Connections(), s.connections, l)
}

func (s *scripted) Rooms(_ context.Context, l api.List) (api.Page[api.Room], error) {
	return answer(s, api.Rooms(), s.rooms, l)
}

func (s *scripted) Accounts(_ context.Context, l api.List) (api.Page[api.Account], error) {
	return answer(s, api.Users(), s.accounts, l)
}

func (s *scripted) Answers(_ context.Context, l api.List) (api.Page[api.Answer], error) {
	return answer(s, api.Answers(), s.answers, l)
}

func (s *scripted) LimitHits(_ context.Context, l api.List) (api.Page[api.LimitHit], error) {
	return answer(s, api.LimitHits(), s.hits, l)
}

func (s *scripted) Audit(_ context.Context, l api.List) (api.Page[api.AuditEntry], error) {
	return answer(s, api.Audit(), s.entries, l)
}

func gone(what string) error {
	return &api.RefusedError{Status: 404, Failure: api.Failure{Error: "There is no such " + what + " (any more).", Code: "NOT_FOUND"}}
}

func (s *scripted) Connection(_ context.Context, id string) (api.ConnectionDetail, error) {
	at := slices.IndexFunc(s.connections, func(c api.Connection) bool { return c.ID == id })
	if at < 0 {
		return api.ConnectionDetail{}, gone("connection")
	}
	return api.ConnectionDetail{
		Connection: s.connections[at], ConversationIDs: []string{roomID(1), roomID(2)},
		Recent: []api.RecentEvent{
			{At: before(2 * time.Second), Name: "send_message", TookMs: 3.4},
			{At: before(9 * time.Second), Name: "edit_message", Code: "FORBIDDEN", TookMs: 0.8},
			{At: before(12 * time.Second), Name: "join_conversation", TookMs: 5.1},
		},
		Limits: limitStates(),
	}, s.failing()
}

func limitStates() []api.LimitState {
	soon := api.Time(noon().Add(40 * time.Second))
	return []api.LimitState{
		{Name: "messages", Limit: 10, Remaining: 1, WindowSeconds: 60, ResetsAt: &soon},
		{Name: "requests", Limit: 100, Remaining: 82, WindowSeconds: 900, ResetsAt: &soon},
		{Name: "budgetMicros", Limit: 2_000_000, Remaining: 1_250_000, ResetsAt: &soon},
		{Name: "sockets", Limit: 5, Remaining: 0},
	}
}

func (s *scripted) Room(_ context.Context, id string) (api.RoomDetail, error) {
	at := slices.IndexFunc(s.rooms, func(r api.Room) bool { return r.ID == id })
	if at < 0 {
		return api.RoomDetail{}, gone("room")
	}
	return api.RoomDetail{Room: s.rooms[at], Connections: s.connections[:min(3, len(s.connections))]}, s.failing()
}

func (s *scripted) Account(_ context.Context, whom string) (api.AccountDetail, error) {
	at := slices.IndexFunc(s.accounts, func(a api.Account) bool { return a.ID == whom })
	if at < 0 {
		return api.AccountDetail{}, gone("user")
	}
	return api.AccountDetail{
		Account: s.accounts[at], Connections: s.connections[:min(2, len(s.connections))], Limits: limitStates(),
		Sessions: []api.AccountSession{{ID: "s1", Address: "203.0.113.7", UserAgent: "Firefox/142.0", LastUsedAt: before(time.Minute), ExpiresAt: api.Time(noon().Add(144 * time.Hour))}},
	}, s.failing()
}

func (s *scripted) Disconnect(_ context.Context, id string) error { return s.note("disconnect %s", id) }

func (s *scripted) SignOut(_ context.Context, whom string) (api.Ended, error) {
	return api.Ended{Count: 2}, s.note("sign out %s", whom)
}

func (s *scripted) Disable(_ context.Context, whom string) (api.User, error) {
	return api.User{}, s.note("disable %s", whom)
}

func (s *scripted) Enable(_ context.Context, whom string) (api.User, error) {
	return api.User{}, s.note("enable %s", whom)
}

func (s *scripted) ChangeAccount(_ context.Context, whom string, change api.AccountChange) (api.User, error) {
	return api.User{}, s.note("tier of %s: %s", whom, *change.Tier)
}

func (s *scripted) EditTier(_ context.Context, name string, change api.LimitsChange) (api.Tier, error) {
	if change.BudgetMonthMicros != nil {
		return api.Tier{}, s.note("budget of %s: %d", name, *change.BudgetMonthMicros)
	}
	return api.Tier{}, s.note("messages of %s: %d", name, *change.MessagesPerMinute)
}

func (s *scripted) LiftLimit(_ context.Context, l api.Lift) error {
	return s.note("lift %s %q", l.Key, l.Limit)
}

func (s *scripted) StopAnswer(_ context.Context, id string) error { return s.note("stop %s", id) }

func (s *scripted) Announce(_ context.Context, n api.Notice) (api.Told, error) {
	return api.Told{Sockets: 1234}, s.note("announce %s", n.Message)
}

func (s *scripted) Drain(context.Context) error { return s.note("drain") }

func roomID(i int) string { return fmt.Sprintf("0199c0de-0000-7000-8000-%012d", i) }

// aServer is a busy one, the same every time.
func aServer() *scripted {
	s := &scripted{shot: aSnapshot(), events: make(chan happening, 64)}
	names := []string{"ana", "ben", "carla", "dimitri", "elena", "farid", "greta", "hugo", "ines", "jonas", "kaya", "lars", "mina", "noor", "oscar", "paula"}
	tiers := []string{"free", "free", "premium", "free", "enterprise"}
	for i, name := range names {
		id := fmt.Sprintf("0199c0de-1111-7000-8000-%012d", i)
		s.connections = append(s.connections, api.Connection{
			ID: fmt.Sprintf("sock%04d", i), UserID: id, Username: name, Tier: tiers[i%5], Role: "user",
			Address: fmt.Sprintf("203.0.113.%d", 7+i*13), Transport: []string{"websocket", "websocket", "polling"}[i%3],
			UserAgent: "Firefox/142.0", Rooms: i % 4, PacketsIn: uint64(40 + i*97), PacketsOut: uint64(300 + i*4211),
			BytesIn: uint64(4000 * (i + 1)), BytesOut: uint64(90_000 * (i + 1)), QueueBytes: []int{0, 0, 0, 20_480, 0, 300_000, 0, 0}[i%8],
			RoundTripMs: 12.5 * float64(i+1), ConnectedAt: before(time.Duration(i+1) * 7 * time.Minute),
			AgeSeconds: float64((i + 1) * 7 * 60), IdleSeconds: float64(i * i),
		})
		s.accounts = append(s.accounts, api.Account{
			User: api.User{
				ID: id, Username: name, Email: name + "@example.com", Timezone: "Europe/Lisbon", Role: []string{"admin", "user", "user", "user"}[min(i, 3)], Tier: tiers[i%5],
				Disabled: name == "hugo", CreatedAt: before(time.Duration(i+1) * 50 * time.Hour), LastActiveAt: before(time.Duration(i) * time.Minute),
			},
			Sockets: i % 3, AgeSeconds: float64(i+1) * 50 * 3600, IdleSeconds: float64(i) * 60,
		})
		s.rooms = append(s.rooms, api.Room{ID: roomID(i), Sockets: 1 + i%5, Users: 1 + i%3, Rev: int64(i * 41), Queue: i % 2})
	}
	s.answers = []api.Answer{
		{ID: "a1", ConversationID: roomID(1), UserID: s.accounts[0].ID, Username: "ana", Tier: "free", Status: "streaming", Attempt: 1, Model: "gpt-4.1-mini", CreatedAt: before(4 * time.Second), AgeSeconds: 4},
		{ID: "a2", ConversationID: roomID(2), UserID: s.accounts[2].ID, Username: "carla", Tier: "premium", Status: "pending", Attempt: 2, CreatedAt: before(75 * time.Second), AgeSeconds: 75},
	}
	s.hits = []api.LimitHit{
		{Key: "user:" + s.accounts[1].ID, UserID: s.accounts[1].ID, Username: "ben", Address: "203.0.113.20", Tier: "free", Limit: "messages", Allowed: 10, Count: 14, FirstAt: before(time.Minute), LastAt: before(3 * time.Second), AgoSeconds: 3},
		{Key: "address:198.51.100.0/24", Address: "198.51.100.9", Tier: "anonymous", Limit: "signin", Allowed: 10, Count: 230, FirstAt: before(time.Hour), LastAt: before(40 * time.Second), AgoSeconds: 40},
	}
	s.entries = []api.AuditEntry{
		{ID: "e1", At: before(time.Minute), Actor: "socket:root", Action: "user.tier", Target: "carla", Detail: "tier free → premium", AgoSeconds: 60},
		{ID: "e2", At: before(time.Hour), Actor: "token:ci", Action: "tier.edit", Target: "free", Detail: "messagesPerMinute 10 → 12", Address: "192.0.2.4", AgoSeconds: 3600},
	}
	return s
}

func aSnapshot() api.Snapshot {
	shot := api.Snapshot{
		At: before(0), You: api.Operator{Name: "socket:root", Scope: api.ScopeAdmin}, Build: api.Build{Version: "v0.4.0"},
		Nodes:    []api.Node{{ID: "n1", Name: "trade-1", Version: "v0.4.0", StartedAt: before(76 * time.Hour), Self: true}},
		Database: api.Database{Kind: "postgres", SizeBytes: 412_000_000, OpenConnections: 12, InUse: 3, MaxOpen: 16, LatencyMs: 0.8, Waits: 4},
	}
	for i := range historyKept {
		wave := math.Sin(float64(i)/30) + math.Sin(float64(i)/7)/3
		shot.History = append(shot.History, api.Load{
			At: before(time.Duration(historyKept-1-i) * time.Second), Ready: true, Sockets: 1000 + int(180*wave), Users: 980, Rooms: 310,
			MessagesPerSecond: 45 + 30*wave, EventsPerSecond: 182, RequestsPerSecond: 12.4, RefusedPerSecond: max(0, wave-1),
			AckP50Ms: 2.1, AckP99Ms: 14 + 10*wave, AnswersInProgress: 9 + int(6*wave), AnswersWaiting: 2, FirstTextP50Ms: 310, FirstTextP99Ms: 900,
			CPUPercent: 38 + 20*wave, MemoryBytes: 212_000_000 + int64(i)*40_000, HeapBytes: 96_000_000, Goroutines: 412, QueuedBytes: int64(18_000 * (1 + wave)),
		})
	}
	shot.Load = shot.History[len(shot.History)-1]
	shot.Tiers = []api.Tier{{Name: "anonymous", Limits: api.Limits{Requests15m: 100, BurstPerSecond: 10}, Refused: map[string]int64{"requests": 1730, "signin": 230}}}
	for i, name := range tierNames() {
		shot.Tiers = append(shot.Tiers, api.Tier{
			Name: name, Accounts: []int64{4210, 380, 12}[i], Users: []int{700, 250, 8}[i], Sockets: []int{810, 390, 34}[i],
			Refused: map[string]int64{"messages": int64(120 / (i + 1)), "burst": int64(3 - i)},
			Limits: api.Limits{
				Requests15m: []int{100, 500, 5000}[i], BurstPerSecond: []int{10, 30, 100}[i], MessagesPerMinute: []int{10, 30, 120}[i], AnswersPerDay: []int{50, 500, 5000}[i],
				BudgetMonthMicros: []int64{2e6, 25e6, 250e6}[i], Uploads15m: []int{5, 20, 100}[i], Sockets: []int{5, 20, 100}[i], Members: []int{5, 50, 2000}[i],
			},
		})
	}
	return shot
}

var _ Source = (*scripted)(nil)

func logLines() []api.Event {
	line := func(d time.Duration, level, message, fields string) api.Event {
		return api.Event{Name: api.EventLog, Log: &api.LogLine{At: before(d), Level: level, Message: message, Fields: fields}}
	}
	return []api.Event{
		line(50*time.Second, "INFO", "the server is ready", "url=http://localhost:3001"),
		line(20*time.Second, "WARN", "a socket reads too slowly; its deltas are dropped", "user=0199c0de queued=300000"),
		line(5*time.Second, "ERROR", "the provider refused", "model=gpt-4.1-mini status=503"),
		line(time.Second, "INFO", "answer finished", "took=4.1s"),
	}
}
