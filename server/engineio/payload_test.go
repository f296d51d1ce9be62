package engineio

import (
	"bytes"
	"encoding/base64"
	"errors"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func decodeAll(body []byte) (kinds string, datas []string, err error) {
	for p, err := range decodePayload(body) {
		if err != nil {
			return kinds, datas, err
		}
		kinds += string(p.kind)
		datas = append(datas, string(p.data))
	}
	return kinds, datas, nil
}

func TestDecodePayload(t *testing.T) {
	for body, want := range map[string]struct {
		kinds string
		datas []string
		err   error
	}{
		"4a":                {"4", []string{"a"}, nil},
		"4":                 {"4", []string{""}, nil},
		"4a\x1e3\x1ebAQI=":  {"43b", []string{"a", "", "\x01\x02"}, nil},
		"b":                 {"b", []string{""}, nil},
		"":                  {"", nil, errEmptyPacket},
		"4a\x1e":            {"4", []string{"a"}, errEmptyPacket},
		"4a\x1e\x1e4b":      {"4", []string{"a"}, errEmptyPacket},
		"7":                 {"", nil, errPacketType},
		"/":                 {"", nil, errPacketType},
		"4a\xff":            {"", nil, errNotUTF8},
		"b%":                {"", nil, errNotBase64},
		"bAQI":              {"", nil, errNotBase64},
		"4a\x1exyz\x1e4b":   {"4", []string{"a"}, errPacketType},
		"2probe\x1e5\x1e61": {"256", []string{"probe", "", "1"}, nil},
	} {
		kinds, datas, err := decodeAll([]byte(body))
		if !errors.Is(err, want.err) || kinds != want.kinds {
			t.Errorf("%q: kinds %q, error %v", body, kinds, err)
		}
		if diff := cmp.Diff(want.datas, datas); diff != "" {
			t.Errorf("%q: %s", body, diff)
		}
	}
}

// FuzzDecodePayload: whatever is taken makes the same body again, and nothing
// else is possible: no panic, no packet without a type, no text but UTF-8.
func FuzzDecodePayload(f *testing.F) {
	for _, seed := range []string{
		"4hello", "4test1\x1e4test2\x1e4test3", "4hello\x1ebAQIDBA==", "abc", "", "\x1e", "b", "2probe", "5", "4\xff", "bAQ==\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		original := bytes.Clone(body)
		var again [][]byte
		failed := false
		for p, err := range decodePayload(body) {
			if failed {
				t.Fatal("it went on after an error")
			}
			if err != nil {
				failed = true
				continue
			}
			switch {
			case p.kind == packetBinary:
				again = append(again, []byte("b"+base64.StdEncoding.EncodeToString(p.data)))
			case p.kind < packetOpen || p.kind > packetNoop || !utf8.Valid(p.data):
				t.Fatalf("took %q %q", p.kind, p.data)
			default:
				again = append(again, append([]byte{p.kind}, p.data...))
			}
		}
		if !bytes.Equal(original, body) {
			t.Fatal("the body was changed")
		}
		joined := bytes.Join(again, []byte{separator})
		// Base64 with line breaks or loose trailing bits has no single form.
		if !failed && !bytes.Contains(body, []byte("b")) && !bytes.Equal(joined, body) {
			t.Fatalf("%q became %q", body, joined)
		}
	})
}
