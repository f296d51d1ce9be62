package admin

import (
	"context"
	"slices"
	"time"

	"github.com/elite-trading-coach/coach/server/api"
	"github.com/elite-trading-coach/coach/server/auth"
	"github.com/elite-trading-coach/coach/storage"
)

const (
	// linesTold bounds the log lines of one second, so that a busy server's
	// stream stays below 100 kB a second; lines are cut at maxLine bytes.
	linesTold = 100
	// auditTold bounds the entries of one second.
	auditTold = 50
)

// feed is what readers of the stream were told, and so what is new. It is
// Run's own.
type feed struct {
	s       *Service
	before  api.Load
	line    uint64    // number of the last log line told
	audited time.Time // entries up to here were told,
	told    []string  // and of those at that very moment, these
	failing bool
}

// newFeed begins with the room: what was before is in the lists.
func (s *Service) newFeed() *feed {
	s.auth.OnChanged(func(auth.Change) { s.mark(func() { s.users = true }) })
	s.auth.OnRevoked(func(auth.Revocation) { s.mark(func() { s.users = true }) })
	return &feed{s: s, line: s.o.Log.number(), audited: s.began}
}

// mark notes what changed, for the next second's word about it.
func (s *Service) mark(what func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	what()
}

// tell is called each second.
func (f *feed) tell(ctx context.Context) {
	now := storage.Now() // before it is asked who reads: whoever comes then misses nothing
	load := f.s.load(ctx)
	f.s.remember(load)
	lost := f.lines()
	changed := f.changed(load)
	f.before = load
	if !f.s.stream.followed() {
		f.audited, f.told = now, nil
		return
	}
	f.s.stream.send(api.Event{Name: api.EventLoad, Load: &load})
	more := f.limits(&changed)
	if changed != (api.Changed{}) {
		f.s.stream.send(api.Event{Name: api.EventChanged, Changed: &changed})
	}
	f.audit(ctx)
	if lost+more > 0 {
		f.s.stream.send(api.Event{Name: api.EventLost, Lost: &api.Lost{Events: lost + more}})
	}
}

// lines tells the second's log and counts what was too much.
func (f *feed) lines() (lost int) {
	lines, last := f.s.o.Log.since(f.line)
	lost = int(last-f.line) - len(lines)
	f.line = last
	if over := len(lines) - linesTold; over > 0 {
		lines, lost = lines[over:], lost+over
	}
	for _, line := range lines {
		f.s.stream.send(api.Event{Name: api.EventLog, Log: &line})
	}
	return lost
}

func (f *feed) limits(changed *api.Changed) (more int) {
	news, more := f.s.hits.news(storage.Now())
	for _, hit := range news {
		f.s.stream.send(api.Event{Name: api.EventLimit, Limit: &hit})
	}
	changed.Limits = len(news) > 0
	return more
}

// changed says which lists look different from a second ago.
func (f *feed) changed(now api.Load) api.Changed {
	before := f.before
	var c api.Changed
	f.s.mark(func() {
		c.Users, c.Tiers = f.s.users, f.s.tiers
		f.s.users, f.s.tiers = false, false
	})
	c.Connections = now.Sockets != before.Sockets || now.EventsPerSecond > 0 || now.QueuedBytes != before.QueuedBytes
	c.Rooms = now.Rooms != before.Rooms || now.MessagesPerSecond > 0
	c.Answers = now.AnswersInProgress != before.AnswersInProgress || now.AnswersWaiting != before.AnswersWaiting
	c.Users = c.Users || now.Users != before.Users
	return c
}

// audit tells what operators did, on whichever node: the log is in the
// database, so it is asked. Two entries may carry the same moment.
func (f *feed) audit(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	rows, err := f.s.store.Audit(ctx, storage.AuditPage{Limit: auditTold})
	if err != nil {
		if !f.failing && ctx.Err() == nil {
			f.s.log.Debug("the audit log cannot be followed; trying on", "err", err)
		}
		f.failing = true
		return
	}
	f.failing = false
	now := storage.Now()
	for _, row := range slices.Backward(rows) {
		if row.At.Before(f.audited) || slices.Contains(f.told, row.ID) {
			continue
		}
		if row.At.After(f.audited) {
			f.audited, f.told = row.At, nil
		}
		f.told = append(f.told, row.ID)
		entry := entryView(row, now)
		f.s.stream.send(api.Event{Name: api.EventAudit, Audit: &entry})
	}
}
