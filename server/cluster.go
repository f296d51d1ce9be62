package server

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/elite-trading-coach/coach/server/api"
	"github.com/elite-trading-coach/coach/server/bus"
	"github.com/elite-trading-coach/coach/server/limit"
	"github.com/elite-trading-coach/coach/storage"
)

// cluster is what this node shares with others.
type cluster struct {
	node    string         // this process, among all of them
	own     *limit.Memory  // what is counted here
	remote  *bus.Remote    // nil: the only node
	guarded *limit.Guarded // nil: limits are this node's own
}

// joinCluster makes the bus and the limiter that the configuration asks for.
// Neither needs its carrier to be there: a node starts, and goes on, alone.
func (s *Server) joinCluster(ctx context.Context) error {
	c := s.secret
	s.cluster = cluster{node: storage.NewID(), own: limit.NewMemory()}
	s.bus, s.limiter = bus.NewMemory(), s.cluster.own
	site, err := s.store.Site(ctx)
	if err != nil {
		return fmt.Errorf("find the site's name: %w", err)
	}
	carrier := busFor(c.Cluster.Bus, c.Cluster.RedisURL.Reveal() != "", s.store.Dialect())
	if carrier == "postgres" {
		s.join(bus.NewPostgres(c.Database.URL.Reveal(), "coach_"+strings.ReplaceAll(site, "-", ""), s.cluster.node, s.log))
	}
	if c.Cluster.RedisURL.Reveal() == "" {
		return nil
	}
	client, err := bus.DialRedis(c.Cluster.RedisURL.Reveal())
	if err != nil {
		return err
	}
	s.cleanup = append(s.cleanup, func() { _ = client.Close() })
	if carrier == "redis" {
		s.join(bus.NewRedis(client, "coach:"+site+":bus", s.cluster.node, s.log))
	}
	s.cluster.guarded = limit.NewGuarded(limit.NewRedis(client, "coach:"+site+":limit:"), s.cluster.own, s.log)
	s.limiter = s.cluster.guarded
	return nil
}

func (s *Server) join(b *bus.Remote) { s.cluster.remote, s.bus = b, b }

// busPatience is how long a start waits for a wire that says neither yes nor no.
const busPatience = 3 * time.Second

// awaitBus waits until it is known whether the other nodes can be heard: a
// node that is asked for its health right after its start would otherwise say
// that they are out of reach, when its first sign of life is on the way.
func (s *Server) awaitBus(ctx context.Context) {
	if s.cluster.remote == nil {
		return
	}
	limit := time.NewTimer(busPatience)
	defer limit.Stop()
	select {
	case <-s.cluster.remote.Settled():
	case <-limit.C:
	case <-ctx.Done():
	}
}

// busFor settles BUS=auto: Redis if there is one, Postgres if the database is
// one, else this node is alone.
func busFor(asked string, redis bool, dialect string) string {
	switch {
	case asked != "auto":
		return asked
	case redis:
		return "redis"
	case dialect == storage.Postgres:
		return "postgres"
	}
	return "memory"
}

// checkBus says whether this node and the others hear each other. Chat goes on
// without, so it is never down.
func (s *Server) checkBus(context.Context) api.Check {
	switch {
	case s.cluster.remote == nil:
		return api.Check{Status: api.StatusOK, Message: "This node is the only one."}
	case !s.cluster.remote.Connected():
		return api.Check{Status: api.StatusDegraded, Message: "The other nodes are out of reach: this one goes on by itself."}
	case s.cluster.guarded != nil && s.cluster.guarded.Away():
		return api.Check{Status: api.StatusDegraded, Message: "The shared limits are out of reach: this node counts for itself."}
	}
	return api.Check{Status: api.StatusOK, Message: "Connected with the other nodes."}
}
