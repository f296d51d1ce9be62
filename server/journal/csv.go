package journal

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"
)

// The columns of a file of trades, in the order they are written. A file that
// is read may have them in any order and any case, and may leave out all but
// instrument and side.
const (
	colInstrument = "instrument"
	colSide       = "side"
	colDecision   = "decision"
	colQuantity   = "quantity"
	colEntry      = "entry"
	colExit       = "exit"
	colOpenedAt   = "openedAt"
	colClosedAt   = "closedAt"
	colFees       = "fees"
	colStop       = "stop"
	colTargets    = "targets"
	colPointValue = "pointValue"
	colSetup      = "setup"
	colEmotion    = "emotion"
	colTags       = "tags"
	colNote       = "note"
	colFills      = "fills"
)

func columns() []string {
	return []string{
		colInstrument, colSide, colDecision, colQuantity, colEntry, colExit, colOpenedAt, colClosedAt, colFees, colStop, colTargets,
		colPointValue, colSetup, colEmotion, colTags, colNote, colFills,
	}
}

// Spreadsheets run a cell that begins with one of these. Such a text is
// written with an apostrophe before it, which reading takes away again.
const formulaStarts = "=+-@\t"

func guardCell(s string) string {
	if plain := strings.TrimLeft(s, "'"); plain != "" && strings.ContainsRune(formulaStarts, rune(plain[0])) {
		return "'" + s
	}
	return s
}

func unguardCell(s string) string {
	if plain := strings.TrimLeft(s, "'"); len(plain) < len(s) && plain != "" && strings.ContainsRune(formulaStarts, rune(plain[0])) {
		return s[1:]
	}
	return s
}

// errEncoding is a file whose text cannot be read.
var errEncoding = errors.New("the file is not UTF-8; save it as \"CSV UTF-8\" and try again")

// asUTF8 reads UTF-8 with or without its mark, and UTF-16 with it, which some
// spreadsheets write.
func asUTF8(r io.Reader) (*bufio.Reader, error) {
	in := bufio.NewReaderSize(r, 64<<10)
	start, err := in.Peek(3)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	switch {
	case bytes.HasPrefix(start, []byte{0xEF, 0xBB, 0xBF}):
		_, err = in.Discard(3)
		return in, err
	case bytes.HasPrefix(start, []byte{0xFF, 0xFE}):
		_, err = in.Discard(2)
		return bufio.NewReader(&utf16Reader{in: in, order: binary.LittleEndian}), err
	case bytes.HasPrefix(start, []byte{0xFE, 0xFF}):
		_, err = in.Discard(2)
		return bufio.NewReader(&utf16Reader{in: in, order: binary.BigEndian}), err
	}
	return in, nil
}

// utf16Reader turns UTF-16 into UTF-8, one character at a time.
type utf16Reader struct {
	in    *bufio.Reader
	order binary.ByteOrder
	left  []byte
}

func (u *utf16Reader) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		if len(u.left) == 0 {
			r, err := u.next()
			if err != nil {
				if n > 0 && errors.Is(err, io.EOF) {
					return n, nil
				}
				return n, err
			}
			u.left = utf8.AppendRune(u.left[:0], r)
		}
		c := copy(p[n:], u.left)
		u.left, n = u.left[c:], n+c
	}
	return n, nil
}

func (u *utf16Reader) next() (rune, error) {
	first, err := u.unit()
	if err != nil || !utf16.IsSurrogate(rune(first)) {
		return rune(first), err
	}
	second, err := u.unit()
	if err != nil {
		return 0, errEncoding
	}
	r := utf16.DecodeRune(rune(first), rune(second))
	if r == utf8.RuneError {
		return 0, errEncoding
	}
	return r, nil
}

func (u *utf16Reader) unit() (uint16, error) {
	var b [2]byte
	if _, err := io.ReadFull(u.in, b[:]); err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return 0, errEncoding
		}
		return 0, err
	}
	return u.order.Uint16(b[:]), nil
}

// separator finds what parts the columns of the first line: a comma, a
// semicolon or a tab.
func separator(in *bufio.Reader) rune {
	start, _ := in.Peek(4096) // a shorter file is all there is
	line, _, _ := bytes.Cut(start, []byte{'\n'})
	best, most := ',', 0
	for _, c := range []rune{',', ';', '\t'} {
		if n := bytes.Count(line, []byte(string(c))); n > most {
			best, most = c, n
		}
	}
	return best
}

// localTime reads a time with its zone, or a local one in the zone given. One
// that the clocks skipped, or went through twice, is not guessed.
func localTime(s string, zone *time.Location) (time.Time, string) {
	if at, err := time.Parse(time.RFC3339, s); err == nil {
		return checkTime(at)
	}
	const help = "Write the time as 2026-03-10 09:30:00."
	for _, layout := range []string{"2006-01-02 15:04:05", "2006-01-02T15:04:05", "2006-01-02 15:04", "2006-01-02T15:04"} {
		at, err := time.ParseInLocation(layout, s, zone)
		if err != nil {
			continue
		}
		wall, _ := time.ParseInLocation(layout, s, time.UTC)
		if at.Format("2006-01-02 15:04:05.000") != wall.Format("2006-01-02 15:04:05.000") {
			return at, "The clocks were put forward over that time; write it with its offset, such as 2026-03-08T02:30:00-05:00."
		}
		for _, other := range []time.Time{at.Add(time.Hour), at.Add(-time.Hour)} {
			if other.Format(layout) == at.Format(layout) {
				return at, "The clocks were put back and that time came twice; write it with its offset, such as 2026-11-01T01:30:00-04:00."
			}
		}
		return checkTime(at)
	}
	return time.Time{}, help
}
