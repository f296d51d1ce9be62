package engineio

import (
	"bytes"
	"fmt"
	"sync"
	"testing"
)

func TestFrameHeaders(t *testing.T) {
	for _, test := range []struct {
		length int // of the payload on the wire
		header string
	}{
		{1, "81 01"},
		{125, "81 7d"},
		{126, "81 7e 00 7e"},
		{0xffff, "81 7e ff ff"},
		{0x10000, "81 7f 00 00 00 00 00 01 00 00"},
	} {
		f := NewText(bytes.Repeat([]byte("a"), test.length-1))
		if got := fmt.Sprintf("% x", f.wire[:f.head]); got != test.header || f.Len() != f.head+test.length {
			t.Errorf("%d: header %s, %d bytes", test.length, got, f.Len())
		}
		if cap(f.wire) != len(f.wire) {
			t.Errorf("%d: %d bytes of room are wasted", test.length, cap(f.wire)-len(f.wire))
		}
	}
	if f := NewBinary(nil); f.Len() != 2 || f.wire[0] != 0x82 {
		t.Errorf("empty binary: % x", f.wire)
	}
}

// One frame is polled by many at once.
func TestFramePollingForm(t *testing.T) {
	for want, f := range map[string]*Frame{
		"4hello":    NewText([]byte("hello")),
		"4":         NewText(nil),
		"bAQIDBA==": NewBinary([]byte{1, 2, 3, 4}),
		"b":         NewBinary(nil),
	} {
		var polls sync.WaitGroup
		for range 8 {
			polls.Go(func() {
				if got := string(f.polling()); got != want {
					t.Errorf("got %q, want %q", got, want)
				}
			})
		}
		polls.Wait()
	}
}

func TestFrameCopiesItsData(t *testing.T) {
	data := []byte("hello")
	f := NewText(data)
	data[0] = 'j'
	if got := string(f.polling()); got != "4hello" {
		t.Errorf("got %q", got)
	}
}
