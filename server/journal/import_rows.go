package journal

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/elite-trading-coach/coach/server/fault"
)

// rows reads a file of trades.
type rows struct {
	csv     *csv.Reader
	zone    *time.Location
	names   []string // of the columns, "" for one that is not known
	ignored []string // the cells that named those, clipped
	line    int      // of the row read last
	budget  *lineBudget
}

func openRows(file io.Reader, zone *time.Location) (*rows, error) {
	text, err := asUTF8(file)
	if err != nil {
		return nil, fmt.Errorf("read the file: %w", err)
	}
	sep := separator(text)
	r := &rows{zone: zone, ignored: []string{}, budget: &lineBudget{in: text}}
	r.csv = csv.NewReader(r.budget)
	r.csv.Comma, r.csv.ReuseRecord, r.csv.FieldsPerRecord = sep, true, -1
	header, err := r.read()
	if errors.Is(err, io.EOF) {
		return nil, fault.New(fault.Validation, "The file is empty.")
	}
	if err != nil {
		return nil, asFault(err)
	}
	for _, cell := range header {
		name := ""
		for _, known := range columns() {
			if strings.EqualFold(strings.TrimSpace(cell), known) {
				name = known
			}
		}
		if name != "" && slices.Contains(r.names, name) {
			return nil, fault.Invalid(name, "The column "+name+" is there twice.")
		}
		r.names = append(r.names, name)
		if cell = strings.TrimSpace(cell); name == "" && cell != "" && len(r.ignored) < maxRowErrors {
			r.ignored = append(r.ignored, fault.Clip(cell))
		}
	}
	for _, name := range []string{colInstrument, colSide} {
		if !slices.Contains(r.names, name) {
			return nil, fault.Invalid(name, "The first line must name the columns, and there must be one named "+name+"; known are "+strings.Join(columns(), ", ")+".")
		}
	}
	return r, nil
}

// read reads one record within the bound of its size.
func (r *rows) read() ([]string, error) {
	r.budget.left = maxLine + 4096 // and what the reader takes ahead
	return r.csv.Read()
}

// errLongLine is a row that does not end.
var errLongLine = errors.New("a row is longer than 64 KiB")

// lineBudget ends a file whose row takes more than it may: a quote that is
// never closed would else be read to the end of the file.
type lineBudget struct {
	in   io.Reader
	left int
}

func (l *lineBudget) Read(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, errLongLine
	}
	n, err := l.in.Read(p)
	l.left -= n
	return n, err
}

// asFault words what makes the rest of a file unreadable.
func asFault(err error) error {
	var parse *csv.ParseError
	switch {
	case errors.Is(err, errEncoding):
		return fault.New(fault.Validation, "The file is not UTF-8; save it as CSV UTF-8 and try again.")
	case errors.Is(err, errLongLine):
		return fault.New(fault.Validation, "A row is longer than 64 KiB: is a quote not closed?")
	case errors.As(err, &parse):
		return fault.Newf(fault.Validation, "Line %d is not well quoted; the rows before it were read.", parse.StartLine)
	}
	return err
}

// next reads one row. What is wrong with it comes back as problems; an error
// ends the file.
func (r *rows) next() (draft, problems, error) {
	var d draft
	var bad problems
	cells, err := r.read()
	if err != nil {
		if errors.Is(err, io.EOF) {
			return d, nil, err
		}
		return d, nil, asFault(err)
	}
	r.line, _ = r.csv.FieldPos(0)
	if len(cells) > len(r.names) {
		bad.add("", fmt.Sprintf("The row has %d cells, the header %d.", len(cells), len(r.names)))
		return d, bad, nil
	}
	for n, cell := range cells {
		if !utf8.ValidString(cell) {
			bad.add(r.names[n], "The text is not valid UTF-8; save the file as CSV UTF-8.")
			continue
		}
		if cell = strings.TrimSpace(cell); cell != "" && r.names[n] != "" {
			bad.add(r.names[n], r.set(&d, r.names[n], cell))
		}
	}
	return d, bad, nil
}
