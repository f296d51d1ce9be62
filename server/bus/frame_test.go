package bus

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// TestFramesBringEveryEventWhole sends events of all sizes through frames of all sizes.
func TestFramesBringEveryEventWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.IntRange(500, 9000).Draw(t, "size")
		f, h := newFramer("a", size), newHearing("b", time.Time{})
		var want, got []Event
		for range rapid.IntRange(1, 5).Draw(t, "sendings") {
			for range rapid.IntRange(0, 6).Draw(t, "events") {
				data := rapid.StringN(0, 4000, -1).Draw(t, "data")
				e := Event{Topic: "conversation:x", Name: "n", Rev: rapid.Int64Range(0, 1<<50).Draw(t, "rev")}
				if data != "" {
					e.Data = []byte(data)
				}
				want = append(want, e)
				f.add(e)
			}
			for _, frame := range f.take() {
				if len(frame) > size || !utf8.ValidString(frame) {
					t.Fatalf("a frame of %d bytes, valid %t", len(frame), utf8.ValidString(frame))
				}
				events, missed, err := h.frame(frame, time.Time{})
				if err != nil || missed {
					t.Fatalf("missed %t, %v", missed, err)
				}
				got = append(got, events...)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestHearingNoticesWhatIsMissing(t *testing.T) {
	now := time.Now()
	frames := func(f *framer, sizes ...int) (out []string) {
		for _, n := range sizes {
			f.add(Event{Topic: "t", Name: "n", Data: []byte(strings.Repeat("x", n))})
			out = append(out, f.take()...)
		}
		return out
	}
	t.Run("a frame between two", func(t *testing.T) {
		h, sent := newHearing("b", now), frames(newFramer("a", 1000), 1, 2, 3)
		_, first, _ := h.frame(sent[0], now)
		events, missed, _ := h.frame(sent[2], now)
		if first || !missed || len(events) != 1 || len(events[0].Data) != 3 {
			t.Errorf("first %t, then missed %t with %v", first, missed, events)
		}
	})
	t.Run("the middle of a large event", func(t *testing.T) {
		h, sent := newHearing("b", now), frames(newFramer("a", 1000), 2500)
		if len(sent) != 3 {
			t.Fatalf("%d frames", len(sent))
		}
		_, _, _ = h.frame(sent[0], now)
		events, missed, _ := h.frame(sent[2], now)
		if !missed || len(events) != 0 {
			t.Errorf("missed %t, and half an event came: %d", missed, len(events))
		}
	})
	t.Run("the beginning of a large event", func(t *testing.T) {
		h, sent := newHearing("b", now), frames(newFramer("a", 1000), 2500)
		for _, frame := range sent[1:] {
			if events, _, _ := h.frame(frame, now); len(events) != 0 {
				t.Errorf("half an event came: %d", len(events))
			}
		}
	})
	t.Run("events that never had a number", func(t *testing.T) {
		f, h := newFramer("a", 1000), newHearing("b", now)
		_, _, _ = h.frame(frames(f, 1)[0], now)
		f.skip()
		if _, missed, _ := h.frame(f.take()[0], now); !missed {
			t.Error("the sign of life does not show the hole")
		}
	})
	t.Run("a node that was there before is not missed, one that was away is", func(t *testing.T) {
		h, sent := newHearing("b", now), frames(newFramer("a", 1000), 1, 2, 3)
		if _, missed, _ := h.frame(sent[1], now); missed {
			t.Error("what was sent before the connection counts as missed")
		}
		h = newHearing("b", now)
		if _, missed, _ := h.frame(sent[1], now.Add(time.Hour)); !missed {
			t.Error("a node's first frames were lost, and nobody notices")
		}
	})
	t.Run("a frame told twice", func(t *testing.T) {
		h, sent := newHearing("b", now), frames(newFramer("a", 1000), 1)
		_, _, _ = h.frame(sent[0], now)
		if events, missed, _ := h.frame(sent[0], now); missed || len(events) != 0 {
			t.Errorf("missed %t, %v", missed, events)
		}
	})
	t.Run("one's own", func(t *testing.T) {
		h, sent := newHearing("a", now), frames(newFramer("a", 1000), 1)
		if events, missed, err := h.frame(sent[0], now); err != nil || missed || len(events) != 0 {
			t.Errorf("%v, missed %t, %v", events, missed, err)
		}
	})
}

func FuzzReadFrame(f *testing.F) {
	framer := newFramer("node", 600)
	framer.add(Event{Topic: "t", Name: "n", Rev: 3, Data: []byte(strings.Repeat(`{"é":1}`, 200))})
	for _, frame := range framer.take() {
		f.Add(frame)
	}
	f.Add("coach1 a 1\nt n 0 whole -1\n")
	f.Add("coach1 a 1\nt n 0 whole 99999999999999999999\nx")
	f.Add("coach1 a 0\n")
	f.Fuzz(func(t *testing.T, text string) {
		_, number, pieces, err := readFrame(text)
		if err != nil {
			return
		}
		size := 0
		for _, p := range pieces {
			size += len(p.Data)
		}
		if number < 1 || size > len(text) {
			t.Errorf("number %d, %d bytes of data out of %d", number, size, len(text))
		}
	})
}
