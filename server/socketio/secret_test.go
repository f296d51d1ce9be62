package socketio_test

import (
	"testing"

	"github.com/elite-trading-coach/coach/server/socketio"
)

// What a client enters with is mostly a token; it lives no longer than the entry.
func TestTheSecretOfAnEntryIsNotKept(t *testing.T) {
	said := make(chan string, 2)
	tell := func(s *socketio.Socket) { said <- string(s.Handshake().Auth) }
	a := &app{connected: tell, event: func(s *socketio.Socket, _ *socketio.Event) { tell(s) }}
	onFakeClock(t, socketio.Options{}, with(a), func(t *testing.T, x *site) {
		p, _ := x.enter(`{"token":"secret"}`)
		if got := soon(t, said); got != `{"token":"secret"}` {
			t.Errorf("Connected is told %q", got)
		}
		p.say(`42["any"]`)
		if got := soon(t, said); got != "" {
			t.Errorf("%q is kept afterwards", got)
		}
	})
}
