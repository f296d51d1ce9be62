package journal

import (
	"context"
	"errors"
	"io"
	"time"

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
