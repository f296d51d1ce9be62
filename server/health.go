package server

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/elite-trading-coach/coach/migrations"
	"github.com/elite-trading-coach/coach/server/api"
)

// healthLimit bounds one probe: a probe that hangs is an answer too.
const healthLimit = 2 * time.Second

// health is every check at once. The worst of what chat cannot do without
// decides; the coach being away only degrades.
func (s *Server) health(ctx context.Context) api.Health {
	h := api.Health{
		Status: api.StatusOK, Build: s.Build, UptimeSeconds: int64(time.Since(s.started).Seconds()),
		Checks: map[string]api.Check{},
	}
	for name, check := range s.checks() {
		c := check(ctx)
		h.Checks[name] = c
		switch {
		case c.Status == api.StatusDown:
			h.Status = api.StatusDown
		case c.Status == api.StatusDegraded && h.Status == api.StatusOK:
			h.Status = api.StatusDegraded
		}
	}
	if s.phase.is(draining) && h.Status == api.StatusOK {
		h.Status = api.StatusDegraded
	}
	return h
}

// checks are the parts that can be asked one by one. None spends money.
func (s *Server) checks() map[string]func(ctx context.Context) api.Check {
	return map[string]func(ctx context.Context) api.Check{
		"disk": s.checkDisk,
		"db":   s.checkDatabase, "websocket": s.checkSockets, "ai": s.checkCoach, "uploads": s.checkUploads, "bus": s.checkBus, "backups": s.checkBackups,
	}
}

// checkDatabase is what the database said at most [recently] ago: probes are
// not counted, so whoever asks without end must not reach it with each.
func (s *Server) checkDatabase(ctx context.Context) api.Check {
	return s.database.check(ctx, s.askDatabase)
}

func (s *Server) askDatabase(ctx context.Context) api.Check {
	ctx, cancel := context.WithTimeout(ctx, healthLimit)
	defer cancel()
	began := time.Now()
	if err := s.store.Ping(ctx); err != nil {
		s.log.Debug("the database does not answer a health check", "err", err)
		return api.Check{Status: api.StatusDown, Message: "The database does not answer."}
	}
	if since, err := s.store.Unwritable(); err != nil {
		return api.Check{Status: api.StatusDegraded, Message: fmt.Sprintf(
			"The database can be read but has taken no writes for %s: it may be full, read-only or held by another program.", time.Since(since).Round(time.Second),
		)}
	}
	return api.Check{Status: api.StatusOK, LatencyMs: float64(time.Since(began).Microseconds()) / 1000, Message: s.store.Dialect()}
}

// checkDisk tells of a disk that is almost full. The rest goes on, so it only
// degrades.
func (s *Server) checkDisk(context.Context) api.Check {
	if short := s.disk.Short(); short != "" {
		return api.Check{Status: api.StatusDegraded, Message: short}
	}
	return api.Check{Status: api.StatusOK}
}

func (s *Server) checkSockets(context.Context) api.Check {
	if s.phase.is(draining) {
		return api.Check{Status: api.StatusDegraded, Message: "Sockets are being drained."}
	}
	return api.Check{Status: api.StatusOK, Message: fmt.Sprintf("%d sockets", s.live.Len())}
}

// checkCoach tells what the answers of late have shown: a probe that asked a
// model would spend money.
func (s *Server) checkCoach(context.Context) api.Check {
	if resting := s.chain.Resting(); len(resting) > 0 {
		return api.Check{Status: api.StatusDegraded, Message: fmt.Sprintf(
			"%s failed and is left alone for a moment; the next of %s answers.", strings.Join(resting, ", "), s.model.Name(),
		)}
	}
	return api.Check{Status: api.StatusOK, Message: fmt.Sprintf("%s answers; %d in progress", s.model.Name(), s.worker.InProgress())}
}

// checkUploads asks the store of images whether it could store one. The chat
// goes on without, so its being away only degrades.
func (s *Server) checkUploads(ctx context.Context) api.Check {
	ctx, cancel := context.WithTimeout(ctx, healthLimit)
	defer cancel()
	if err := s.uploads.Objects.Check(ctx); err != nil {
		s.log.Debug("the store of images does not answer a health check", "err", err)
		return api.Check{Status: api.StatusDegraded, Message: "Images cannot be stored now."}
	}
	return api.Check{Status: api.StatusOK, Message: "Images are stored on " + s.uploads.Objects.Name() + "."}
}

// readiness says whether this node should be given work: not while it starts
// or drains, nor on an old schema, nor without its database. One that can only
// read has work to do.
func (s *Server) readiness(ctx context.Context) api.Check {
	switch {
	case s.phase.is(starting):
		return api.Check{Status: api.StatusDown, Message: "The server is starting."}
	case s.phase.is(draining):
		return api.Check{Status: api.StatusDown, Message: "The server is draining."}
	}
	if c := s.checkDatabase(ctx); c.Status == api.StatusDown {
		return c
	}
	ctx, cancel := context.WithTimeout(ctx, healthLimit)
	defer cancel()
	version, err := s.store.SchemaVersion(ctx)
	if err != nil {
		return api.Check{Status: api.StatusDown, Message: "The schema's version cannot be read."}
	}
	latest, err := migrations.Latest(migrations.Dialect(s.store.Dialect()))
	if err != nil || version < latest {
		return api.Check{Status: api.StatusDown, Message: "The database schema is older than this program; run `coach migrate up`."}
	}
	return api.Check{Status: api.StatusOK}
}
