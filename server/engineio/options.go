package engineio

import (
	"log/slog"
	"net/http"
	"slices"
	"time"
)

// The names of the two transports, as they appear in the transport parameter.
const (
	Polling   = "polling"
	WebSocket = "websocket"
)

// Options are the numbers a server runs by. A zero field takes its default.
type Options struct {
	PingInterval   time.Duration // between a client's answer and the next ping; 25 s
	PingTimeout    time.Duration // for the answer to a ping; 20 s
	UpgradeTimeout time.Duration // for a probing WebSocket to take over; 10 s
	WriteTimeout   time.Duration // for one write of at most 256 KiB; 10 s
	MaxPayload     int           // bytes of one POST body or WebSocket message; 1 000 000
	Transports     []string      // Polling, WebSocket; both

	// AllowOrigin says whether a page of the request's origin may connect. It
	// is asked only about requests that carry an Origin header (others do not
	// come from a browser), the server's own origin included. nil allows every
	// origin.
	AllowOrigin func(r *http.Request) bool
	// Admit is asked before a session is made, not about later requests of a
	// session. An error refuses it with 503 and the error's text, so the text
	// must be fit for strangers. nil admits everybody.
	Admit func(r *http.Request) error

	// SoftLimit and HardLimit bound the bytes waiting in one session's outbox,
	// counted until they are written. Over the soft one (256 KiB) volatile
	// frames are refused; over the hard one (4 MiB) the session is closed. A
	// run sent to an empty outbox is always taken, however large.
	SoftLimit, HardLimit int

	ReadBuffer int          // bytes of buffer per WebSocket connection; 256
	Logger     *slog.Logger // discards unless given
}

// withDefaults fills the zero fields.
func (o Options) withDefaults() Options {
	o.PingInterval = or(o.PingInterval, 25*time.Second)
	o.PingTimeout = or(o.PingTimeout, 20*time.Second)
	o.UpgradeTimeout = or(o.UpgradeTimeout, 10*time.Second)
	o.WriteTimeout = or(o.WriteTimeout, 10*time.Second)
	o.MaxPayload = or(o.MaxPayload, 1_000_000)
	o.SoftLimit = or(o.SoftLimit, 256<<10)
	o.HardLimit = or(o.HardLimit, 4<<20)
	o.ReadBuffer = or(o.ReadBuffer, 256)
	if len(o.Transports) == 0 {
		o.Transports = []string{Polling, WebSocket}
	}
	if o.AllowOrigin == nil {
		o.AllowOrigin = func(*http.Request) bool { return true }
	}
	if o.Admit == nil {
		o.Admit = func(*http.Request) error { return nil }
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

// serves reports whether a transport of that name is switched on.
func (o Options) serves(transport string) bool { return slices.Contains(o.Transports, transport) }

func or[T int | time.Duration](value, fallback T) T {
	if value > 0 {
		return value
	}
	return fallback
}
