package loadtest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"
)

// rampPatience is how long, after the ramp, is waited for the last socket.
const rampPatience = 30 * time.Second

// phases is the ramp and the load.
func (r *run) phases(ctx context.Context) error {
	began := time.Now()
	r.told.say("connecting %d sockets within %s", r.o.Connections, r.o.Ramp)
	step := 0
	pace(ctx, began, arrivals([]Stage{{For: max(r.o.Ramp, time.Millisecond), To: rampRate(r.o)}}, rampRate(r.o)), func(time.Time) {
		if step < len(r.crowd.vus) {
			r.crowd.dial <- r.crowd.vus[step] // has room for all
			step++
		}
	})
	waitFor(ctx, rampPatience, func() bool { return r.crowd.count((*vu).isThere) == len(r.crowd.vus) })
	r.report.RampSeconds = time.Since(began).Seconds()
	r.connected = r.serverUsage()
	if r.crowd.rec.connects.Load() == 0 && ctx.Err() == nil {
		return fmt.Errorf("no socket could connect to %s: %s", r.o.URL, firstOf(r.crowd.trouble()))
	}
	return r.speak(ctx)
}

// rampRate opens all sockets within the ramp, and a rounding more.
func rampRate(o Options) float64 {
	return (float64(o.Connections) + 0.5) / max(o.Ramp, time.Millisecond).Seconds()
}

func firstOf(list []Trouble) string {
	if len(list) == 0 {
		return "they got no answer in time"
	}
	return list[0].Text
}

// speak is the load itself.
func (r *run) speak(ctx context.Context) error {
	stages, _ := r.o.stages()
	r.told.say("%s of load, up to %g messages/s", length(stages), peak(stages))
	began, before := time.Now(), ownCPU()
	broken, stop := context.WithCancel(ctx)
	defer stop()
	limited, cancel := context.WithTimeout(broken, length(stages))
	defer cancel()
	var harm sync.WaitGroup
	var failed error
	if r.o.Chaos {
		harm.Go(func() {
			failed = (&chaos{crowd: r.crowd, server: r.server, length: length(stages)}).run(limited)
			if failed != nil {
				stop()
			}
		})
	}
	harm.Go(func() { r.moveAbout(limited) })
	r.talk(broken, began) // not limited, which ends at the moment of the last message
	<-limited.Done()
	harm.Wait()
	r.report.LoadSeconds = time.Since(began).Seconds()
	r.cpu, r.done = ownCPU()-before, r.serverUsage()
	return failed
}

// talk lets somebody at random speak at each moment of the schedule.
func (r *run) talk(ctx context.Context, began time.Time) {
	talkers := r.talkers()
	if len(talkers) == 0 {
		return
	}
	stages, from := r.o.stages()
	spoken := make([]int, len(talkers))
	pace(ctx, began, arrivals(stages, from), func(intended time.Time) {
		i := rand.N(len(talkers))
		spoken[i]++
		r.crowd.rec.planned.Add(1)
		talkers[i].plan(spoken[i], intended)
	})
}

func peak(stages []Stage) (most float64) {
	for _, s := range stages {
		most = max(most, s.To)
	}
	return most
}

// moveAbout lets sockets of roles that do not stay go and come back.
func (r *run) moveAbout(ctx context.Context) {
	ticker := time.NewTicker(5 * tick)
	defer ticker.Stop()
	for {
		select {
		case now := <-ticker.C:
			r.crowd.restless(now)
		case <-ctx.Done():
			return
		}
	}
}

func (r *run) talkers() (list []*vu) {
	for _, v := range r.crowd.vus {
		if v.role.talks() {
			list = append(list, v)
		}
	}
	return list
}

// watch writes down each second and tells of it.
func (r *run) watch(ctx context.Context) {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	s := sampler{r: r.crowd.rec, began: time.Now()}
	for {
		select {
		case now := <-ticker.C:
			second := s.next(now)
			r.report.Seconds = append(r.report.Seconds, second)
			r.told.second(second)
		case <-ctx.Done():
			return
		}
	}
}
