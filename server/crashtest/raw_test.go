//go:build unix

package crashtest

import (
	"net"
	"testing"
	"time"
)

// rawDial opens a connection on which anything may be sent.
func rawDial(t testing.TB, server *process) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", server.base[len("http://"):])
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
