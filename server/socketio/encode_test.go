package socketio

import (
	"encoding/json"
	"math"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/elite-trading-coach/coach/server/engineio"
)

func TestPacketEncoding(t *testing.T) {
	type note struct {
		Text string `json:"text"`
	}
	for name, c := range map[string]struct {
		namespace, offset string
		event             string
		args              []any
		want              string
		attachments       int
	}{
		"Bare":      {"/", "", "hello", nil, `2["hello"]`, 0},
		"Values":    {"/", "", "a", []any{1, "x", true, nil, note{"<&>é"}}, `2["a",1,"x",true,null,{"text":"<&>é"}]`, 0},
		"Namespace": {"/custom", "", "a", []any{1}, `2/custom,["a",1]`, 0},
		"Offset":    {"/", "e.1", "a", []any{1}, `2["a",1,"e.1"]`, 0},
		"OnlyName":  {"/", "e.1", "a", nil, `2["a","e.1"]`, 0},
		"Raw":       {"/", "", "a", []any{json.RawMessage(`{ "k" : 1 }`), json.RawMessage(nil)}, `2["a",{ "k" : 1 },null]`, 0},
		"Quotes":    {"/", "", "a\"\u2028\n", nil, `2["a\"\u2028\n"]`, 0},
		"Binary": {
			"/", "", "a",
			[]any{[]byte{1}, "x", []byte{}},
			`52-["a",{"_placeholder":true,"num":0},"x",{"_placeholder":true,"num":1}]`, 2,
		},
		"BinaryOffset":      {"/c", "e.z", "a", []any{[]byte{1}}, `51-/c,["a",{"_placeholder":true,"num":0},"e.z"]`, 1},
		"BadUTF8IsReplaced": {"/", "", "a", []any{"\xff"}, `2["a","\ufffd"]`, 0},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := NewPacket(c.event, c.args...)
			if err != nil {
				t.Fatal(err)
			}
			run := p.encode(c.namespace, c.offset)
			if len(run) != 1+c.attachments {
				t.Fatalf("%d frames, want %d", len(run), 1+c.attachments)
			}
			if !reflect.DeepEqual(run[0], engineio.NewText([]byte(c.want))) {
				t.Errorf("%#v is not the frame of %s", run[0], c.want)
			}
			decoded, err := decodeText([]byte(c.want), 10)
			if err != nil {
				t.Fatal(err)
			}
			if decoded.name != c.event || decoded.namespace != c.namespace || decoded.attached != c.attachments {
				t.Errorf("decoded as %+v", decoded)
			}
		})
	}
}

// TestTextsAreAsJSONHasThem goes over every byte that may need an escape.
func TestTextsAreAsJSONHasThem(t *testing.T) {
	for b := range 256 {
		text := "a" + string(rune(b)) + "b" + string([]byte{byte(b)})
		want, err := marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := appendArg(nil, text); err != nil || string(got) != string(want) {
			t.Errorf("%q is %s (%v), want %s", text, got, err, want)
		}
	}
}

func TestPacketRefuses(t *testing.T) {
	for name, args := range map[string][]any{
		"BrokenRaw":          {json.RawMessage(`{"a":`)},
		"TwoValues":          {json.RawMessage(`1 2`)},
		"NotUTF8":            {json.RawMessage("\"\xff\"")},
		"Channel":            {make(chan int)},
		"Infinity":           {math.Inf(1)},
		"ForeignPlaceholder": {[]byte{1}, json.RawMessage(`{"text":[{"_placeholder":true,"num":0}]}`)},
		"PlaceholderInMap":   {[]byte{1}, map[string]any{"_placeholder": true, "num": 0}},
		"EscapedPlaceholder": {[]byte{1}, json.RawMessage(`{"\u005fplaceholder":true,"num":0}`)},
	} {
		t.Run(name, func(t *testing.T) {
			if p, err := NewPacket("a", args...); err == nil {
				t.Errorf("encoded as %s", p.body)
			}
		})
	}
	for _, reserved := range []string{"connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"} {
		if _, err := NewPacket(reserved); err == nil {
			t.Errorf("event %q was encoded", reserved)
		}
		if _, err := NewRawPacket(reserved, nil, nil); err == nil {
			t.Errorf("raw event %q was encoded", reserved)
		}
	}
	if _, err := NewRawPacket("a", rawArgs(`{"_placeholder":true,"num":1}`), [][]byte{{1}}); err == nil {
		t.Error("a placeholder without its attachment was encoded")
	}
}

// A packet is encoded once for all the sockets of a room.
func TestPacketIsEncodedOnce(t *testing.T) {
	p, err := NewPacket("a", []byte{1}, 2)
	if err != nil {
		t.Fatal(err)
	}
	first, second := p.run("/"), p.run("/")
	if !cmp.Equal(first, second, cmp.Comparer(func(a, b *engineio.Frame) bool { return a == b })) {
		t.Error("the second socket got other frames")
	}
	other := p.run("/other")
	if other[0] == first[0] || other[1] != first[1] {
		t.Error("another namespace has its own text and the same attachments")
	}
	if p.transient || !p.Transient().transient {
		t.Error("Transient changes a copy")
	}
}
