package chat

import (
	"bytes"
	"encoding/json"
)

// newMessageQuickly is what ClientEvents makes of the event of a new message,
// without reading the row: rowEvent always writes it in one form, and the moment
// of its making is all that is asked of it. ok is false for any other form,
// which is read properly then. FuzzNewMessageQuickly holds the two equal.
//
// Inside of a JSON text every quote stands behind a backslash, so the last
// `"createdAt":"` is the row's own: its images come before it.
func newMessageQuickly(data []byte) (payload json.RawMessage, ok bool) {
	const (
		before, after = `{"message":`, `,"resetsAt":null}`
		key, next     = `"createdAt":"`, `","updatedAt":`
	)
	if !bytes.HasPrefix(data, []byte(before+`{`)) || !bytes.HasSuffix(data, []byte(`}`+after)) {
		return nil, false
	}
	message := data[len(before) : len(data)-len(after)]
	at := bytes.LastIndex(message, []byte(key))
	if at < 0 || len(message) < at+len(key)+len(timeLayout) {
		return nil, false
	}
	moment := message[at+len(key) : at+len(key)+len(timeLayout)]
	if !bytes.HasPrefix(message[at+len(key)+len(timeLayout):], []byte(next)) || moment[len(moment)-1] != 'Z' {
		return nil, false
	}
	out := make([]byte, 0, len(before)+len(message)+len(`,"timestamp":""}`)+len(moment))
	out = append(append(out, before...), message...)
	out = append(append(out, `,"timestamp":"`...), moment...)
	return append(out, `"}`...), true
}
