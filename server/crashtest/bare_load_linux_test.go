package crashtest

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lxzan/gws"
)

// BenchmarkServerBare is the bare server under what the other benchmarks of a
// whole server ask of coach, as often and as many at once. Its clients have less
// to do than coach's: they count what they hear, which is one short frame.
func BenchmarkServerBare(b *testing.B) {
	text := "long 2 MES at 6000, stop 5994, as the plan says"
	for _, part := range []struct {
		name string
		run  func(b *testing.B, s *process, all runs)
	}{
		{"page", func(b *testing.B, s *process, all runs) {
			all.bareRequests(b, s, http.MethodGet, "/page", "")
		}},
		{"post", func(b *testing.B, s *process, all runs) {
			all.bareRequests(b, s, http.MethodPost, "/message", `{"content":"`+text+`"}`)
		}},
		{"send/500-a-second", func(b *testing.B, s *process, all runs) {
			all.bareSends(b, s, bareLoad{sockets: 200, text: text, rate: 500, heard: 1, unit: "µs/message"})
		}},
		{"send/2000-a-second", func(b *testing.B, s *process, all runs) {
			all.bareSends(b, s, bareLoad{sockets: 400, text: text, rate: 2000, heard: 1, unit: "µs/message"})
		}},
		{"fanout/1000-at-10", func(b *testing.B, s *process, all runs) {
			all.bareSends(b, s, bareLoad{sockets: 1000, text: "b " + text, rate: 10, heard: 1000, unit: "µs/delivery"})
		}},
		{"fanout/100-at-50", func(b *testing.B, s *process, all runs) {
			all.bareSends(b, s, bareLoad{sockets: 100, text: "b " + text, rate: 50, heard: 100, unit: "µs/delivery"})
		}},
		{"cycle", func(b *testing.B, s *process, all runs) {
			all.bareCycles(b, s)
		}},
	} {
		b.Run(part.name, func(b *testing.B) {
			s, all := newBare(b), runs{}
			for range b.N {
				part.run(b, s, all)
			}
			all.report(b)
		})
	}
}

func (r runs) bareRequests(b *testing.B, s *process, method, path, body string) {
	b.Helper()
	transport := &http.Transport{MaxIdleConnsPerHost: 16, DisableCompression: true}
	defer transport.CloseIdleConnections()
	const requests = 4000
	used := s.cpu(b)
	inParallel(b, 8, requests, func(int) error {
		ask, err := http.NewRequestWithContext(b.Context(), method, s.base+path, strings.NewReader(body))
		if err != nil {
			return err
		}
		reply, err := transport.RoundTrip(ask)
		if err != nil {
			return err
		}
		defer reply.Body.Close()
		if reply.StatusCode != http.StatusOK {
			return fmt.Errorf("%s %s: %s", method, path, reply.Status)
		}
		_, err = io.Copy(io.Discard, reply.Body)
		return err
	})
	r.add("µs/request", float64((s.cpu(b)-used).Microseconds())/requests)
}

// bareLoad says who sends what: each text is heard by so many sockets.
type bareLoad struct {
	sockets, rate, heard int
	text, unit           string
}

func (r runs) bareSends(b *testing.B, s *process, load bareLoad) {
	b.Helper()
	const seconds = 10
	hearing := &bareClient{}
	var sockets []*gws.Conn
	for range load.sockets {
		c, err := dialBare(s, hearing)
		if err != nil {
			b.Fatal(err)
		}
		defer func() { _ = c.NetConn().Close() }()
		sockets = append(sockets, c)
	}
	// Each is in the room once it has been answered.
	for i, c := range sockets {
		if err := c.WriteString("here"); err != nil {
			b.Fatal(err)
		}
		hearing.await(b, int64(i+1))
	}
	hearing.heard.Store(0)
	used, began := s.cpu(b), time.Now()
	for i := range seconds * load.rate {
		time.Sleep(time.Until(began.Add(time.Second * time.Duration(i) / time.Duration(load.rate))))
		if err := sockets[i%len(sockets)].WriteString(load.text); err != nil {
			b.Fatal(err)
		}
	}
	all := int64(seconds * load.rate * load.heard)
	hearing.await(b, all)
	r.add("messages/s", seconds*float64(load.rate)/time.Since(began).Seconds())
	r.add(load.unit, float64((s.cpu(b)-used).Microseconds())/float64(all))
}

// bareCycles are sockets that connect, send, hear that it is kept, and leave.
func (r runs) bareCycles(b *testing.B, s *process) {
	b.Helper()
	const cycles = 2000
	used := s.cpu(b)
	inParallel(b, 8, cycles, func(int) error {
		hearing := &bareClient{first: make(chan struct{})}
		c, err := dialBare(s, hearing)
		if err != nil {
			return err
		}
		defer func() { _ = c.NetConn().Close() }()
		if err := c.WriteString("long 2 MES at 6000, stop 5994"); err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(b.Context(), patience)
		defer cancel()
		select {
		case <-hearing.first:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
	r.add("µs/cycle", float64((s.cpu(b)-used).Microseconds())/cycles)
}

// bareClient counts what its sockets hear.
type bareClient struct {
	gws.BuiltinEventHandler
	heard atomic.Int64
	first chan struct{} // if not nil, closed by the first
}

func (c *bareClient) await(b *testing.B, all int64) {
	b.Helper()
	for end := time.Now().Add(patience); c.heard.Load() < all; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			b.Fatalf("%d of %d were heard", c.heard.Load(), all)
		}
	}
}

func (c *bareClient) OnMessage(_ *gws.Conn, message *gws.Message) {
	_ = message.Close()
	if c.heard.Add(1) == 1 && c.first != nil {
		close(c.first)
	}
}

func dialBare(s *process, hearing gws.Event) (*gws.Conn, error) {
	c, _, err := gws.NewClient(hearing, &gws.ClientOption{Addr: strings.Replace(s.base, "http", "ws", 1) + "/socket"})
	if err != nil {
		return nil, err
	}
	go c.ReadLoop()
	return c, nil
}
