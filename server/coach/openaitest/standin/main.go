// Command standin is a provider in the shape of OpenAI's that says a few words
// again and again, for load tests and for trying a configuration without
// spending money:
//
//	go run ./server/coach/openaitest/standin --listen 127.0.0.1:8089
//	OPENAI_BASE_URL=http://127.0.0.1:8089/v1 OPENAI_MODEL=standin coach serve
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
	"time"

	"github.com/elite-trading-coach/coach/server/coach/openaitest"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "standin:", err)
		os.Exit(1)
	}
}

func run() error {
	listen := flag.String("listen", "127.0.0.1:8089", "address to listen on")
	pieces := flag.Int("pieces", 60, "pieces of an answer")
	first := flag.Duration("first", 300*time.Millisecond, "wait before the first piece")
	gap := flag.Duration("gap", 20*time.Millisecond, "wait between two pieces")
	flag.Parse()
	reply := openaitest.Reply{First: *first, Gap: *gap, Usage: [2]int{1500, *pieces}}
	for range *pieces {
		reply.Pieces = append(reply.Pieces, "keep to the plan, ")
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", *listen)
	if err != nil {
		return err
	}
	fmt.Printf("http://%s/v1\n", l.Addr())
	server := &http.Server{Handler: openaitest.New(func(openaitest.Request) openaitest.Reply { return reply }), ReadHeaderTimeout: 10 * time.Second}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	select {
	case err = <-ended:
	case <-ctx.Done():
		_ = server.Close()
		err = <-ended
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}
