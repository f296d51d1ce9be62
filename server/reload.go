package server

import (
	"context"
	"net/http"
	"slices"
	"sync/atomic"

	"github.com/elite-trading-coach/coach/configs"
)

// origins are the pages that may call; they can be replaced while requests ask.
type origins struct {
	now  atomic.Pointer[func(origin string, r *http.Request) bool]
	list []string // of the newest configuration; only who calls set looks at it
}

// set takes the origins over, and reports whether they are others than before.
func (o *origins) set(c configs.Config) (changed bool) {
	check := originCheck(c)
	o.now.Store(&check)
	changed = !slices.Equal(c.Server.FrontendURL, o.list)
	o.list = c.Server.FrontendURL
	return changed
}

// may is what [originCheck] of the newest configuration says.
func (o *origins) may(origin string, r *http.Request) bool { return (*o.now.Load())(origin, r) }

// watchReload takes what can change while the server runs from each
// configuration that comes; everything else waits for the next start.
func (s *Server) watchReload(ctx context.Context) error {
	for {
		select {
		case c := <-s.Reload:
			s.reload(c)
		case <-ctx.Done():
			return nil
		}
	}
}

// reload takes over what is sound of a configuration. What is not is told of,
// and what held before goes on.
func (s *Server) reload(c configs.Config) {
	if s.reloadCertificates != nil {
		if err := s.reloadCertificates(); err != nil {
			s.log.Error("the TLS certificate was not read again; the one before stays", "err", err)
		}
	}
	if prompts, err := loadPrompts(c.AI); err != nil {
		s.log.Error("the prompts were not read again; those before stay", "err", err)
	} else {
		s.chain.UsePrompts(prompts)
	}
	if s.origins.set(c) {
		s.log.Info("other origins may call from now on", "origins", c.Server.FrontendURL)
	}
	s.log.Info("the configuration was read again, for log level, origins, prompts and certificates")
}
