package engineio_test

import (
	"context"
	"net"
	"net/http"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/elite-trading-coach/coach/server/engineio"
	"github.com/elite-trading-coach/coach/server/engineio/enginetest"
)

// crowd is a server with many WebSocket sessions over loopback.
type crowd struct {
	sessions []*engineio.Session
	clients  []*enginetest.Socket
}

func newCrowd(b *testing.B, size int) *crowd {
	b.Helper()
	c := &crowd{}
	opened := make(chan *engineio.Session, size)
	server := engineio.NewServer(engineio.Options{}, hooks{open: func(s *engineio.Session) { opened <- s }})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	web := &http.Server{Handler: server}
	var tasks sync.WaitGroup
	tasks.Go(func() { _ = web.Serve(l) })
	tasks.Go(func() { _ = server.Run(ctx) })
	b.Cleanup(func() {
		for _, s := range c.clients {
			s.Close()
		}
		cancel()
		web.Close()
		tasks.Wait()
	})
	for range size {
		c.clients = append(c.clients, join(b, l.Addr().String()))
		c.sessions = append(c.sessions, <-opened)
	}
	return c
}

func join(b *testing.B, address string) *enginetest.Socket {
	b.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		b.Fatal(err)
	}
	s, err := enginetest.Upgrade(conn, path+"websocket", nil)
	if err != nil {
		b.Fatal(err)
	}
	if _, err := s.ReadText(); err != nil {
		b.Fatal(err)
	}
	return s
}

// BenchmarkFanOut sends one frame to a thousand sessions and waits until all
// have read it; the reading side works in the same process and is measured too.
func BenchmarkFanOut(b *testing.B) {
	const size = 1000
	c := newCrowd(b, size)
	frame := engineio.NewText(make([]byte, 300))
	var got, readers sync.WaitGroup
	for _, s := range c.clients {
		readers.Go(func() {
			buf := make([]byte, frame.Len())
			for drop(s.Conn, buf) {
				got.Done()
			}
		})
	}
	b.ReportAllocs()
	for b.Loop() {
		got.Add(size)
		for _, s := range c.sessions {
			if err := s.Send(frame); err != nil {
				b.Fatal(err)
			}
		}
		got.Wait()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/size, "ns/socket")
	for _, s := range c.clients {
		s.Close()
	}
	readers.Wait()
}

// drop reads one frame's worth of bytes.
func drop(conn net.Conn, buf []byte) bool {
	for n := 0; n < len(buf); {
		m, err := conn.Read(buf[n:])
		if err != nil {
			return false
		}
		n += m
	}
	return true
}

// BenchmarkIdleSocket reports what an idle WebSocket session costs, with the
// client's half in the same process: about a kilobyte and a file of it.
func BenchmarkIdleSocket(b *testing.B) {
	const size = 2000
	before := residentBytes(b)
	c := newCrowd(b, size)
	for _, s := range c.clients {
		*s = enginetest.Socket{Conn: s.Conn} // its read buffer is not what we measure
	}
	for b.Loop() {
		runtime.GC()
	}
	goroutines := runtime.NumGoroutine()
	b.ReportMetric(float64(residentBytes(b)-before)/size, "RSS-B/socket")
	b.ReportMetric(float64(goroutines)/size, "goroutines/socket")
	runtime.KeepAlive(c)
}

// residentBytes is the process's resident memory after a collection.
func residentBytes(b *testing.B) int {
	b.Helper()
	debug.FreeOSMemory()
	statm, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		b.Skipf("waits for a system with /proc: %v", err)
	}
	pages, err := strconv.Atoi(strings.Fields(string(statm))[1])
	if err != nil {
		b.Fatal(err)
	}
	return pages * os.Getpagesize()
}
