package bus

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A frame is what nodes send each other: text, because Postgres carries
// nothing else. Its first line says whose it is and which one of that node's:
//
//	coach1 <node> <number>
//
// Then come pieces of events, one after the other:
//
//	<topic> <name> <rev> <part> <bytes>
//	<data>
//
// An event that does not fit into a frame goes on in the next one; part says
// whether the piece is all of it, its beginning, its middle or its end. Frames of a node are numbered from 1
// without holes, so whoever gets them knows when one was lost. One without
// events is a sign of life.

const (
	frameMagic = "coach1"
	// pieceNumbers is more than the rest of a piece's line takes, beside topic
	// and name, which together have at most maxNames bytes.
	pieceNumbers = 64
	maxNames     = 256
	// maxEvent bounds one event, and with it what a receiver puts together.
	maxEvent = 8 << 20
)

var errFrame = errors.New("not a frame of coach")

// part says where in its event a piece belongs.
type part string

const (
	whole     part = "whole"
	beginning part = "begin"
	middle    part = "middle"
	ending    part = "end"
)

// piece is some of an event's data, or all of it. Each carries the event's head.
type piece struct {
	Event
	part part
}

// sendable reports what about an event no frame can carry.
func sendable(e Event) error {
	if e.Topic == "" || e.Name == "" || strings.ContainsAny(e.Topic+e.Name, " \n") || len(e.Topic)+len(e.Name) > maxNames {
		return fmt.Errorf("publish %q on %q: a topic and a name are short words without spaces", e.Name, e.Topic)
	}
	if len(e.Data) > maxEvent {
		return fmt.Errorf("publish %s on %s: %d bytes are more than an event may have", e.Name, e.Topic, len(e.Data))
	}
	return nil
}

// framer cuts events into frames of at most size bytes.
type framer struct {
	node   string
	size   int
	number int64
	open   strings.Builder
	empty  bool
	done   []string
}

func newFramer(node string, size int) *framer { return &framer{node: node, size: size, empty: true} }

// add appends an event to the frame that is open, and goes on in further ones.
func (f *framer) add(e Event) {
	for data, first := string(e.Data), true; first || data != ""; first = false {
		some := f.cut(e, data)
		data = data[len(some):]
		f.write(e, partOf(first, data == ""), some)
		if data != "" {
			f.close()
		}
	}
}

// cut is as much of data as the open frame takes; where that is not all, a
// fresh frame is opened first, which takes more.
func (f *framer) cut(e Event, data string) string {
	head := len(e.Topic) + len(e.Name) + pieceNumbers
	f.begin()
	if f.size-f.open.Len()-head < len(data) && !f.empty {
		f.close()
		f.begin()
	}
	n := f.size - f.open.Len() - head
	if n >= len(data) {
		return data
	}
	for n > 0 && !utf8.RuneStart(data[n]) { // never inside a character
		n--
	}
	return data[:n]
}

func (f *framer) write(e Event, p part, data string) {
	fmt.Fprintf(&f.open, "%s %s %d %s %d\n%s", e.Topic, e.Name, e.Rev, p, len(data), data)
	f.empty = false
}

func partOf(first, last bool) part {
	switch {
	case first && last:
		return whole
	case first:
		return beginning
	case last:
		return ending
	}
	return middle
}

// take gives the frames of what was added; of nothing, a sign of life.
func (f *framer) take() []string {
	if len(f.done) == 0 || !f.empty {
		f.begin()
		f.close()
	}
	out := f.done
	f.done = nil
	return out
}

// skip leaves a hole in the numbers, for events that were lost before they
// had one.
func (f *framer) skip() {
	if f.open.Len() > 0 {
		f.close()
	}
	f.number++
}

func (f *framer) begin() {
	if f.open.Len() == 0 {
		f.number++
		f.open.WriteString(frameMagic + " " + f.node + " " + strconv.FormatInt(f.number, 10) + "\n")
	}
}

func (f *framer) close() {
	f.done = append(f.done, f.open.String())
	f.open.Reset()
	f.empty = true
}

// readFrame is the reverse. It believes nothing of what it reads.
func readFrame(text string) (node string, number int64, pieces []piece, err error) {
	head, rest, ok := strings.Cut(text, "\n")
	fields := strings.Split(head, " ")
	if !ok || len(fields) != 3 || fields[0] != frameMagic || fields[1] == "" {
		return "", 0, nil, errFrame
	}
	if number, err = strconv.ParseInt(fields[2], 10, 64); err != nil || number < 1 {
		return "", 0, nil, errFrame
	}
	for rest != "" {
		var p piece
		if p, rest, err = readPiece(rest); err != nil {
			return "", 0, nil, err
		}
		pieces = append(pieces, p)
	}
	return fields[1], number, pieces, nil
}

func readPiece(text string) (p piece, rest string, err error) {
	head, rest, ok := strings.Cut(text, "\n")
	fields := strings.Split(head, " ")
	if !ok || len(fields) != 5 || fields[0] == "" || fields[1] == "" {
		return p, "", errFrame
	}
	rev, err1 := strconv.ParseInt(fields[2], 10, 64)
	size, err2 := strconv.Atoi(fields[4])
	if err1 != nil || err2 != nil || rev < 0 || size < 0 || size > len(rest) {
		return p, "", errFrame
	}
	p.Topic, p.Name, p.Rev, p.part = fields[0], fields[1], rev, part(fields[3])
	if size > 0 {
		p.Data = []byte(rest[:size])
	}
	return p, rest[size:], nil
}
