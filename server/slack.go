package server

import (
	"context"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

const (
	// slackEvery is how often is looked whether there is memory to give back.
	slackEvery = 15 * time.Second
	// slackLeast is the least that is worth a collection, in bytes.
	slackLeast = 8 << 20
	// slackShare of what is in use may be kept in hand for what comes next.
	slackShare = 4 // a quarter
	// slackCrowd is the least number of sockets whose going is worth a collection.
	slackCrowd = 200
)

// slack gives memory back to the system when nothing much happens. Go keeps as
// much in hand as is in use, for the next burst, and collects only every two
// minutes when nothing asks for memory; with many thousand quiet sockets that
// is half of what the process holds.
type slack struct {
	allocated uint64 // in all, when it was looked last
	settled   uint64 // held after the last giving back
	lived     uint64 // live then

	// What sockets held is found free only by a collection, which nothing else
	// may ask for once they have gone.
	linger time.Duration // how long a socket is kept that has gone
	most   int           // sockets since the last giving back
	left   time.Time     // since when many of them have gone; zero: they have not
}

// keepSlack runs until ctx ends.
func (s *Server) keepSlack(ctx context.Context) error {
	tick := time.NewTicker(slackEvery)
	defer tick.Stop()
	l := slack{linger: s.Config.Realtime.RecoveryWindow + slackEvery}
	look := func() memory {
		m := readMemory()
		m.sockets = s.live.Len()
		return m
	}
	l.due(look(), time.Now())
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			if l.due(look(), time.Now()) {
				debug.FreeOSMemory()
				l.gave(look())
			}
		}
	}
}

// memory is what Go says of itself, in bytes.
type memory struct {
	held      uint64 // of the system's, less what was given back
	live      uint64 // of the heap when it was collected last, and stacks
	allocated uint64 // on the heap, in all
	sockets   int    // open
}

func readMemory() memory {
	samples := []metrics.Sample{
		{Name: "/memory/classes/total:bytes"},
		{Name: "/memory/classes/heap/released:bytes"},
		{Name: "/gc/heap/live:bytes"},
		{Name: "/memory/classes/heap/stacks:bytes"},
		{Name: "/gc/heap/allocs:bytes"},
	}
	metrics.Read(samples)
	v := func(i int) uint64 { return samples[i].Value.Uint64() }
	return memory{held: v(0) - v(1), live: v(2) + v(3), allocated: v(4)}
}

// gave notes how things are after memory was given back.
func (l *slack) gave(m memory) {
	l.settled, l.lived = m.held, m.live
	l.most, l.left = m.sockets, time.Time{}
}

// emptied reports whether many sockets have gone, and are not kept any more.
func (l *slack) emptied(m memory, now time.Time) bool {
	l.most = max(l.most, m.sockets)
	switch {
	case m.sockets+slackCrowd > l.most-l.most/slackShare:
		l.left = time.Time{}
	case l.left.IsZero():
		l.left = now
	}
	return !l.left.IsZero() && now.Sub(l.left) >= l.linger
}

// due reports whether it was quiet since the last look and a collection would
// free what is worth it. What the last one could not free is not tried again,
// unless much of what lived then has gone.
func (l *slack) due(m memory, now time.Time) bool {
	emptied := l.emptied(m, now)
	quiet := m.allocated-l.allocated < m.live/slackShare+slackLeast
	l.allocated = m.allocated
	grown := m.held > l.settled+l.settled/slackShare || m.held > l.settled+slackLeast && m.held > m.live+m.live/slackShare
	fallen := m.live+slackLeast < l.lived-l.lived/slackShare && m.held > m.live+m.live/slackShare
	return quiet && (grown || fallen || emptied) && m.held > slackLeast
}
