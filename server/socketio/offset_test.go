package socketio_test

import (
	"encoding/json"
	"strconv"
	"strings"
)

// offsetOf reads the position out of an event's offset argument; 0 when it has none.
func offsetOf(text string) uint64 {
	_, digits, found := strings.Cut(lastString(text), ".")
	if !found {
		return 0
	}
	position, err := strconv.ParseUint(digits, 36, 64)
	if err != nil {
		return 0
	}
	return position
}

// lastString is the last argument of an event if it is a string: what a client takes for the offset.
func lastString(text string) string {
	var args []any
	if start := strings.IndexByte(text, '['); start < 0 || json.Unmarshal([]byte(text[start:]), &args) != nil || len(args) == 0 {
		return ""
	}
	last, _ := args[len(args)-1].(string)
	return last
}
