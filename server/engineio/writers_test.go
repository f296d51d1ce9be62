package engineio_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/elite-trading-coach/coach/server/engineio"
	"github.com/elite-trading-coach/coach/server/engineio/enginetest"
)

// Clients whose buffers are full are waited for; whatever was queued for them
// meanwhile reaches them whole and in order, and others do not wait with them.
func TestFullBuffersLoseNothingAndHoldNobodyUp(t *testing.T) {
	opened := make(chan *engineio.Session, 4)
	server := engineio.NewServer(engineio.Options{HardLimit: 64 << 20}, hooks{open: func(s *engineio.Session) { opened <- s }})
	x := newSite(t, listenTCP(t), server)
	var slow []*enginetest.Socket
	var sessions []*engineio.Session
	for range 3 { // more than there are writers on a small machine
		s, _ := x.webSocketSession()
		slow = append(slow, s)
		sessions = append(sessions, <-opened)
	}
	const frames = 2000
	filler := strings.Repeat("x", 8000) // 16 MB for each: no system buffers that much
	var senders sync.WaitGroup
	for _, s := range sessions {
		senders.Go(func() {
			for i := range frames {
				if err := s.Send(engineio.NewText(fmt.Appendf(nil, "%d:%s", i, filler))); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	senders.Wait()
	quick, _ := x.webSocketSession()
	if err := (<-opened).Send(engineio.NewText([]byte("at once"))); err != nil {
		t.Fatal(err)
	}
	x.hear(quick, "4at once")
	for _, s := range slow {
		for i := range frames {
			got, err := s.ReadText()
			if err != nil {
				t.Fatalf("frame %d: %v", i, err)
			}
			if want := fmt.Sprintf("4%d:", i); !strings.HasPrefix(got, want) || len(got) != len(want)+len(filler) {
				t.Fatalf("frame %d is %.20s of %d bytes", i, got, len(got))
			}
		}
	}
}
