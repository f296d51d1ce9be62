// Package bus carries events between nodes, and between the rooms of one node,
// along the same path whether there is one node or many.
//
// A topic is an ordered stream: its subscribers see the events of one
// publisher in the order they were published. Durable events (Rev > 0) have a
// row behind them: one that is lost is found again in the store by its
// revision. Transient ones (typing, deltas) may be lost and nobody looks for
// them. After a connection to other nodes was away and is back, every
// subscription receives one event named [Gap], and must catch up from the
// store.
package bus

import "context"

// Gap is the name of the event that says: events of this topic may have been
// missed, read the store.
const Gap = "bus.gap"

// Event is what travels.
type Event struct {
	// Topic is the stream: "conversation:<id>", "user:<id>", "answers", …
	Topic string
	// Name says what happened: "message.created", "ai_delta", …
	Name string
	// Rev is the revision of the row behind a durable event, 0 for a transient one.
	Rev int64
	// Data is JSON, or nil. Receivers must not change it.
	Data []byte
}

// Handler receives events of one topic, one at a time. It must be quick, must
// not publish to the bus itself and must not wait for anything that does:
// while it runs, its share of the topics stands still.
type Handler func(Event)

// Bus is the seam; every implementation passes the suite in bustest.
type Bus interface {
	// Publish hands the event over; it returns when the bus has accepted it,
	// not when it was delivered. It waits while a receiver is behind, until
	// ctx ends. It may deliver within the call, so whoever publishes holds no
	// lock that a receiver takes.
	Publish(ctx context.Context, e Event) error
	// Subscribe delivers the topic's events from now on until cancel is
	// called. cancel does not wait for a delivery under way.
	Subscribe(topic string, h Handler) (cancel func())
	// Run delivers until ctx ends. Events published before Run wait for it.
	Run(ctx context.Context) error
}
