package engineio

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/lxzan/gws"
)

// ErrSilent is how a client's session ends when no ping came from the server
// within the interval and the timeout that it announced.
var ErrSilent = errors.New("engineio: the server has not pinged in time")

// UnexpectedReplyError is an answer to the WebSocket upgrade that is not 101;
// a server that drains or is full says 503.
type UnexpectedReplyError struct{ Status int }

func (e *UnexpectedReplyError) Error() string {
	return fmt.Sprintf("engineio: the server answered %d %s to the upgrade", e.Status, http.StatusText(e.Status))
}

// ClientHandler receives what happens to a [Client], from its read loop: one
// call at a time, in order.
type ClientHandler interface {
	// Message is called for each message; its data is valid until it returns.
	Message(m Message)
	// Closed is called once, after the last Message, unless Dial failed.
	Closed(err error)
}

// Client is the other end of a [Session], over WebSocket alone. It is meant to
// be had by the ten thousand: it costs the one goroutine that gws reads with,
// and a deadline on that read in place of a timer. Its methods are safe for
// concurrent use.
type Client struct {
	ID string // of the session

	conn    net.Conn
	ws      *gws.Conn
	handler ClientHandler
	opened  chan struct{} // closed with the open packet
	done    chan struct{} // closed when the read loop has ended
	silence time.Duration // longest time without a ping; belongs to the read loop
	lost    error         // why the loop ended; read after done
	hold    sync.Mutex    // locked while reading is paused
}

// clientOptions are read by gws, which fills what is missing.
func clientOptions(target string) *gws.ClientOption {
	return &gws.ClientOption{
		Addr: target, ReadBufferSize: 1024, ParallelGolimit: 1, CheckUtf8Enabled: true, Logger: quiet{},
		Recovery: func(gws.Logger) {}, NewSession: func() gws.SessionStorage { return nil },
		HandshakeTimeout: clientWriteTimeout,
	}
}

// clientWriteTimeout bounds one write to a server that does not read.
const clientWriteTimeout = 10 * time.Second

// Dial opens a session with the server whose endpoint is at target, an http or
// https URL with the path (http://host:3001/socket.io/). It returns after the
// open packet. The error is an [*UnexpectedReplyError], the context's, or the
// network's.
func Dial(ctx context.Context, target string, h ClientHandler) (*Client, error) {
	address, err := url.Parse(target)
	if err != nil {
		return nil, fmt.Errorf("read the address: %w", err)
	}
	conn, err := dialNetwork(ctx, address)
	if err != nil {
		return nil, err
	}
	c := &Client{conn: conn, handler: h, opened: make(chan struct{}), done: make(chan struct{})}
	// gws knows no context: closing the connection is what ends its handshake.
	stop := context.AfterFunc(ctx, c.Cut)
	defer stop()
	ws, reply, err := gws.NewClientFromConn((*clientEvents)(c), clientOptions(webSocketURL(address)), conn)
	if reply != nil {
		defer reply.Body.Close()
	}
	if err != nil {
		return nil, dialError(ctx, reply, err)
	}
	c.ws = ws
	go c.read()
	select {
	case <-c.opened:
		return c, nil
	case <-c.done:
		return nil, dialError(ctx, nil, c.lost)
	}
}

func dialNetwork(ctx context.Context, address *url.URL) (net.Conn, error) {
	secure := address.Scheme == "https"
	host := address.Host
	if address.Port() == "" {
		host = net.JoinHostPort(address.Hostname(), map[bool]string{true: "443", false: "80"}[secure])
	}
	if !secure {
		var d net.Dialer
		return d.DialContext(ctx, "tcp", host)
	}
	d := tls.Dialer{Config: &tls.Config{ServerName: address.Hostname(), MinVersion: tls.VersionTLS12}}
	return d.DialContext(ctx, "tcp", host)
}

func webSocketURL(address *url.URL) string {
	u := *address
	u.Scheme = map[bool]string{true: "wss", false: "ws"}[u.Scheme == "https"]
	q := u.Query()
	q.Set("EIO", "4")
	q.Set("transport", WebSocket)
	u.RawQuery = q.Encode()
	return u.String()
}

func dialError(ctx context.Context, reply *http.Response, err error) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case reply != nil && reply.StatusCode != http.StatusSwitchingProtocols:
		return &UnexpectedReplyError{Status: reply.StatusCode}
	}
	return fmt.Errorf("open a session: %w", err)
}

