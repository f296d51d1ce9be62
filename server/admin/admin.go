// Package admin is what operators may see and do.
//
// An [Operator] is an account with the role admin, an operator token, or
// whoever may open the admin socket; a read-only one is refused every verb
// here, whatever its tool believed. [Records] is what concerns the database
// alone, and works beside no server at all: accounts, tokens, tiers, the audit
// log. [Service] adds one running node: its sockets, rooms, answers and limits,
// which it knows through the funcs of a [Floor], the other nodes, which tell of
// themselves over the bus, and a stream of what happens.
//
// What cannot be written into the audit log is not done: the entry is in the
// transaction of the change, or is committed before a deed that is none of the
// database's.
package admin

import (
	"context"
	"iter"
	"log/slog"
	"sync"
	"time"

	"github.com/elite-trading-coach/coach/server/api"
	"github.com/elite-trading-coach/coach/server/auth"
	"github.com/elite-trading-coach/coach/server/bus"
	"github.com/elite-trading-coach/coach/storage"
)

// Floor is a running node as operators reach it. All funcs are set, and safe
// for concurrent use.
type Floor struct {
	// Load is the node's load now, but for At.
	Load func(ctx context.Context) api.Load

	Connections iter.Seq[api.Connection]
	// Actors are those behind the connections: who has several comes as often.
	Actors iter.Seq[auth.Actor]
	// Connection is one closely, but for its limits.
	Connection func(id string) (api.ConnectionDetail, bool)
	Rooms      iter.Seq[api.Room]
	Room       func(id string) (api.RoomDetail, bool)
	// SocketsOf lists one user's sockets.
	SocketsOf func(userID string) []api.Connection
	// Limits are those of a user with a tier.
	Limits func(ctx context.Context, userID, tier string) []api.LimitState

	// Disconnect closes a socket; false: it is not here.
	Disconnect func(id string) bool
	// Announce tells all sockets and says how many.
	Announce func(n api.Notice) int
	// StopAnswer ends an answer and keeps what was written.
	StopAnswer func(ctx context.Context, id string) error
	// Lift gives the limits of a key back, "" limit: all of them.
	Lift func(ctx context.Context, key, limit string) error
	// ReloadTiers puts the stored tiers in force.
	ReloadTiers func(ctx context.Context) error
	// Drain begins the end of the process and returns at once.
	Drain func()
}

// Options is what the operators' room needs.
type Options struct {
	Records *Records
	Bus     bus.Bus
	Floor   Floor
	// Self says which node this is; its Load is not used.
	Self  api.Node
	Build api.Build
	// Log is the tail of the node's log; nil: none.
	Log    *LogTail
	Logger *slog.Logger
}

// Service is the operators' view of a running node. Its methods are safe for
// concurrent use and answer with fault codes.
type Service struct {
	*Records
	o      Options
	log    *slog.Logger
	stream *stream
	hits   *hits
	began  time.Time

	mu      sync.Mutex
	now     api.Load   // of the last second
	history []api.Load // oldest first, at most historySize
	others  map[string]neighbour
	users   bool // accounts changed since the last second
	tiers   bool // a tier did
}

const (
	historySize = 300
	// aliveEvery is how often a node tells the others that it is there, and
	// forgetAfter when one that says nothing is forgotten.
	aliveEvery  = 2 * time.Second
	forgetAfter = 10 * time.Second
)

// New makes the room; [Service.Run] starts it.
func New(o Options) *Service {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Log == nil {
		o.Log = NewLogTail()
	}
	o.Self.Self = true
	return &Service{
		Records: o.Records, o: o, log: o.Logger, stream: newStream(), hits: newHits(), began: storage.Now(), others: map[string]neighbour{},
	}
}

// Run keeps the load of the last minutes, tells the readers of the stream what
// happens, and the other nodes that this one is there, until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	cancel := s.o.Bus.Subscribe(topic, s.receive)
	defer cancel()
	second, alive := time.NewTicker(time.Second), time.NewTicker(aliveEvery)
	defer second.Stop()
	defer alive.Stop()
	feed := s.newFeed()
	for {
		select {
		case <-ctx.Done():
			s.stream.close()
			return nil
		case <-second.C:
			feed.tell(ctx)
		case <-alive.C:
			s.tellOthers(ctx)
		}
	}
}

// Snapshot is the server at this moment.
func (s *Service) Snapshot(ctx context.Context, who Operator) (api.Snapshot, error) {
	tiers, err := s.Tiers(ctx)
	if err != nil {
		return api.Snapshot{}, err
	}
	self := s.o.Self
	self.Load = s.load(ctx)
	nodes := s.nodes(self)
	return api.Snapshot{
		At: api.Time(storage.Now()), You: api.Operator{Name: who.Name, Scope: who.Scope}, Build: s.o.Build,
		Load: together(nodes), Nodes: nodes, Tiers: tiers, Database: s.database(ctx),
	}, nil
}

// History is the load of the last minutes, second by second, oldest first.
func (s *Service) History() []api.Load {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]api.Load{}, s.history...)
}

func (s *Service) load(ctx context.Context) api.Load {
	l := s.o.Floor.Load(ctx)
	l.At = api.Time(storage.Now())
	return l
}

func (s *Service) remember(l api.Load) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = l
	if len(s.history) == historySize {
		s.history = append(s.history[:0], s.history[1:]...)
	}
	s.history = append(s.history, l)
}

// database asks how the records are kept. What cannot be told is -1.
func (s *Service) database(ctx context.Context) api.Database {
	pool := s.store.Pool()
	d := api.Database{
		Kind: s.store.Dialect(), SizeBytes: -1, LatencyMs: -1,
		OpenConnections: pool.Open, InUse: pool.InUse, Idle: pool.Idle, MaxOpen: pool.Max, Waits: pool.Waits, WaitedSeconds: pool.Waited.Seconds(),
	}
	began := time.Now()
	if err := s.store.Ping(ctx); err != nil {
		return d
	}
	d.LatencyMs = float64(time.Since(began).Microseconds()) / 1000
	if size, err := s.store.Size(ctx); err == nil {
		d.SizeBytes = size
	}
	return d
}
