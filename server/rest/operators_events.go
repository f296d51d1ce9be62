package rest

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/elite-trading-coach/coach/server/api"
)

// operatorEvents tells what happens on this node as server-sent events, until
// the reader goes, the token ends or the server does.
func (s *site) operatorEvents(c *call) error {
	ctx, cancel := context.WithCancel(c.Request().Context())
	happens := make(chan api.Event)
	go func() {
		defer close(happens)
		for e := range s.Operators.Events(ctx) {
			select {
			case happens <- e:
			case <-ctx.Done():
				return
			}
		}
	}()
	defer func() {
		cancel()
		for range happens { // until the follower has ended
		}
	}()
	w := newEventWriter(c)
	defer s.boundConnection(c, 0)
	if err := w.begin(); err != nil {
		return nil // the reader has gone
	}
	s.tellOperator(c, w, happens)
	return nil
}

func (s *site) tellOperator(c *call, w *eventWriter, happens <-chan api.Event) {
	alive, recheck := time.NewTicker(s.keepAlive), time.NewTicker(s.recheck)
	defer alive.Stop()
	defer recheck.Stop()
	for {
		var err error
		select {
		case e, more := <-happens:
			if !more {
				return
			}
			err = w.operatorEvent(e)
		case <-alive.C:
			err = w.comment("alive")
		case <-recheck.C:
			// On the port a reader must not keep the drain waiting; on the
			// admin socket, which ends last, it may watch it.
			if !s.local && s.Draining() || s.noMore(c) {
				return
			}
		}
		if err != nil {
			return // the reader has gone
		}
	}
}

// noMore reports whether the reader is an operator no more.
func (s *site) noMore(c *call) bool {
	err := s.admitOperator(c)
	return err != nil && theirs(err)
}

// operatorEvent writes the one field of an event that goes with its name.
func (w *eventWriter) operatorEvent(e api.Event) error {
	var data any
	switch e.Name {
	case api.EventLoad:
		data = e.Load
	case api.EventChanged:
		data = e.Changed
	case api.EventLog:
		data = e.Log
	case api.EventLimit:
		data = e.Limit
	case api.EventAudit:
		data = e.Audit
	case api.EventLost:
		data = e.Lost
	}
	b, err := json.Marshal(data)
	if err != nil {
		return fmt.Errorf("encode the event %s: %w", e.Name, err)
	}
	fmt.Fprintf(&w.buffer, "event: %s\ndata: %s\n\n", e.Name, b)
	return w.flush()
}
