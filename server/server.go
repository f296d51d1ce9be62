// Package server puts the rooms together, starts them in order and stops them
// in reverse.
//
// Everything that lives has a Run(ctx) that returns when it has ended. [Run]
// checks what can be checked before the port is open (the configuration, the
// lock on the database, the schema), starts the rooms from the bottom up, and
// on the end of its context stops them from the top down: not ready, sockets
// drained, requests finished, answers finished or given back, bus, store. The
// command line reaches every other room only through here.
package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/elite-trading-coach/coach/configs"
	"github.com/elite-trading-coach/coach/server/admin"
	"github.com/elite-trading-coach/coach/server/api"
	"github.com/elite-trading-coach/coach/server/auth"
	"github.com/elite-trading-coach/coach/server/budget"
	"github.com/elite-trading-coach/coach/server/bus"
	"github.com/elite-trading-coach/coach/server/chat"
	"github.com/elite-trading-coach/coach/server/coach"
	"github.com/elite-trading-coach/coach/server/disk"
	"github.com/elite-trading-coach/coach/server/limit"
	"github.com/elite-trading-coach/coach/server/live"
	"github.com/elite-trading-coach/coach/server/metrics"
	"github.com/elite-trading-coach/coach/server/upload"
	"github.com/elite-trading-coach/coach/storage"
)

// Options is what a server is started with.
type Options struct {
	Config configs.Config
	Logger *slog.Logger
	Build  api.Build
	// Migrate brings a Postgres schema up to date at the start; SQLite's
	// always is.
	Migrate bool
	// Reload brings configurations that take over from Config while the
	// server runs, as far as [Server.reload] goes; nil: none will come.
	Reload <-chan configs.Config
	// Ready is called once, when the port is open.
	Ready func(Info)

	model coach.Model // who answers, in tests; nil: whom the configuration names
}

// Info is what an operator is told at the start.
type Info struct {
	URL             string
	Database        string // without its password
	DataDir         string
	Coach           string // who answers
	Admins          int
	SecretGenerated bool
	LimitsOff       bool
}

// Server is one node.
type Server struct {
	Options
	log     *slog.Logger
	started time.Time

	store   *storage.Store
	disk    *disk.Guard
	cluster cluster
	bus     bus.Bus
	limiter limit.Limiter
	tiers   *limit.Tiers
	auth    *auth.Service
	chat    *chat.Service
	uploads *upload.Service
	links   *upload.Links
	budget  *budget.Service
	chain   *coach.Chain // the models of the configuration
	worker  *coach.Worker
	live    *live.Server
	metrics *metrics.Metrics
	admin   *admin.Service
	desk    http.Handler // of the admin socket

	stages   stages
	phase    phase
	database memo           // what its check found
	secret   configs.Config // Config with a token secret in any case: what rooms are made of; Config itself tells whether one was given
	cleanup  []func()

	origins            origins
	lastBackup         atomic.Pointer[backupFailure] // nil: none failed, or one was made since
	reloadCertificates func() error                  // nil: there are none to read
	tail               *admin.LogTail
	leave              chan struct{} // an operator wants this node to stop
}

// Run serves until ctx ends, then stops gracefully. An error tells what kept
// the server from starting, or what ended it.
func Run(ctx context.Context, o Options) error {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	tail := admin.NewLogTail()
	o.Logger = slog.New(tail.Tee(o.Logger.Handler()))
	s := &Server{Options: o, log: o.Logger, started: time.Now(), tail: tail, leave: make(chan struct{}, 1)}
	defer s.close()
	info, err := s.prepare(ctx)
	if err != nil {
		return err
	}
	handler, err := s.assemble(ctx)
	if err != nil {
		return err
	}
	info.Coach = s.model.Name()
	listener, err := listen(ctx, o.Config.Server)
	if err != nil {
		return err
	}
	info.URL = urlOf(o.Config.Server, listener.Addr())
	s.startRooms()
	s.awaitBus(ctx)
	if listener, err = s.startTLS(ctx, listener); err != nil {
		return errors.Join(err, s.stages.stop())
	}
	s.stages.start("reload", s.watchReload)
	if o.Config.Backup.Every > 0 {
		s.stages.start("backups", s.keepBackups)
	}
	web := newHTTP(handler, s.log)
	s.stages.start("http", func(ctx context.Context) error { return serveHTTP(ctx, web, listener) })
	s.startDesk(ctx)
	s.phase.set(ready)
	// The owner tells people in its own way; operators read it in the log's tail.
	tail.Note("listening", "url", info.URL, "database", info.Database, "coach", info.Coach, "version", o.Build.Version)
	if o.Ready != nil {
		o.Ready(info)
	}
	select {
	case <-ctx.Done():
		s.drain(web)
		return s.stages.stop()
	case <-s.leave:
		s.drain(web)
		return s.stages.stop()
	case failed := <-s.stages.failed():
		s.phase.set(draining)
		return errors.Join(failed, s.stages.stop())
	}
}

