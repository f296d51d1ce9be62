package journal

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/shopspring/decimal"

	"github.com/elite-trading-coach/coach/server/fault"
	"github.com/elite-trading-coach/coach/storage"
)

const (
	// maxRows bounds one file; a larger one is split.
	maxRows = 1_000_000
	// maxLine bounds what is held of a file that never ends a line.
	maxLine = 64 << 10
	// importBatch is how many rows one transaction carries.
	importBatch = 500
	// maxRowErrors bounds the errors that are told, not those that are counted.
	maxRowErrors = 100
)

// Import is how a file of trades is to be read.
type Import struct {
	Timezone string // IANA name, of times that name no zone themselves; must be said
	DryRun   bool   // tells what would be done, and does nothing
}

// ImportReport is what became of the rows of a file.
type ImportReport struct {
	DryRun   bool `json:"dryRun"`
	Rows     int  `json:"rows"`     // read, without the header
	Imported int  `json:"imported"` // stored (or would be)
	Known    int  `json:"known"`    // in the journal already
	Failed   int  `json:"failed"`
	// Ignored are the header's cells that name no column known here, the first
	// hundred: of another program, or misspelt.
	Ignored []string `json:"ignored"`
	// Errors are the first hundred; the rest is only counted in Failed.
	Errors []RowError `json:"errors"`
}

// RowError is what is wrong with a row.
type RowError struct {
	Line    int    `json:"line"`   // 1 is the header
	Column  string `json:"column"` // "" where it is about the row
	Message string `json:"message"`
}

// Import reads a file of trades row by row. Rows that are wrong are told by
// line and left out, the others are stored; the same file (or a longer one of
// the same trades) can be imported again and changes nothing for rows that are
// in the journal already. Equal rows of one file are as many trades.
func (s *Service) Import(ctx context.Context, userID string, file io.Reader, how Import) (ImportReport, error) {
	zone, err := time.LoadLocation(how.Timezone)
	if err != nil || how.Timezone == "" || how.Timezone == "Local" {
		return ImportReport{}, fault.Invalid("timezone", "Say which time zone the file's times are in, such as America/New_York.")
	}
	rows, err := openRows(file, zone)
	if err != nil {
		return ImportReport{}, err
	}
	im := &importing{s: s, userID: userID, rows: rows, how: how, seen: map[string]int64{}, report: ImportReport{DryRun: how.DryRun, Ignored: rows.ignored, Errors: []RowError{}}}
	for more := true; more; {
		var batch []storage.Trade
		batch, more, err = im.gather()
		if err := errors.Join(im.store(ctx, batch), err); err != nil {
			return im.report, err // what came before the fault is stored
		}
	}
	return im.report, nil
}

// importing is one file on its way in.
type importing struct {
	s      *Service
	userID string
	rows   *rows
	how    Import
	seen   map[string]int64 // how often each fingerprint came in this file
	report ImportReport
}

// gather reads the next rows that are sound.
func (im *importing) gather() (batch []storage.Trade, more bool, err error) {
	now := im.s.now()
	for len(batch) < importBatch {
		d, bad, err := im.rows.next()
		if errors.Is(err, io.EOF) {
			return batch, false, nil
		}
		if err != nil {
			return batch, false, err
		}
		if im.report.Rows++; im.report.Rows > maxRows {
			return batch, false, fault.Newf(fault.PayloadTooLarge, "The file has more than %d rows; split it. The rows before were read.", maxRows)
		}
		// A trade passed by now needs no time where it is told alone. In a file it
		// would have another one, and be another trade, at each import.
		if len(bad) == 0 && d.decision == Skipped && d.openedAt.IsZero() {
			bad.add(colOpenedAt, "Give the time at which the trade was passed by: a row is known by it when the file comes again.")
		}
		var row storage.Trade
		if len(bad) == 0 {
			row, bad = d.build(now)
		}
		if len(bad) > 0 {
			im.fail(bad)
			continue
		}
		im.seen[row.Fingerprint]++
		row.ImportedAs, row.ImportedN = row.Fingerprint, im.seen[row.Fingerprint]
		row.UserID, row.CreatedAt, row.UpdatedAt = im.userID, now, now
		batch = append(batch, row)
	}
	return batch, true, nil
}

func (im *importing) fail(bad problems) {
	im.report.Failed++
	for _, p := range bad {
		if len(im.report.Errors) < maxRowErrors {
			im.report.Errors = append(im.report.Errors, RowError{im.rows.line, p.Field, p.Message})
		}
	}
}

