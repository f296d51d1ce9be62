package journal

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/elite-trading-coach/coach/server/auth"
	"github.com/elite-trading-coach/coach/storage"
)

// exportPage is how many trades are held at once on their way out.
const exportPage = 500

// Export writes the trades opened in [from, to) as CSV, oldest first, in the
// one form that [Service.Import] reads back: imported into an empty journal
// and exported again it is the same, byte for byte. Ids and links to messages
// stay behind.
func (s *Service) Export(ctx context.Context, a auth.Actor, from, to string, w io.Writer) error {
	begin, end, err := s.span(ctx, a, from, to)
	if err != nil {
		return err
	}
	out := csv.NewWriter(w)
	if err := out.Write(columns()); err != nil {
		return err
	}
	page := storage.TradePage{UserID: a.UserID, From: begin, To: end, Ascending: true, Limit: exportPage}
	for {
		found, err := s.store.Trades(ctx, page)
		if err != nil {
			return err
		}
		for _, row := range found {
			t, err := view(row)
			if err != nil {
				return err
			}
			if err := out.Write(t.cells()); err != nil {
				return err
			}
		}
		if out.Flush(); out.Error() != nil || len(found) < exportPage {
			return out.Error()
		}
		last := found[len(found)-1]
		page.AfterOpened, page.AfterID = last.OpenedAt, last.ID
	}
}

// cells writes a trade as a row: shortly where it has one entry and at most
// one exit of all of it, else with its fills.
func (t Trade) cells() []string {
	c := map[string]string{
		colInstrument: t.Instrument, colSide: t.Side, colDecision: t.Decision, colFees: t.Fees.String(), colStop: cell(t.Stop),
		colPointValue: cell(t.PointValue), colSetup: guardCell(t.Setup), colEmotion: guardCell(t.Emotion), colTags: guardCell(strings.Join(t.Tags, "; ")),
		colNote: guardCell(t.Note), colOpenedAt: moment(t.OpenedAt),
	}
	targets := make([]string, len(t.Targets))
	for n, price := range t.Targets {
		targets[n] = price.String()
	}
	c[colTargets] = strings.Join(targets, "; ")
	switch {
	case t.Decision == Skipped:
		c[colEntry] = cell(t.Entry)
	case t.short():
		c[colQuantity], c[colEntry] = t.Fills[0].Quantity.String(), t.Fills[0].Price.String()
		if len(t.Fills) == 2 {
			c[colExit], c[colClosedAt] = t.Fills[1].Price.String(), moment(t.Fills[1].At)
		}
	default:
		delete(c, colOpenedAt)
		fills := make([]string, len(t.Fills))
		for n, f := range t.Fills {
			fills[n] = fmt.Sprintf("%s %s @ %s %s", f.Side, f.Quantity, f.Price, moment(f.At))
		}
		c[colFills] = strings.Join(fills, "; ")
	}
	row := make([]string, 0, len(columns()))
	for _, name := range columns() {
		row = append(row, c[name])
	}
	return row
}

func (t Trade) short() bool {
	return len(t.Fills) == 1 || len(t.Fills) == 2 && t.Fills[1].Side == sideOut(t.Side) && t.Fills[1].Quantity.Equal(t.Fills[0].Quantity)
}

func cell(d *decimal.Decimal) string {
	if d == nil {
		return ""
	}
	return d.String()
}

func moment(t Time) string { return time.Time(t).UTC().Format(timeLayout) }
