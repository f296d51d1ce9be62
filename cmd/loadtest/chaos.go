package loadtest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"
)

// Each second chaos cuts one socket in cutShare and pauses one reader in
// pauseShare, one of each at least.
const (
	cutShare   = 50
	pauseShare = 100
	pauseAbout = time.Second
)

// killsAt is when a spawned server is killed, as shares of the load.
func killsAt() []float64 { return []float64{0.35, 0.7} }

// chaos does harm until ctx ends, and puts right what it has paused.
type chaos struct {
	crowd  *crowd
	server *process // nil: not ours to kill
	length time.Duration
}

func (h *chaos) run(ctx context.Context) error {
	var paused sync.WaitGroup
	defer paused.Wait()
	var kills []<-chan time.Time
	if h.server != nil {
		for _, share := range killsAt() {
			kills = append(kills, time.After(time.Duration(share*float64(h.length))))
		}
	}
	kills = append(kills, nil) // never
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			h.cutSome()
			h.pauseSome(ctx, &paused)
		case <-kills[0]:
			kills = kills[1:]
			if err := h.kill(ctx); err != nil {
				return err
			}
		}
	}
}

func (h *chaos) some(share int) []*vu {
	all := h.crowd.vus
	picked := make([]*vu, max(1, len(all)/share))
	for i := range picked {
		picked[i] = all[rand.N(len(all))]
	}
	return picked
}

func (h *chaos) cutSome() {
	for _, v := range h.some(cutShare) {
		v.cut()
	}
}

// pauseSome lets some stop reading for about a second.
func (h *chaos) pauseSome(ctx context.Context, paused *sync.WaitGroup) {
	for _, v := range h.some(pauseShare) {
		v.mu.Lock()
		l := v.link
		v.mu.Unlock()
		if l == nil {
			continue
		}
		h.crowd.rec.pauses.Add(1)
		paused.Go(func() {
			l.client.Pause()
			defer l.client.Resume()
			select {
			case <-time.After(h.crowd.about(pauseAbout)):
			case <-l.client.Done():
			case <-ctx.Done():
			}
		})
	}
}

// kill ends the server as kill -9 does and starts it again at once.
func (h *chaos) kill(ctx context.Context) error {
	h.crowd.outage.Store(true)
	defer h.crowd.outage.Store(false)
	for _, v := range h.crowd.vus {
		v.expectLoss()
	}
	h.crowd.rec.kills.Add(1)
	h.server.kill()
	// An interrupt must not leave the run without the server that it is held against.
	if err := h.server.start(context.WithoutCancel(ctx)); err != nil {
		return fmt.Errorf("start the server again after it was killed: %w", err)
	}
	return nil
}
