package server

import (
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"github.com/elite-trading-coach/coach/configs"
	"github.com/elite-trading-coach/coach/server/manual"
	"github.com/elite-trading-coach/coach/server/rest"
	"github.com/elite-trading-coach/coach/server/web"
)

// pages are the chat page and the documentation, as one.
type pages struct {
	chat *web.Site
	docs *manual.Site
}

// webPages is nil where there are to be none. One switch is for both: who shows no page shows no documentation either,
// and has `coach spec`.
func webPages(c configs.Config, log *slog.Logger) (rest.Pages, error) {
	if c.Server.NoWeb {
		return nil, nil
	}
	site, err := web.New()
	if err != nil {
		return nil, fmt.Errorf("load the page: %w", err)
	}
	return &pages{chat: site, docs: manual.New(log)}, nil
}

// Paths lists what the pages answer.
func (p *pages) Paths() []string { return slices.Concat(p.chat.Paths(), p.docs.Paths()) }

// ServeHTTP hands a request to whose it is.
func (p *pages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/docs" || strings.HasPrefix(r.URL.Path, "/docs/") {
		p.docs.ServeHTTP(w, r)
		return
	}
	p.chat.ServeHTTP(w, r)
}
