package server

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/elite-trading-coach/coach/server/admin"
	"github.com/elite-trading-coach/coach/server/api"
	"github.com/elite-trading-coach/coach/server/auth"
	"github.com/elite-trading-coach/coach/server/fault"
	"github.com/elite-trading-coach/coach/server/limit"
	"github.com/elite-trading-coach/coach/server/live"
	"github.com/elite-trading-coach/coach/server/metrics"
)

// operators makes their room: what it may see and do of this node is here.
func (s *Server) operators() *admin.Service {
	name, err := os.Hostname()
	if err != nil {
		name = "coach"
	}
	return admin.New(admin.Options{
		Records: admin.NewRecords(s.store, s.auth, checkTier, s.log), Bus: s.bus, Log: s.tail, Logger: s.log, Build: s.Build,
		Self: api.Node{ID: s.cluster.node, Name: name, Version: s.Build.Version, StartedAt: api.Time(s.started)},
		Floor: admin.Floor{
			Load: s.load, Connections: s.connections, Actors: s.live.Actors(), Connection: s.connection, Rooms: s.rooms, Room: s.room,
			SocketsOf:  func(user string) []api.Connection { return connectionViews(s.live.SeatsOf(user)) },
			Limits:     s.limitsOf,
			Disconnect: s.live.Disconnect,
			Announce:   func(n api.Notice) int { return s.live.Announce(n.Message, n.Level) },
			StopAnswer: s.chat.StopForOperator, Lift: s.lift,
			ReloadTiers: func(ctx context.Context) error { return readTiers(ctx, s.store, s.Config.Limits, s.tiers) },
			Drain:       s.askToLeave,
		},
	})
}

// askToLeave begins the end that SIGTERM begins; asking twice is asking once.
func (s *Server) askToLeave() {
	select {
	case s.leave <- struct{}{}:
	default:
	}
}

// checkTier refuses limits that cannot be kept.
func checkTier(l api.Limits) error { return limit.Tier(l).Check() }

// load is how busy this node is.
func (s *Server) load(ctx context.Context) api.Load {
	users, rooms, queued := s.live.Crowd()
	ctx, cancel := context.WithTimeout(ctx, healthLimit)
	defer cancel()
	waiting, err := s.store.CountWaitingAnswers(ctx)
	if err != nil {
		waiting = 0 // the health check says that the database is away
	}
	r := s.metrics.Recent()
	return api.Load{
		Ready: s.phase.is(ready), Sockets: s.live.Len(), Users: users, Rooms: rooms, QueuedBytes: queued,
		AnswersInProgress: s.worker.InProgress(), AnswersWaiting: waiting,
		MessagesPerSecond: round(r.Messages, 2), EventsPerSecond: round(r.Events, 2), RequestsPerSecond: round(r.Requests, 2),
		RefusedPerSecond: round(r.Refusals, 2),
		AckP50Ms:         round(1000*r.AckP50, 3), AckP99Ms: round(1000*r.AckP99, 3),
		FirstTextP50Ms: round(1000*r.FirstTextP50, 3), FirstTextP99Ms: round(1000*r.FirstTextP99, 3),
		CPUPercent: round(r.CPUPercent, 1), MemoryBytes: r.ResidentBytes, HeapBytes: r.HeapBytes, Goroutines: r.Goroutines,
	}
}

func (s *Server) connections(yield func(api.Connection) bool) {
	for seat := range s.live.Seats() {
		if !yield(connectionView(seat)) {
			return
		}
	}
}

func (s *Server) connection(id string) (api.ConnectionDetail, bool) {
	seat, conversations, recent, found := s.live.Closely(id)
	if !found {
		return api.ConnectionDetail{}, false
	}
	d := api.ConnectionDetail{
		Connection: connectionView(seat), ConversationIDs: append([]string{}, conversations...),
		Recent: []api.RecentEvent{}, Limits: []api.LimitState{},
	}
	for _, deed := range recent {
		d.Recent = append(d.Recent, api.RecentEvent{
			At: api.Time(deed.At), Name: deed.Name, Code: string(deed.Code), TookMs: round(deed.Took.Seconds()*1000, 3),
		})
	}
	return d, true
}

func connectionViews(seats []live.Seat) []api.Connection {
	all := make([]api.Connection, len(seats))
	for i, seat := range seats {
		all[i] = connectionView(seat)
	}
	return all
}

func connectionView(seat live.Seat) api.Connection {
	now := time.Now()
	return api.Connection{
		ID: seat.ID, UserID: seat.Actor.UserID, Username: seat.Actor.Username, Tier: seat.Actor.Tier, Role: seat.Actor.Role,
		Address: seat.Address, Transport: seat.Transport, UserAgent: seat.UserAgent, Recovered: seat.Recovered, Rooms: seat.Rooms,
		PacketsIn: seat.PacketsIn, PacketsOut: seat.PacketsOut, BytesIn: seat.BytesIn, BytesOut: seat.BytesOut,
		QueueBytes: seat.Queued, Lagging: seat.Lagging, RoundTripMs: round(seat.RoundTrip.Seconds()*1000, 3),
		ConnectedAt: api.Time(seat.ConnectedAt), LastEventAt: api.Time(seat.LastEvent),
		AgeSeconds: round(now.Sub(seat.ConnectedAt).Seconds(), 3), IdleSeconds: round(max(0, now.Sub(seat.LastEvent).Seconds()), 3),
	}
}

