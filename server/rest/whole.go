package rest

import (
	"context"
	"net"
	"net/http"
)

// Whole makes connections of l send a reply of known length in one write.
// net/http by itself sends what fills its 4 KiB, and then the rest, and a write
// costs more than the making of most replies. (A body that is less than 4 KiB
// but for its head still takes two.) It is for servers whose ConnContext is
// [ConnContext].
func Whole(l net.Listener) net.Listener { return wholeListener{l} }

type wholeListener struct{ net.Listener }

// Accept implements [net.Listener].
func (l wholeListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if tcp, ok := conn.(*net.TCPConn); ok {
		return &wholeConn{TCPConn: tcp}, nil
	}
	return conn, err //nolint:wrapcheck // the listener's own
}

// wholeConn holds back what is certain to be followed by more. What does not
// come through Write (a file by sendfile) never follows anything that is held.
type wholeConn struct {
	*net.TCPConn
	more int     // bytes that are certain to be written yet
	held *[]byte // of bodies; nil: nothing
}

// Write implements [net.Conn].
func (c *wholeConn) Write(p []byte) (int, error) {
	c.more = max(0, c.more-len(p))
	if c.more == 0 && c.held == nil {
		return c.TCPConn.Write(p) //nolint:wrapcheck // the connection's own
	}
	if c.more > 0 {
		if c.held == nil {
			c.held = bodies.Get().(*[]byte)
			*c.held = (*c.held)[:0]
		}
		*c.held = append(*c.held, p...)
		return len(p), nil
	}
	both := net.Buffers{*c.held, p}
	if _, err := both.WriteTo(c.TCPConn); err != nil {
		return 0, err //nolint:wrapcheck // as above
	}
	bodies.Put(c.held)
	c.held = nil
	return len(p), nil
}

// Underlying is the connection itself, for who takes it over.
func (c *wholeConn) Underlying() net.Conn { return c.TCPConn }

type wholeKey struct{}

// ConnContext lets requests find their connection (see [http.Server]).
func ConnContext(ctx context.Context, conn net.Conn) context.Context {
	if c, ok := conn.(*wholeConn); ok {
		return context.WithValue(ctx, wholeKey{}, c)
	}
	return ctx
}

// expectBody tells the connection that a head and then n bytes of body are
// written next, or it is cut: what is held before the nth byte always goes with
// a later one. Where net/http writes no body, nothing is to be expected.
func (c *call) expectBody(status, n int) {
	conn, ok := c.Request().Context().Value(wholeKey{}).(*wholeConn)
	if ok && c.Request().Method != http.MethodHead && status != http.StatusNoContent && status != http.StatusNotModified && !c.Response().Committed {
		conn.more = n
	}
}