// read runs until the connection ends.
func (c *Client) read() {
	defer func() {
		if cause := recover(); cause != nil { // gws on a length beyond 2⁶³
			c.lost = fmt.Errorf("malformed frame: %v", cause)
		}
		c.Cut()
		close(c.done)
		select {
		case <-c.opened:
			c.handler.Closed(c.lost)
		default: // Dial says it
		}
	}()
	c.ws.ReadLoop()
}

// SendText sends one text message. It blocks while the network does, for ten
// seconds at most; the session has ended when it fails.
func (c *Client) SendText(text []byte) error { return c.write([]byte{packetMessage}, text) }

func (c *Client) write(parts ...[]byte) error {
	if err := c.conn.SetWriteDeadline(time.Now().Add(clientWriteTimeout)); err != nil {
		return ErrClosed
	}
	if err := c.ws.Writev(gws.OpcodeText, parts...); err != nil {
		c.Cut()
		return fmt.Errorf("%w: %w", ErrClosed, err)
	}
	return nil
}

// Close says goodbye and ends the session; Done tells when it has ended.
func (c *Client) Close() {
	_ = c.write([]byte{packetClose}) // cut all the same
	c.Cut()
}

// Cut ends the connection as a lost network would, without a word.
func (c *Client) Cut() { _ = c.conn.Close() }

// Done is closed when nothing more will be received.
func (c *Client) Done() <-chan struct{} { return c.done }

// pausedBuffer is small, so that the server soon feels that nobody reads, and
// more than two segments of the loopback device: with less, TCP falls into
// probing a closed window and recovers only after seconds.
const pausedBuffer = 128 << 10

// Pause stops reading from the network until Resume, as a client does that is
// too busy; one that stays so is taken for dead by the server.
func (c *Client) Pause() {
	c.hold.Lock()
	if tcp, ok := c.conn.(*net.TCPConn); ok {
		_ = tcp.SetReadBuffer(pausedBuffer) // only makes it felt sooner
	}
}

// Resume goes on reading.
func (c *Client) Resume() { c.hold.Unlock() }

// receive acts on one message of WebSocket.
func (c *Client) receive(m *gws.Message) {
	if m.Opcode == gws.OpcodeBinary {
		c.handler.Message(Message{Binary: true, Data: m.Bytes()})
		return
	}
	p, err := decodePacket(m.Bytes())
	if err != nil {
		c.fail(err)
		return
	}
	switch p.kind {
	case packetMessage, packetBinary:
		c.handler.Message(Message{Binary: p.kind == packetBinary, Data: p.data})
	case packetPing:
		c.heard()
		_ = c.write([]byte{packetPong}) // a failure ends the read loop
	case packetOpen:
		c.open(p.data)
	case packetClose:
		c.fail(ErrClosed)
	}
}

func (c *Client) open(data []byte) {
	var offer struct {
		SID          string
		PingInterval int64
		PingTimeout  int64
	}
	if err := json.Unmarshal(data, &offer); err != nil || offer.SID == "" || c.ID != "" {
		c.fail(errors.New("engineio: the open packet cannot be read"))
		return
	}
	c.ID, c.silence = offer.SID, time.Duration(offer.PingInterval+offer.PingTimeout)*time.Millisecond
	c.heard()
	close(c.opened)
}

// heard puts off the end of patience with a silent server.
func (c *Client) heard() { _ = c.conn.SetReadDeadline(time.Now().Add(c.silence)) }

// fail ends the connection for a reason of ours.
func (c *Client) fail(err error) {
	if c.lost == nil {
		c.lost = err
	}
	c.Cut()
}

// clientEvents is what gws calls.
type clientEvents Client

func (e *clientEvents) OnOpen(*gws.Conn)                    {}
func (e *clientEvents) OnPing(ws *gws.Conn, payload []byte) { _ = ws.WritePong(payload) }
func (e *clientEvents) OnPong(*gws.Conn, []byte)            {}

func (e *clientEvents) OnClose(_ *gws.Conn, err error) {
	var slow net.Error
	if errors.As(err, &slow) && slow.Timeout() {
		err = ErrSilent
	}
	(*Client)(e).fail(err)
}

func (e *clientEvents) OnMessage(_ *gws.Conn, m *gws.Message) {
	defer func() { _ = m.Close() }()
	c := (*Client)(e)
	c.hold.Lock()
	c.hold.Unlock() //nolint:staticcheck // only waits while the reader is paused
	c.receive(m)
}
