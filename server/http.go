package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/elite-trading-coach/coach/server/rest"
)

// newHTTP makes the HTTP server. There is no write timeout, which would end
// polls and streams: routes have deadlines of their own. A client that is slow
// to send its header is cut off, and so is an idle connection.
func newHTTP(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ConnContext:       rest.ConnContext,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}

func serveHTTP(ctx context.Context, web *http.Server, l net.Listener) error {
	stop := context.AfterFunc(ctx, func() { _ = web.Close() })
	defer stop()
	if err := web.Serve(rest.Whole(l)); err != nil && !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve HTTP: %w", err)
	}
	<-ctx.Done() // Shutdown makes Serve return at once; the room ends when it is told to
	return nil
}