// store puts a batch into the journal, without what is there already.
func (im *importing) store(ctx context.Context, batch []storage.Trade) error {
	if len(batch) == 0 {
		return nil
	}
	imported := 0
	put := func(r storage.Reader, insert func(storage.Trade) error) error {
		imported = 0
		for _, row := range batch {
			there, err := r.CountLike(ctx, im.userID, row.Fingerprint)
			if err != nil {
				return err
			}
			if row.ImportedN <= there {
				continue
			}
			imported++
			row.ID = storage.NewID()
			if err := insert(row); err != nil {
				return err
			}
		}
		return nil
	}
	var err error
	if im.how.DryRun {
		err = put(im.s.store.Reader, func(storage.Trade) error { return nil })
	} else {
		err = im.s.store.Tx(ctx, func(tx *storage.Tx) error {
			return put(tx.Reader, func(row storage.Trade) error { return tx.InsertTrade(ctx, row) })
		})
	}
	var refused *fault.Error
	if err != nil && !errors.As(err, &refused) && fault.Is(err, fault.Conflict) {
		return fault.Wrap(fault.Conflict, "The same file is being imported elsewhere; try again when that is done.", err)
	}
	im.report.Imported += imported
	im.report.Known += len(batch) - imported
	return err
}

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
			r.ignored = append(r.ignored, clipped(cell))
		}
	}
	for _, name := range []string{colInstrument, colSide} {
		if !slices.Contains(r.names, name) {
			return nil, fault.Invalid(name, "The first line must name the columns, and there must be one named "+name+"; known are "+strings.Join(columns(), ", ")+".")
		}
	}
	return r, nil
}

// clipped is a name short enough to be told.
func clipped(name string) string {
	if letters := []rune(name); len(letters) > 64 {
		return string(letters[:64]) + "…"
	}
	return name
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

// set reads one cell into the draft and says what is wrong with it.
func (r *rows) set(d *draft, column, cell string) (problem string) {
	switch column {
	case colInstrument:
		d.instrument, problem = parseText(cell, maxSymbol)
	case colSide:
		d.side = sideWord(cell)
	case colDecision:
		d.decision = strings.ToLower(cell)
	case colQuantity:
		d.quantity, problem = positiveCell(cell)
	case colEntry:
		d.entry, problem = positiveCell(cell)
	case colExit:
		d.exit, problem = positiveCell(cell)
	case colStop:
		d.stop, problem = positiveCell(cell)
	case colPointValue:
		d.pointValue, problem = positiveCell(cell)
	case colFees:
		var fees decimal.Decimal
		fees, problem = parseNumber(cell)
		d.fees = &fees
	case colOpenedAt:
		d.openedAt, problem = localTime(cell, r.zone)
	case colClosedAt:
		d.closedAt, problem = localTime(cell, r.zone)
	case colSetup:
		d.setup, problem = parseText(unguardCell(cell), maxWords)
	case colEmotion:
		d.emotion, problem = parseText(unguardCell(cell), maxWords)
	case colNote:
		d.note, problem = parseText(unguardCell(cell), maxNote)
	case colTags:
		d.tags = splitCell(unguardCell(cell))
	case colTargets:
		for _, part := range splitCell(cell) {
			price, wrong := parseNumber(part)
			if wrong != "" {
				return wrong
			}
			d.targets = append(d.targets, price)
		}
	case colFills:
		d.fills, problem = readFills(cell, r.zone)
	}
	return problem
}

// sideWord takes the words that brokers use for the side of a trade.
func sideWord(cell string) string {
	switch word := strings.ToLower(cell); word {
	case "buy", "b", "long":
		return "long"
	case "sell", "s", "short":
		return "short"
	default:
		return word
	}
}

func positiveCell(cell string) (*decimal.Decimal, string) {
	d, problem := parseNumber(cell)
	if problem == "" && d.Sign() <= 0 {
		problem = "This must be above 0."
	}
	return &d, problem
}

func splitCell(cell string) []string {
	var parts []string
	for part := range strings.SplitSeq(cell, ";") {
		if part = strings.TrimSpace(part); part != "" {
			parts = append(parts, part)
		}
	}
	return parts
}

// readFills reads "buy 2 @ 6000 2026-03-10T14:30:00.000Z; sell 2 @ 6012 …".
func readFills(cell string, zone *time.Location) ([]Fill, string) {
	const help = "Write each fill as: buy 2 @ 6000 2026-03-10T14:30:00Z, with a semicolon between them."
	var fills []Fill
	for _, part := range splitCell(cell) {
		words := strings.Fields(part)
		if len(words) < 5 || words[2] != "@" {
			return nil, help
		}
		quantity, problem := positiveCell(words[1])
		if problem != "" {
			return nil, problem
		}
		price, problem := positiveCell(words[3])
		if problem != "" {
			return nil, problem
		}
		at, problem := localTime(strings.Join(words[4:], " "), zone)
		if problem != "" {
			return nil, problem
		}
		fills = append(fills, Fill{strings.ToLower(words[0]), *quantity, *price, Time(at)})
	}
	return fills, ""
}
