package engineio

import (
	"sync/atomic"

	"github.com/lxzan/gws"
)

// idling is what a connection needs to be parked when its client falls silent,
// and read again. The first part belongs to the read loop.
type idling struct {
	silent        bool  // the client's last word was a pong
	came, handled int   // bytes, and how many of them were whole frames that are handled
	parking       bool  // the loop ends for now
	settled       bool  // the system does not watch it
	failed        error // why the next read fails

	token   uint64      // in the lot; guarded by its mu, 0: was never there
	leaving atomic.Bool // it is to end, and is not parked any more
}

// park leaves a silent connection to the lot; where that cannot be, it goes on
// as before.
func (sk *socket) park(ws *gws.Conn) {
	sk.parking, sk.silent = false, false
	if !sk.server.lot.park(sk, ws) {
		sk.settled = true
		go sk.read(ws)
	}
}

// mayPark reports whether nothing is to be done here before the client speaks.
// The counts differ while a part of a frame has come, for what is not whole was
// not handled. The further headers of a message in fragments are not counted,
// which may keep its connection from being parked ever after. Over TLS nothing
// is parked: what the client said may wait inside it, unseen by the system.
func (sk *socket) mayPark() bool {
	return sk.silent && sk.came == sk.handled && sk.raw != nil && sk.session != nil && !sk.settled && !sk.leaving.Load()
}

// frameSize is the size of a masked frame on the wire (RFC 6455, 5.2).
func frameSize(payload int) int {
	switch {
	case payload <= 125:
		return 6 + payload
	case payload <= 0xffff:
		return 8 + payload
	}
	return 14 + payload
}
