package server

import (
	"context"
	"log/slog"
	"math"
	"net/http"

	"github.com/elite-trading-coach/coach/configs"
	"github.com/elite-trading-coach/coach/server/auth"
	"github.com/elite-trading-coach/coach/server/budget"
	"github.com/elite-trading-coach/coach/server/chat"
	"github.com/elite-trading-coach/coach/server/coach"
	"github.com/elite-trading-coach/coach/server/engineio"
	"github.com/elite-trading-coach/coach/server/journal"
	"github.com/elite-trading-coach/coach/server/live"
	"github.com/elite-trading-coach/coach/server/metrics"
	"github.com/elite-trading-coach/coach/server/rest"
	"github.com/elite-trading-coach/coach/server/socketio"
	"github.com/elite-trading-coach/coach/storage"
)

// assemble makes every room and hands each what it needs. Nothing runs yet.
func (s *Server) assemble(ctx context.Context) (http.Handler, error) {
	c := s.secret
	s.origins.set(c)
	err := s.joinCluster(ctx)
	if err != nil {
		return nil, err
	}
	if s.auth, err = auth.New(s.store, s.bus, authOptions(c, s.log)); err != nil {
		return nil, err
	}
	if err := s.assembleUploads(); err != nil {
		return nil, err
	}
	s.metrics = metrics.New(metrics.Build(s.Build))
	s.chat = chat.New(chat.Options{
		ReadImageURL: s.readImageURL, Metrics: s.metrics,
		Store: s.store, Bus: s.bus, AllowSend: s.allowSend, ReturnSend: s.returnSend, AnswersPerDay: s.answersPerDay, MaxMembers: s.maxMembers, Logger: s.log,
	})
	s.auth.OnDeleted(s.chat.AccountDeleted)
	// The commands that work on the file beside a server change an account when
	// they change what it is in.
	s.auth.OnChanged(func(auth.Change) { s.store.ChangedElsewhere() })
	s.auth.OnRevoked(func(r auth.Revocation) {
		if r.SessionID == "" {
			s.store.ChangedElsewhere()
		}
	})
	records := journal.New(journal.Options{Store: s.store})
	s.budget = budget.New(budget.Options{Store: s.store, Limit: s.budgetOf, Logger: s.log})
	if s.chain, err = newChain(c, coach.ModelOptions{Tools: toolsOf(records), Purse: s.budget, Hooks: countModels(s.metrics), Logger: s.log}); err != nil {
		return nil, err
	}
	if s.model == nil {
		s.model = s.chain
	}
	s.worker = coach.NewWorker(coach.Options{
		Chat: s.chat, Bus: s.bus, Model: s.model, Journal: records, Owner: storage.NewID(), Alone: s.store.Dialect() == storage.SQLite,
		Metrics: s.metrics,
		Images:  s.imagesOf,
		Workers: c.AI.Workers, Lease: c.AI.Lease, Grace: c.Server.DrainTimeout / 4, Limit: c.AI.Total, Logger: s.log,
	})
	limits := func(ctx context.Context, a auth.Actor) any { return s.allowance(ctx, a) }
	node := ""
	if s.cluster.remote != nil {
		node = s.cluster.node
	}
	s.live = live.New(live.Options{
		Node: node,
		Auth: s.auth, Chat: s.chat, Bus: s.bus, Limiter: s.limiter, Tiers: s.tiers,
		Limits: limits, Link: s.linkUpload, Base: socketBase(c),
		Address: handshakeAddress(c), Refused: s.refusedLive, Metrics: s.metrics,
		Socket: socketOptions(c, s.origins.may, s.log), Unlimited: !c.Limits.Enabled, Logger: s.log,
	})
	page, err := webPages(c, s.log)
	if err != nil {
		return nil, err
	}
	s.admin = s.operators()
	s.metrics.Watch(s.gauges())
	o := rest.Options{
		Account: s.exportAccount,
		Auth:    s.auth, Chat: s.chat, Journal: records, Uploads: s.uploads, Links: s.links,
		Analyst: &coach.Analyst{Model: s.model, Journal: records, Limit: c.AI.Total}, Limiter: s.limiter, Tiers: s.tiers,
		Origins: s.origins.may, TrustedProxies: c.Server.TrustedProxies, PublicURL: c.Server.PublicURL,
		LimitsOff: !c.Limits.Enabled, Compression: c.Server.Compression,
		Build: s.Build, Health: s.health, Checks: s.checks(), Ready: s.readiness,
		Limits: limits, Draining: func() bool { return s.phase.is(draining) },
		Sockets: s.live, Web: page, Logger: s.log,
		Operators: s.admin, Refused: s.refused, Metrics: s.metrics,
	}
	s.desk = rest.NewLocal(o)
	return rest.New(o), nil
}

func authOptions(c configs.Config, log *slog.Logger) auth.Options {
	return auth.Options{
		Secret: []byte(c.Auth.JWTSecret.Reveal()), PreviousSecret: []byte(c.Auth.JWTSecretPrevious.Reveal()), ExpiresIn: c.Auth.JWTExpiresIn, Idle: c.Auth.SessionIdle,
		Argon: auth.Argon{
			MemoryKiB: uint32(c.Auth.Argon2.MemoryKiB), Iterations: uint32(c.Auth.Argon2.Iterations), Parallelism: uint8(c.Auth.Argon2.Parallelism),
		},
		Logger: log,
	}
}

func socketOptions(c configs.Config, mayCall func(origin string, r *http.Request) bool, log *slog.Logger) socketio.Options {
	r := c.Realtime
	strangers := 0 // as the room thinks right
	if !c.Limits.Enabled {
		strangers = math.MaxInt // a bench opens all its sockets at once, from one address
	}
	return socketio.Options{
		Engine: engineio.Options{
			PingInterval: r.PingInterval, PingTimeout: r.PingTimeout, UpgradeTimeout: r.UpgradeTimeout,
			MaxPayload: r.MaxPayload, Transports: r.Transports, SoftLimit: r.OutboxSoft, HardLimit: r.OutboxHard,
			AllowOrigin: func(req *http.Request) bool {
				origin := req.Header.Get("Origin")
				return origin == "" || mayCall(origin, req)
			},
			Logger: log,
		},
		ConnectTimeout: r.ConnectTimeout,
		MaxEntering:    strangers, MaxEnteringEach: strangers, Address: socketAddress(c),
		Recovery: socketio.RecoveryOptions{Window: r.RecoveryWindow, MaxBytes: r.RecoveryMaxBytes},
		Logger:   log,
	}
}

// ensureSecret makes sure that tokens can be signed; made tells that the
// secret is new.
func ensureSecret(c configs.Config) (_ configs.Config, made bool, err error) {
	made, err = c.EnsureSecret()
	return c, made, err
}
