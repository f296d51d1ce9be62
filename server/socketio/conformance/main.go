// Command conformance serves what the two public protocol suites of the Socket.IO project run against: Engine.IO 4
// at /engine.io/ and Socket.IO 5 at /socket.io/, with the suites' timings.
//
//	go run ./server/socketio/conformance --addr :3000
//
// It listens on the address until it is interrupted.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/elite-trading-coach/coach/server/socketio/socketiotest"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "conformance:", err)
		os.Exit(1)
	}
}

func run() error {
	addr := flag.String("addr", ":3000", "address to listen on, host:port; port 0 takes a free one")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()

	listener, err := net.Listen("tcp", *addr)
	if err != nil {
		return fmt.Errorf("%w; choose another --addr", err)
	}
	fmt.Printf("listening on http://%s\n", listener.Addr())
	site := socketiotest.NewSite()
	web := &http.Server{Handler: site, ReadHeaderTimeout: 10 * time.Second}
	var tasks sync.WaitGroup
	tasks.Go(func() {
		<-ctx.Done()
		_ = web.Close()
	})
	tasks.Go(func() { _ = site.Run(ctx) })
	err = web.Serve(listener)
	stop()
	tasks.Wait()
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}
