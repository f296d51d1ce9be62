package socketio

import (
	"context"
	"encoding/json"
	"errors"
	"runtime/debug"
	"time"

	"github.com/elite-trading-coach/coach/server/engineio"
)

// neutralRefusal is what a client is told when the reason is nobody's business.
const neutralRefusal = "The server could not let you in."

// connect answers a CONNECT packet. It runs in the client's turn: what the client sends next waits.
func (c *conn) connect(m message) {
	if s := c.socket(m.namespace); s != nil && !s.closed.Load() {
		c.refuse(ReasonProtocolError, malformed("second CONNECT to namespace %q", m.namespace))
		return
	}
	n, known := c.server.namespaces[m.namespace]
	if !known {
		c.sendConnectError(m.namespace, &ConnectError{Message: "Invalid namespace"})
		return
	}
	handshake := c.handshake(m.payload)
	admission, err := c.admit(n, handshake)
	if err != nil {
		c.refuseConnect(n, err)
		return
	}
	s := c.recoverSocket(n, handshake, admission)
	if s == nil {
		s = c.openSocket(n, handshake, admission)
	}
	if s == nil { // the session ended meanwhile
		return
	}
	s.guard("connected", func(h Handler) { h.Connected(s) })
	s.settled()
}

func (c *conn) handshake(auth json.RawMessage) *Handshake {
	if auth == nil {
		auth = json.RawMessage(`{}`)
	}
	return c.handshakeOf(auth, c.session.Transport())
}

// handshakeOf puts together what a socket of this connection said when it entered.
func (c *conn) handshakeOf(auth json.RawMessage, transport string) *Handshake {
	r := c.session.Request()
	return &Handshake{
		Auth:       auth,
		Header:     r.Header,
		URL:        r.URL,
		RemoteAddr: r.RemoteAddr,
		Host:       r.Host,
		Transport:  transport,
		TLS:        r.TLS,
		Time:       r.Time,
	}
}

// admit asks the Handler, in a context that ends with the session.
func (c *conn) admit(n *Namespace, h *Handshake) (admission Admission, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), c.server.options.ConnectTimeout)
	defer cancel()
	c.session.AtEnd(cancel)
	defer c.session.AtEnd(nil)
	defer func() {
		if cause := recover(); cause != nil {
			c.server.logger.Error("socket.io handler panicked", "doing", "connect", "namespace", n.name,
				"panic", cause, "stack", string(debug.Stack()))
			err = ErrTryLater
		}
	}()
	return n.handler.Connect(ctx, *h)
}

func (c *conn) refuseConnect(n *Namespace, err error) {
	var refusal *ConnectError
	switch {
	case errors.As(err, &refusal):
		c.sendConnectError(n.name, refusal)
	case errors.Is(err, ErrTryLater), errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		c.session.Close(ReasonTryLater)
	default:
		c.server.logger.Warn("socket.io client refused", "namespace", n.name, "err", err)
		c.sendConnectError(n.name, &ConnectError{Message: neutralRefusal})
	}
}

func (c *conn) sendConnectError(namespace string, refusal *ConnectError) {
	payload, err := marshal(struct {
		Message string `json:"message"`
		Data    any    `json:"data,omitempty"`
	}{refusal.Message, refusal.Data})
	if err != nil {
		c.server.logger.Error("socket.io connect error has data that is not JSON", "err", err)
		payload = []byte(`{"message":"` + neutralRefusal + `"}`)
	}
	c.sendPayload(typeConnectError, namespace, payload)
}

// sendPayload sends CONNECT, DISCONNECT and CONNECT_ERROR. A failure means that the session has ended, and its end is
// told on its own way.
func (c *conn) sendPayload(kind packetType, namespace string, payload []byte) {
	_ = c.session.Send(payloadFrame(kind, namespace, payload))
}

func payloadFrame(kind packetType, namespace string, payload []byte) *engineio.Frame {
	return engineio.NewText(append(appendHeader(nil, kind, 0, namespace, noAck), payload...))
}

// openSocket makes a socket with a new id. nil: the session has ended.
func (c *conn) openSocket(n *Namespace, h *Handshake, a Admission) *Socket {
	s := &Socket{
		Data: a.Data, id: newID(), namespace: n, conn: c, auth: h.Auth, transport: h.Transport, identity: a.Identity,
		connectedAt: time.Now(),
	}
	if r := c.server.recovery; r != nil {
		s.pid = newID()
		r.follow(s)
	}
	if !c.enter(s) {
		if s.pid != "" {
			c.server.recovery.forget(s)
		}
		return nil
	}
	n.add(s)
	c.sendPayload(typeConnect, n.name, s.connectAnswer())
	return s
}

// connectAnswer is {"sid"} alone where recovery is off: clients take a pid as the promise of it.
func (s *Socket) connectAnswer() []byte {
	if s.pid == "" {
		return []byte(`{"sid":"` + s.id + `"}`)
	}
	return []byte(`{"sid":"` + s.id + `","pid":"` + s.pid + `"}`)
}
