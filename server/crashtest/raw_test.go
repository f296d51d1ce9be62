//go:build unix

package crashtest

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// answer is what came back of raw bytes.
type answer struct {
	status int // 0: the connection was closed without a reply, or still waited
	header http.Header
	body   string
}

// rawDial opens a connection on which anything may be sent.
func rawDial(t testing.TB, server *process) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(server.base, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return conn
}

func write(t testing.TB, conn net.Conn, text string) {
	t.Helper()
	if _, err := conn.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
}

// exchange sends bytes on a connection of their own and reads one reply.
func exchange(t testing.TB, server *process, text string) answer {
	t.Helper()
	conn := rawDial(t, server)
	defer conn.Close()
	// The server may refuse and close before it has read everything.
	_, _ = io.WriteString(conn, text)
	return read(t, conn, text)
}

// cutOff is exchange for what is not whole: the server is told that no more
// will come.
func cutOff(t testing.TB, server *process, text string) answer {
	t.Helper()
	conn := rawDial(t, server)
	defer conn.Close()
	_, _ = io.WriteString(conn, text)
	_ = conn.(*net.TCPConn).CloseWrite()
	return read(t, conn, text)
}

func read(t testing.TB, conn net.Conn, text string) answer {
	t.Helper()
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if timedOut(err) {
		t.Errorf("no reply and no end to %s", short(text))
	}
	if err != nil {
		return answer{}
	}
	defer res.Body.Close()
	body, _ := io.ReadAll(res.Body)
	return answer{res.StatusCode, res.Header, string(body)}
}

func timedOut(err error) bool {
	var network net.Error
	return errors.As(err, &network) && network.Timeout()
}

// short is enough of a text to find it by.
func short(text string) string {
	if len(text) > 160 {
		text = text[:160] + "…"
	}
	return strings.ToValidUTF8(strings.NewReplacer("\r\n", "⏎").Replace(text), "?")
}
