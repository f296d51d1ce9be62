// Package socketiotest is what tests of Socket.IO need on the server's side: the application that the public protocol
// suite talks to, and a site that serves it beside the Engine.IO echo server.
package socketiotest

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/elite-trading-coach/coach/server/engineio"
	"github.com/elite-trading-coach/coach/server/engineio/enginetest"
	"github.com/elite-trading-coach/coach/server/socketio"
)

// authPause keeps "auth" out of the TCP segment that carries the CONNECT answer. The suite waits for one message at a
// time with a listener that is gone after it, and so loses the second of two messages that its WebSocket library reads
// at once.
const authPause = 50 * time.Millisecond

// SuiteOptions are the numbers that the public suite expects.
func SuiteOptions() socketio.Options {
	return socketio.Options{Engine: enginetest.SuiteOptions(), ConnectTimeout: time.Second}
}

// NewSuiteServer makes a server with the namespaces and events of the public suite. It is an http.Handler for
// /socket.io/; whoever mounts it also runs it.
func NewSuiteServer(o socketio.Options) *socketio.Server {
	s := socketio.New(o)
	s.Of("/", Suite{})
	s.Of("/custom", Suite{})
	return s
}

// Suite is the application: "auth" with the handshake's auth on connection, "message" comes back as "message-back",
// "message-with-ack" comes back as the ack.
type Suite struct{}

// Connect lets everybody in.
func (Suite) Connect(context.Context, socketio.Handshake) (socketio.Admission, error) {
	return socketio.Admission{}, nil
}

// Connected emits "auth".
func (Suite) Connected(s *socketio.Socket) {
	gone := make(chan struct{})
	s.Session().AtEnd(func() { close(gone) })
	defer s.Session().AtEnd(nil)
	select {
	case <-time.After(authPause):
	case <-gone:
	}
	_ = s.Emit("auth", s.Handshake().Auth) // a socket that has gone needs none
}

// Event answers the two events of the suite and drops others.
func (Suite) Event(s *socketio.Socket, e *socketio.Event) {
	switch e.Name {
	case "message":
		if p, err := socketio.NewRawPacket("message-back", e.Args, e.Attachments); err == nil {
			_ = s.Send(p)
		}
	case "message-with-ack":
		_ = e.AckRaw(e.Args, e.Attachments)
	}
}

// Drained does nothing.
func (Suite) Drained(*socketio.Socket) {}

// Disconnected does nothing.
func (Suite) Disconnected(*socketio.Socket, string) {}

// Site serves both public suites: /engine.io/ and /socket.io/.
type Site struct {
	http.Handler
	engine *engineio.Server
	socket *socketio.Server
}

// NewSite makes the site with the numbers of the suites.
func NewSite() *Site {
	s := &Site{engine: enginetest.NewEchoServer(enginetest.SuiteOptions()), socket: NewSuiteServer(SuiteOptions())}
	mux := http.NewServeMux()
	mux.Handle("/engine.io/", s.engine)
	mux.Handle("/engine.io", s.engine)
	mux.Handle("/socket.io/", s.socket)
	mux.Handle("/socket.io", s.socket)
	s.Handler = mux
	return s
}

// Run keeps both servers until ctx ends.
func (s *Site) Run(ctx context.Context) error {
	var tasks sync.WaitGroup
	var errs [2]error
	tasks.Go(func() { errs[0] = s.engine.Run(ctx) })
	tasks.Go(func() { errs[1] = s.socket.Run(ctx) })
	tasks.Wait()
	if errs[0] != nil {
		return errs[0]
	}
	return errs[1]
}
