package bustest

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/elite-trading-coach/coach/server/bus"
)

// Site is several nodes that share a carrier.
type Site struct {
	// Node makes one more node; it is not running yet.
	Node func(t *testing.T) *bus.Remote
	// Wire is between all nodes and what carries.
	Wire *Wire
}

// RunCluster holds a bus of several nodes to what they promise each other.
// open gives a site of its own to each test.
func RunCluster(t *testing.T, open func(t *testing.T) Site) {
	t.Helper()
	for name, test := range map[string]func(t *testing.T, s Site){
		"EachNodeHearsOfItOnce":             hearsOnce,
		"ThePublishersOrderIsKeptElsewhere": orderElsewhere,
		"LargeEventsComeWhole":              largeEvents,
		"ItGoesOnAloneAndTellsOfTheGap":     goesOnAlone,
		"ANodeThatComesLaterIsHeard":        laterNode,
		"WhatIsPublishedAtTheEndIsSent":     lastWords,
	} {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

// node runs a node and waits until it is connected.
func (s Site) node(t *testing.T) (*bus.Remote, *running) {
	t.Helper()
	b := s.Node(t)
	r := start(t, b)
	until(t, "the node is connected", b.Connected)
	return b, r
}

// until waits for what has no signal of its own.
func until(t *testing.T, what string, true_ func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for limit := time.After(patience); !true_(); {
		select {
		case <-tick.C:
		case <-limit:
			t.Fatalf("it did not come to pass that %s", what)
		}
	}
}

// listen gathers a topic's events, without gaps, and the gaps apart.
func listen(b bus.Bus, topic string) (events, gaps chan bus.Event, cancel func()) {
	events, gaps = make(chan bus.Event, 10_000), make(chan bus.Event, 10_000)
	return events, gaps, b.Subscribe(topic, func(e bus.Event) {
		if e.Name == bus.Gap {
			gaps <- e
			return
		}
		events <- e
	})
}

func hearsOnce(t *testing.T, s Site) {
	a, ra := s.node(t)
	b, rb := s.node(t)
	onA, _, cancelA := listen(a, "t")
	defer cancelA()
	onB, _, cancelB := listen(b, "t")
	defer cancelB()
	ra.must(t, bus.Event{Topic: "t", Name: "one", Rev: 7, Data: []byte(`{"é":"💎\n\u0000"}`)})
	for node, from := range map[string]chan bus.Event{"a": onA, "b": onB} {
		if e := next(t, from); e.Name != "one" || e.Rev != 7 || string(e.Data) != `{"é":"💎\n\u0000"}` {
			t.Errorf("%s got %+v", node, e)
		}
	}
	// Whatever came twice would have come before the answer to it.
	rb.must(t, bus.Event{Topic: "t", Name: "two"})
	for node, from := range map[string]chan bus.Event{"a": onA, "b": onB} {
		if e := next(t, from); e.Name != "two" {
			t.Errorf("%s got %+v again", node, e)
		}
	}
}

func orderElsewhere(t *testing.T, s Site) {
	_, ra := s.node(t)
	b, _ := s.node(t)
	got, gaps, cancel := listen(b, "t")
	defer cancel()
	const n = 3000
	for i := range n {
		ra.must(t, bus.Event{Topic: "t", Name: strconv.Itoa(i), Data: []byte(`"` + strings.Repeat("x", i%97) + `"`)})
	}
	for i := range n {
		if e := next(t, got); e.Name != strconv.Itoa(i) || len(e.Data) != i%97+2 {
			t.Fatalf("event %d is %s with %d bytes", i, e.Name, len(e.Data))
		}
	}
	if len(gaps) > 0 {
		t.Errorf("%d gaps, and nothing was missing", len(gaps))
	}
}

func largeEvents(t *testing.T, s Site) {
	_, ra := s.node(t)
	b, _ := s.node(t)
	got, _, cancel := listen(b, "t")
	defer cancel()
	for _, size := range []int{7_000, 7_900, 8_000, 20_001, 1_000_000} {
		data := `"` + strings.Repeat("💎é", size/6) + `"`
		ra.must(t, bus.Event{Topic: "t", Name: "large", Data: []byte(data)})
		ra.must(t, bus.Event{Topic: "t", Name: "small"})
		if e := next(t, got); string(e.Data) != data {
			t.Errorf("%d bytes came as %d", len(data), len(e.Data))
		}
		if e := next(t, got); e.Name != "small" {
			t.Errorf("after the large one came %s", e.Name)
		}
	}
	if err := ra.Publish(t.Context(), bus.Event{Topic: "t", Name: "huge", Data: make([]byte, 9<<20)}); err == nil {
		t.Error("nine megabytes were taken")
	}
	if err := ra.Publish(t.Context(), bus.Event{Topic: "t t", Name: "x"}); err == nil {
		t.Error("a topic with a space was taken")
	}
}

func goesOnAlone(t *testing.T, s Site) {
	a, ra := s.node(t)
	b, _ := s.node(t)
	onA, gapsA, cancelA := listen(a, "t")
	defer cancelA()
	onB, gapsB, cancelB := listen(b, "t")
	defer cancelB()
	s.Wire.Cut()
	until(t, "both nodes know", func() bool {
		ra.must(t, bus.Event{Topic: "other", Name: "x"})
		return !a.Connected() && !b.Connected()
	})
	drain(gapsA)
	drain(gapsB)
	ra.must(t, bus.Event{Topic: "t", Name: "alone", Rev: 1})
	if e := next(t, onA); e.Name != "alone" {
		t.Fatalf("got %+v", e)
	}
	s.Wire.Mend()
	for node, gaps := range map[string]chan bus.Event{"a": gapsA, "b": gapsB} {
		if e := next(t, gaps); e.Topic != "t" {
			t.Errorf("%s: the gap is of %q", node, e.Topic)
		}
	}
	until(t, "both are back", func() bool { return a.Connected() && b.Connected() })
	ra.must(t, bus.Event{Topic: "t", Name: "together", Rev: 2})
	for e := next(t, onB); e.Name != "together"; e = next(t, onB) {
		if e.Name != "alone" { // it may or may not have been sent
			t.Fatalf("got %+v", e)
		}
	}
}

func drain(c chan bus.Event) {
	for len(c) > 0 {
		<-c
	}
}

func laterNode(t *testing.T, s Site) {
	a, ra := s.node(t)
	got, _, cancel := listen(a, "t")
	defer cancel()
	for i := range 3 {
		_, r := s.node(t)
		r.must(t, bus.Event{Topic: "t", Name: fmt.Sprint("from ", i)[:4], Rev: int64(i)})
		if e := next(t, got); e.Rev != int64(i) {
			t.Errorf("got %+v", e)
		}
		r.stop()
	}
	ra.must(t, bus.Event{Topic: "t", Name: "end"})
	if e := next(t, got); e.Name != "end" {
		t.Errorf("got %+v", e)
	}
}

func lastWords(t *testing.T, s Site) {
	_, ra := s.node(t)
	b, _ := s.node(t)
	got, _, cancel := listen(b, "t")
	defer cancel()
	const n = 500
	for i := range n {
		ra.must(t, bus.Event{Topic: "t", Name: strconv.Itoa(i)})
	}
	ra.stop()
	for i := range n {
		if e := next(t, got); e.Name != strconv.Itoa(i) {
			t.Fatalf("event %d is %s", i, e.Name)
		}
	}
}
