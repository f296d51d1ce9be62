package rest

import (
	"bufio"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// newServer serves h on an address of its own.
func newServer(t *testing.T, h http.Handler) string {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return strings.TrimPrefix(srv.URL, "http://")
}

// readReply reads one reply from a bare connection; req is what it answers.
func readReply(t *testing.T, conn net.Conn, req *http.Request) answer {
	t.Helper()
	if err := conn.SetReadDeadline(time.Now().Add(waiting)); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), req)
	if err != nil {
		t.Fatalf("read the reply: %v", err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatalf("read the reply: %v", err)
	}
	out := answer{t: t, status: res.StatusCode, header: res.Header, raw: raw}
	if err := json.Unmarshal(raw, &out); err != nil {
		t.Fatalf("%q: %v", raw, err)
	}
	return out
}
