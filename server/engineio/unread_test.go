package engineio_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/elite-trading-coach/coach/server/engineio"
)

// net/http reads what is left of a body before it goes on, without a deadline of its own: a body that was announced
// and never comes would hold its connection for ever, for a request that was refused long ago.
func TestABodyThatNeverComesDoesNotHoldItsConnection(t *testing.T) {
	for name, request := range map[string]string{
		"GET without a session":  "GET " + path + "polling",
		"POST without a session": "POST " + path + "polling",
		"unknown session":        "POST " + path + "polling&sid=nobody",
		"bad protocol":           "POST /engine.io/?EIO=3",
		"preflight":              "OPTIONS " + path + "polling",
	} {
		t.Run(name, func(t *testing.T) {
			o := engineio.Options{PingInterval: 300 * time.Millisecond, PingTimeout: 200 * time.Millisecond}
			onBothClocks(t, o, func(t *testing.T, x *site) {
				conn, err := x.dial()
				if err != nil {
					t.Fatal(err)
				}
				defer conn.Close()
				if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
					t.Fatal(err)
				}
				if _, err := fmt.Fprintf(conn, "%s HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nx", request); err != nil {
					t.Fatal(err)
				}
				reader := bufio.NewReader(conn)
				response, err := http.ReadResponse(reader, nil)
				if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
					t.Fatalf("the reply: %v", err)
				}
				if err == nil {
					response.Body.Close()
				}
				if _, err := io.Copy(io.Discard, reader); err != nil {
					t.Errorf("the connection is still open: %v", err)
				}
			})
		})
	}
}