func (s *Server) rooms(yield func(api.Room) bool) {
	for table := range s.live.Tables() {
		if !yield(roomView(table)) {
			return
		}
	}
}

// membersShown bounds the sockets of one room that are shown.
const membersShown = 1000

func (s *Server) room(id string) (api.RoomDetail, bool) {
	table, found := s.live.TableOf(id)
	if !found {
		return api.RoomDetail{}, false
	}
	seats := s.live.SeatsIn(id)
	return api.RoomDetail{Room: roomView(table), Connections: connectionViews(seats[:min(len(seats), membersShown)])}, true
}

func roomView(t live.Table) api.Room {
	r := api.Room{ID: t.ID, Sockets: t.Sockets, Users: t.Users, Rev: t.Rev, Queue: t.Queue}
	if !t.Idle.IsZero() {
		r.IdleSeconds = round(time.Since(t.Idle).Seconds(), 3)
	}
	return r
}

// limitsOf is what /api/limits shows that user.
func (s *Server) limitsOf(ctx context.Context, userID, tier string) []api.LimitState {
	all := []api.LimitState{}
	for _, one := range s.allowance(ctx, auth.Actor{UserID: userID, Tier: tier}).Limits {
		state := api.LimitState{Name: one.Name, Limit: one.Limit, Remaining: one.Remaining, WindowSeconds: one.WindowSeconds}
		if at := time.Time(one.ResetsAt); !at.IsZero() {
			resets := api.Time(at)
			state.ResetsAt = &resets
		}
		all = append(all, state)
	}
	return all
}

// lift gives limits of a key back: one by its name, or all of them.
func (s *Server) lift(ctx context.Context, key, name string) error {
	const answers = "answers"
	user, isUser := strings.CutPrefix(key, "user:")
	known := name == "" || isUser && name == answers
	if isUser && (name == "" || name == answers) {
		if err := s.chat.ForgetToday(ctx, user); err != nil {
			return err
		}
	}
	t := limit.Tier{} // names do not depend on numbers
	for _, rule := range []limit.Rule{t.Requests(), t.Burst(), t.Messages(), t.Uploads(), t.Connects(), limit.SignIn()} {
		if name != "" && name != rule.Name {
			continue
		}
		known = true
		if err := s.limiter.Reset(ctx, key, rule); err != nil {
			return fault.Wrap(fault.Unavailable, "The shared limits are out of reach; try again in a moment.", fmt.Errorf("lift %s: %w", rule.Name, err))
		}
	}
	if !known {
		return fault.Invalid("limit", "There is no such limit to lift; the list of limits hit names them.")
	}
	return nil
}

// refusedLive hears of the limits that sockets run into, refused of all.
func (s *Server) refusedLive(r live.Refusal) {
	s.refused(admin.Refusal{
		Key: limit.UserKey(r.Actor.UserID), UserID: r.Actor.UserID, Username: r.Actor.Username, Address: r.Address,
		Tier: r.Actor.Tier, Limit: r.Rule, Allowed: r.Limit,
	})
}

func (s *Server) refused(r admin.Refusal) {
	s.metrics.Refused(r.Limit, r.Tier)
	s.admin.Refused(r)
}

// gauges is what Prometheus may ask this node.
func (s *Server) gauges() metrics.Gauges {
	crowd := func(pick func(users, rooms int, queued int64) float64) func() float64 {
		return func() float64 { return pick(s.live.Crowd()) }
	}
	return metrics.Gauges{
		Sockets:           func() float64 { return float64(s.live.Len()) },
		Users:             crowd(func(users, _ int, _ int64) float64 { return float64(users) }),
		Rooms:             crowd(func(_, rooms int, _ int64) float64 { return float64(rooms) }),
		OutboxBytes:       crowd(func(_, _ int, queued int64) float64 { return float64(queued) }),
		AnswersInProgress: func() float64 { return float64(s.worker.InProgress()) },
		Breakers:          s.chain.Breakers,
		BusConnected:      s.busConnected,
		Draining:          s.draining,
		Pool: func() metrics.Pool {
			p := s.store.Pool()
			return metrics.Pool{InUse: p.InUse, Idle: p.Idle, Max: p.Max, Waits: p.Waits, WaitedSeconds: p.Waited.Seconds()}
		},
		DatabaseBytes: s.databaseBytes,
	}
}

func (s *Server) databaseBytes() float64 {
	ctx, cancel := context.WithTimeout(context.Background(), healthLimit)
	defer cancel()
	size, err := s.store.Size(ctx)
	if err != nil {
		return -1
	}
	return float64(size)
}

func (s *Server) busConnected() float64 {
	if s.cluster.remote == nil || s.cluster.remote.Connected() {
		return 1
	}
	return 0
}

func (s *Server) draining() float64 {
	if s.phase.is(draining) {
		return 1
	}
	return 0
}
