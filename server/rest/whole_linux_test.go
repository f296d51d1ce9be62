package rest

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/labstack/echo/v4"
	"golang.org/x/sys/unix"
)

// lengths is a server that answers /N with N bytes by [site.send].
func lengths(t *testing.T) (address string, client *http.Client) {
	t.Helper()
	s := newSite(Options{})
	e := s.bare()
	e.Pre(s.around)
	e.Match([]string{http.MethodGet, http.MethodHead}, "/:n", func(ec echo.Context) error {
		n, err := strconv.Atoi(ec.Param("n"))
		status := http.StatusOK
		if n < 0 {
			n, status = -n, http.StatusNotModified
		}
		_ = s.send(of(ec), status, bytesOf(n))
		return err
	})
	server := httptest.NewUnstartedServer(e)
	server.Listener = Whole(server.Listener)
	server.Config.ConnContext = ConnContext
	server.Start()
	t.Cleanup(server.Close)
	client = server.Client()
	client.Timeout = 10 * time.Second
	return server.URL, client
}

// bytesOf is a body of n bytes that no other length begins with.
func bytesOf(n int) []byte {
	return bytes.Repeat([]byte(strconv.Itoa(n)+" "), n)[:n]
}

// TestAReplyIsOneWrite counts the segments that carried data: on the loopback,
// a write of up to 64 KiB is one.
func TestAReplyIsOneWrite(t *testing.T) {
	address, client := lengths(t)
	var conn *net.TCPConn
	client.Transport.(*http.Transport).DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := (&net.Dialer{}).DialContext(ctx, network, address)
		conn, _ = c.(*net.TCPConn)
		return c, err
	}
	get(t, client, address+"/1") // connects
	for _, n := range []int{0, 1, 1000, 3000, 4500, 6600, 20_000, 50_000} {
		before := segmentsIn(t, conn)
		get(t, client, address+"/"+strconv.Itoa(n))
		if writes := segmentsIn(t, conn) - before; writes != 1 {
			t.Errorf("a body of %d bytes came in %d segments, want 1", n, writes)
		}
	}
}

// TestRepliesOfAnyLengthArrive goes over every length about net/http's buffers,
// one after the other on one connection.
func TestRepliesOfAnyLengthArrive(t *testing.T) {
	address, client := lengths(t)
	for n := 1400; n < 4500; n += 7 {
		if got := get(t, client, address+"/"+strconv.Itoa(n)); got != n {
			t.Fatalf("%d bytes of %d came", got, n)
		}
	}
	for n := 3300; n < 4200; n++ {
		if got := get(t, client, address+"/"+strconv.Itoa(n)); got != n {
			t.Fatalf("%d bytes of %d came", got, n)
		}
	}
}

// TestRepliesAreNobodyElses has several ask at once for replies that are held.
func TestRepliesAreNobodyElses(t *testing.T) {
	address, client := lengths(t)
	var askers sync.WaitGroup
	for i := range 8 {
		askers.Go(func() {
			for n := 6000 + i; n < 7000; n += 8 {
				if got := get(t, client, address+"/"+strconv.Itoa(n)); got != n {
					t.Errorf("%d bytes of %d came", got, n)
				}
			}
		})
	}
	askers.Wait()
}

// TestARepliesHeadIsNotHeldForABodyThatDoesNotCome would otherwise wait for ever.
func TestARepliesHeadIsNotHeldForABodyThatDoesNotCome(t *testing.T) {
	address, client := lengths(t)
	res, err := client.Head(address + "/6600")
	if err != nil || res.ContentLength != 6600 {
		t.Errorf("HEAD: %v, %v", res, err)
	}
	if got := get(t, client, address+"/-6600"); got != 0 {
		t.Errorf("a 304 had a body of %d bytes", got)
	}
	if got := get(t, client, address+"/6600"); got != 6600 {
		t.Errorf("%d bytes after them, want 6600", got)
	}
}

// get tells how long the body is, which must be its own.
func get(t *testing.T, client *http.Client, address string) int {
	t.Helper()
	res, err := client.Get(address)
	if err != nil {
		t.Error(err)
		return -1
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || !bytes.Equal(body, bytesOf(len(body))) {
		t.Errorf("%s: a body of another, or a broken one (%v)", address, err)
	}
	return len(body)
}

func segmentsIn(t *testing.T, conn *net.TCPConn) int {
	t.Helper()
	raw, err := conn.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var info *unix.TCPInfo
	if ctlErr := raw.Control(func(fd uintptr) { info, err = unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO) }); ctlErr != nil || err != nil {
		t.Fatal(ctlErr, err)
	}
	return int(info.Data_segs_in)
}
