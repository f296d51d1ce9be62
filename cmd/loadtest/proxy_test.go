package loadtest

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// dropper stands between sockets and a server and swallows deliveries: one
// new_message in so many.
type dropper struct {
	t      *testing.T
	server string // host:port
	every  int64

	deliveries, dropped atomic.Int64
	conns               sync.WaitGroup
}

// startDropper listens until the test ends, and gives its URL.
func startDropper(t *testing.T, server string, every int64) (d *dropper, url string) {
	t.Helper()
	d = &dropper{t: t, server: strings.TrimPrefix(server, "http://"), every: every}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d.conns.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			d.conns.Go(func() { d.carry(conn) })
		}
	})
	t.Cleanup(func() { _ = l.Close(); d.conns.Wait() })
	return d, "http://" + l.Addr().String()
}

func (d *dropper) carry(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("tcp", d.server)
	if err != nil {
		d.t.Error(err)
		return
	}
	defer server.Close()
	d.conns.Go(func() {
		_, _ = io.Copy(server, client) // either end may go at any time
		_ = server.Close()
	})
	from := bufio.NewReader(server)
	upgraded, err := passHead(from, client)
	for upgraded && err == nil {
		err = d.passFrame(from, client)
	}
	if err == nil {
		_, _ = io.Copy(client, from)
	}
}

// passHead carries the first reply's head and reports whether it is a 101.
func passHead(from *bufio.Reader, to io.Writer) (upgraded bool, err error) {
	for first := true; ; first = false {
		line, err := from.ReadString('\n')
		if err != nil {
			return false, err
		}
		upgraded = upgraded || first && strings.Contains(line, " 101 ")
		if _, err := io.WriteString(to, line); err != nil || line == "\r\n" {
			return upgraded, err
		}
	}
}

// passFrame carries one unmasked frame (RFC 6455, 5.2), or swallows it.
func (d *dropper) passFrame(from *bufio.Reader, to io.Writer) error {
	frame := make([]byte, 2, 1024)
	if _, err := io.ReadFull(from, frame); err != nil {
		return err
	}
	size := uint64(frame[1])
	if extra := map[byte]int{126: 2, 127: 8}[frame[1]]; extra > 0 {
		var wide [8]byte
		if _, err := io.ReadFull(from, wide[8-extra:]); err != nil {
			return err
		}
		frame, size = append(frame, wide[8-extra:]...), binary.BigEndian.Uint64(wide[:])
	}
	if size > 1<<20 {
		return errors.New("a frame that no test sends")
	}
	head := len(frame)
	frame = append(frame, make([]byte, size)...)
	if _, err := io.ReadFull(from, frame[head:]); err != nil {
		return err
	}
	if bytes.HasPrefix(frame[head:], []byte(`42["new_message"`)) && d.deliveries.Add(1)%d.every == 0 {
		d.dropped.Add(1)
		return nil
	}
	_, err := to.Write(frame)
	return err
}
