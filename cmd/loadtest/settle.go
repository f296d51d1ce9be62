package loadtest

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// settlePatience is how long, after the load, is waited for what is still on
// its way; after that it is lost.
const settlePatience = 20 * time.Second

// silence is how long no event came before what is missing is taken for lost.
const silence = 4 * time.Second

// settle waits until everything that was sent is decided, every answer is
// finished, and every socket is back and has heard all of it; it returns the
// conversations as the server has them.
func (r *run) settle(ctx context.Context) (map[*conversation][]row, error) {
	r.told.say("waiting for what is on its way")
	deadline := time.Now().Add(settlePatience)
	waitFor(ctx, time.Until(deadline), func() bool {
		for _, c := range r.convs {
			if c.undecided() > 0 {
				return false
			}
		}
		return r.crowd.count((*vu).isThere) == len(r.crowd.vus)
	})
	stored := map[*conversation][]row{}
	var mu sync.Mutex
	err := each(ctx, len(r.convs), func(ctx context.Context, i int) error {
		c := r.convs[i]
		list, err := r.finished(ctx, c, deadline)
		mu.Lock()
		defer mu.Unlock()
		stored[c] = list
		return err
	})
	if err != nil {
		return stored, fmt.Errorf("the check could not be made: %w", err)
	}
	r.hearAll(ctx, stored, time.Until(deadline))
	return stored, nil
}

// hearAll waits until every socket has heard everything. Where nothing has come
// for a while, nothing will.
func (r *run) hearAll(ctx context.Context, stored map[*conversation][]row, most time.Duration) {
	before, since := int64(-1), time.Now()
	waitFor(ctx, most, func() bool {
		if now := r.crowd.rec.events.Load(); now != before {
			before, since = now, time.Now()
		}
		return time.Since(since) > silence || r.heardAll(stored)
	})
}

func (r *run) heardAll(stored map[*conversation][]row) bool {
	for _, c := range r.convs {
		for _, l := range c.ears {
			if r.crowd.vus[l.socket].isThere() && len(l.misses(stored[c])) > 0 {
				return false
			}
		}
	}
	return true
}

// finished reads a conversation until no answer in it is open.
func (r *run) finished(ctx context.Context, c *conversation, deadline time.Time) (list []row, err error) {
	reader := r.crowd.vus[c.ears[0].socket].user
	for {
		if list, err = rows(ctx, reader, c.id); err != nil {
			return nil, err
		}
		open := false
		for _, m := range list {
			open = open || m.isAnswer() && m.open()
		}
		if !open || time.Now().After(deadline) {
			return list, nil
		}
		waitFor(ctx, patiencePause, func() bool { return false })
	}
}

// check holds every conversation against what was sent and heard.
func (r *run) check(stored map[*conversation][]row) {
	for _, c := range r.convs {
		list, read := stored[c]
		if !read {
			continue
		}
		r.report.Checked.Conversations++
		r.report.Checked.Rows += len(list)
		r.crowd.found.check(c, list, func(socket int) bool { return r.crowd.vus[socket].isThere() })
	}
}
