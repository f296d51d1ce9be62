package engineio_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/elite-trading-coach/coach/server/engineio"
)

func TestBodyTooLarge(t *testing.T) {
	onBothClocks(t, engineio.Options{MaxPayload: 1000}, func(t *testing.T, x *site) {
		sid := x.session()
		x.wantStatus(x.post("polling&sid="+sid, "4"+strings.Repeat("a", 1000)), 413)
		// The client may go on with smaller ones.
		largest := "4" + strings.Repeat("a", 999)
		x.want(x.post("polling&sid="+sid, largest), 200, "ok")
		x.want(x.get("polling&sid="+sid), 200, largest)
	})
}

// rawPost starts a POST by hand.
func (x *site) rawPost(sid, headers string) (net.Conn, *bufio.Reader) {
	x.t.Helper()
	conn, err := x.dial()
	if err != nil {
		x.t.Fatal(err)
	}
	x.t.Cleanup(func() { conn.Close() })
	if _, err := fmt.Fprintf(conn, "POST %spolling&sid=%s HTTP/1.1\r\nHost: localhost\r\n%s\r\n\r\n", path, sid, headers); err != nil {
		x.t.Fatal(err)
	}
	return conn, bufio.NewReader(conn)
}

func (x *site) readStatus(r *bufio.Reader) int {
	x.t.Helper()
	response, err := http.ReadResponse(r, nil)
	if err != nil {
		x.t.Fatal(err)
	}
	response.Body.Close()
	return response.StatusCode
}

func TestBodyOfTwoGigabytes(t *testing.T) {
	onFakeClock(t, engineio.Options{}, func(t *testing.T, x *site) {
		_, r := x.rawPost(x.session(), "Content-Length: 2147483648")
		if status := x.readStatus(r); status != 413 {
			t.Errorf("status %d", status)
		}
	})
}

func TestBodyWithoutEnd(t *testing.T) {
	onBothClocks(t, engineio.Options{MaxPayload: 100_000}, func(t *testing.T, x *site) {
		conn, r := x.rawPost(x.session(), "Transfer-Encoding: chunked")
		go func() {
			chunk := fmt.Sprintf("1000\r\n%s\r\n", strings.Repeat("4", 0x1000))
			for {
				if _, err := io.WriteString(conn, chunk); err != nil {
					return
				}
			}
		}()
		if status := x.readStatus(r); status != 413 {
			t.Errorf("status %d", status)
		}
	})
}

func TestBodyThatTricklesIn(t *testing.T) {
	var d diary
	withHooks(t, engineio.Options{}, d.recording(), func(t *testing.T, x *site) {
		start := time.Now()
		_, r := x.rawPost(x.session(), "Content-Length: 10")
		if status := x.readStatus(r); status != 400 {
			t.Errorf("status %d", status)
		}
		if took := time.Since(start); took > 46*time.Second {
			t.Errorf("it took %v", took)
		}
		synctest.Wait()
		if got := d.all(); len(got) != 2 {
			t.Errorf("%q", got)
		}
	})
}

func TestBodyThatEndsEarly(t *testing.T) {
	var d diary
	withHooks(t, engineio.Options{}, d.recording(), func(t *testing.T, x *site) {
		sid := x.session()
		conn, _ := x.rawPost(sid, "Content-Length: 10")
		if _, err := io.WriteString(conn, "4abc"); err != nil {
			t.Fatal(err)
		}
		conn.Close()
		synctest.Wait()
		if diff := cmp.Diff([]string{"open", "closed: transport error"}, d.all()); diff != "" {
			t.Error(diff)
		}
		x.wantStatus(x.get("polling&sid="+sid), 400)
	})
}

func TestBodiesOverlap(t *testing.T) {
	onFakeClock(t, engineio.Options{}, func(t *testing.T, x *site) {
		sid := x.session()
		conn, r := x.rawPost(sid, "Content-Length: 2")
		synctest.Wait()
		x.wantStatus(x.post("polling&sid="+sid, "4b"), 400)
		if _, err := io.WriteString(conn, "4a"); err != nil {
			t.Fatal(err)
		}
		x.readStatus(r)
		x.wantStatus(x.get("polling&sid="+sid), 400)
	})
}

// A handler that takes its time holds up the answer, and so the client's next
// body.
func TestBodyWaitsForHandler(t *testing.T) {
	o := engineio.Options{PingInterval: time.Hour, PingTimeout: time.Second}
	h := hooks{message: func(s *engineio.Session, m engineio.Message) { <-time.After(50 * time.Minute) }}
	withHooks(t, o, h, func(t *testing.T, x *site) {
		start := time.Now()
		x.want(x.post("polling&sid="+x.session(), "4a"), 200, "ok")
		if took := time.Since(start); took != 50*time.Minute {
			t.Errorf("it took %v", took)
		}
	})
}

// A million packets in one body are taken one by one.
func TestBodyOfManyPackets(t *testing.T) {
	count := 0
	h := hooks{message: func(*engineio.Session, engineio.Message) { count++ }}
	withHooks(t, engineio.Options{}, h, func(t *testing.T, x *site) {
		body := strings.Repeat("4\x1e", 499_999) + "4"
		x.want(x.post("polling&sid="+x.session(), body), 200, "ok")
		if count != 500_000 {
			t.Errorf("%d messages", count)
		}
	})
}