// prepare opens and checks what the rooms stand on.
func (s *Server) prepare(ctx context.Context) (Info, error) {
	info := Info{DataDir: s.Config.DataDir, LimitsOff: !s.Config.Limits.Enabled}
	var err error
	if s.secret, info.SecretGenerated, err = ensureSecret(s.Config); err != nil {
		return info, err
	}
	s.disk = newDiskGuard(s.Config, s.log)
	store, unlock, err := openLocked(ctx, s.Config, s.disk.Check, s.log)
	if err != nil {
		return info, err
	}
	s.store = store
	s.cleanup = append(s.cleanup, unlock, func() { _ = store.Close() })
	if err := s.checkSchema(ctx); err != nil {
		return info, err
	}
	if s.tiers, err = loadTiers(ctx, store, s.Config.Limits); err != nil {
		return info, err
	}
	if info.Admins, err = store.CountAdmins(ctx); err != nil {
		return info, err
	}
	// Not before: a start on an almost full disk is better than none.
	s.disk.Look()
	info.Database = s.Config.Database.URL.String()
	return info, nil
}

// startRooms starts everything below the port.
func (s *Server) startRooms() {
	s.stages.start("bus", s.bus.Run)
	s.stages.start("limits", s.cluster.own.Run)
	s.stages.start("tiers", s.watchTiers)
	s.stages.start("disk", s.disk.Run)
	s.stages.start("auth", s.auth.Run)
	s.stages.start("secret", s.watchSecret)
	s.stages.start("chat", s.chat.Run)
	s.stages.start("sweeps", s.runSweeps)
	s.stages.start("uploads", s.uploads.Run)
	s.stages.start("budget", s.budget.Run)
	s.stages.start("coach", s.worker.Run)
	s.stages.start("sockets", s.live.Run)
	s.stages.start("memory", s.keepSlack)
	s.stages.start("metrics", s.metrics.Run)
	s.stages.start("operators", s.admin.Run)
}

// drain stops taking work and lets what is under way end.
func (s *Server) drain(web *http.Server) {
	s.phase.set(draining)
	timeout := s.Config.Server.DrainTimeout
	s.log.Info("stopping", "sockets", s.live.Len(), "timeout", timeout)
	// Half the time is for the sockets and a quarter for requests; the last
	// one is the grace of the answers in progress, see assemble.
	ctx, cancel := context.WithTimeout(context.Background(), timeout*3/4)
	defer cancel()
	s.live.Drain(ctx, spread(s.live.Len(), timeout/2))
	if err := web.Shutdown(ctx); err != nil {
		s.log.Warn("some requests were cut off", "err", err)
		_ = web.Close()
	}
}

// spread is over how long sockets are closed: a few go at once, many take the
// time there is, so that they do not come back all together.
func spread(sockets int, most time.Duration) time.Duration {
	return min(most, time.Duration(sockets)*10*time.Millisecond)
}

func (s *Server) close() {
	for i := len(s.cleanup) - 1; i >= 0; i-- {
		s.cleanup[i]()
	}
}

func listen(ctx context.Context, c configs.Server) (net.Listener, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", c.Addr())
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w; choose another port with --port or PORT", c.Addr(), err)
	}
	return l, nil
}

// urlOf is where a person on this machine opens the server.
func urlOf(c configs.Server, addr net.Addr) string {
	if c.PublicURL != "" {
		return c.PublicURL
	}
	host, port, err := net.SplitHostPort(addr.String())
	if err != nil {
		return addr.String()
	}
	if ip := net.ParseIP(host); ip == nil || ip.IsUnspecified() || ip.IsLoopback() {
		host = "localhost"
	}
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if c.TLS.On() {
		return "https://" + host + ":" + port
	}
	return "http://" + host + ":" + port
}
