package journal

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/elite-trading-coach/coach/server/trading"
	"github.com/elite-trading-coach/coach/storage"
)

// What was decided about a trade.
const (
	Taken   = "taken"
	Skipped = "skipped"
)

// How far a trade has come.
const (
	statusOpen    = "open"
	statusClosed  = "closed"
	statusSkipped = "skipped"
)

// Fill is a part of a trade that was done.
type Fill struct {
	Side     string          `json:"side"` // buy or sell
	Quantity decimal.Decimal `json:"quantity"`
	Price    decimal.Decimal `json:"price"`
	At       Time            `json:"at"`
}

// Trade is a trade as its trader sees it. Amounts are dollars, prices as
// quoted, times the fills' own.
type Trade struct {
	ID         string            `json:"id"`
	Instrument string            `json:"instrument"`
	Kind       string            `json:"kind"`
	Side       string            `json:"side"`
	Decision   string            `json:"decision"`
	Status     string            `json:"status"` // open, closed or skipped
	Fills      []Fill            `json:"fills"`
	Quantity   decimal.Decimal   `json:"quantity"`  // entered
	OpenUnits  decimal.Decimal   `json:"openUnits"` // not closed yet
	Entry      *decimal.Decimal  `json:"entry"`     // average; of a skipped trade what it would have been, null if not said
	Fees       decimal.Decimal   `json:"fees"`
	Stop       *decimal.Decimal  `json:"stop"`
	Targets    []decimal.Decimal `json:"targets"`
	PointValue *decimal.Decimal  `json:"pointValue"` // null: that of the instrument
	Gross      *decimal.Decimal  `json:"gross"`      // of what is closed
	Net        *decimal.Decimal  `json:"net"`        // null while it is open
	Risk       *decimal.Decimal  `json:"risk"`       // of the whole position at the stop
	R          *decimal.Decimal  `json:"r"`          // net over risk
	Tags       []string          `json:"tags"`
	Setup      string            `json:"setup"`
	Emotion    string            `json:"emotion"`
	Note       string            `json:"note"`
	MessageID  *string           `json:"messageId"`
	OpenedAt   Time              `json:"openedAt"`
	ClosedAt   *Time             `json:"closedAt"`
	CreatedAt  Time              `json:"createdAt"`
	UpdatedAt  Time              `json:"updatedAt"`
}

// instrumentOf finds what is traded under a symbol; one without a known point
// value needs pointValue.
func instrumentOf(symbol string, pointValue *decimal.Decimal) (trading.Instrument, string) {
	found, ok := trading.Lookup(symbol)
	if !ok {
		// The reader of ideas knows shares from other futures, and months.
		if i := trading.ParseIdea("long 1 " + symbol + " at 100").Instrument; i != nil && (i.Symbol == symbol || i.Kind == trading.KindFuture && strings.HasPrefix(symbol, i.Symbol)) {
			found, ok = *i, true
		}
	}
	if !ok {
		found = trading.Unlisted(symbol)
	}
	switch {
	case found.Sized() && pointValue != nil && !pointValue.Equal(found.PointValue):
		return found, fmt.Sprintf("The point value of %s is %s.", found.Symbol, found.PointValue)
	case !found.Sized() && pointValue == nil:
		return found, fmt.Sprintf("What one point of %s is worth is not known; give it as pointValue.", symbol)
	case !found.Sized():
		found.PointValue = *pointValue
	}
	return found, ""
}

// legs sorts fills into entries and exits.
func legs(side string, fills []Fill) (entries, exits []trading.Fill) {
	in := sideIn(side)
	for _, f := range fills {
		leg := trading.Fill{Quantity: f.Quantity, Price: f.Price}
		if f.Side == in {
			entries = append(entries, leg)
		} else {
			exits = append(exits, leg)
		}
	}
	return entries, exits
}

// sum counts a trade together: what is closed, what it risked, what is left.
type sum struct {
	trading.PnL
	entered decimal.Decimal
	risk    *decimal.Decimal // of the whole position; nil without a stop that loses
}

func sumOf(i trading.Instrument, side string, fills []Fill, stop *decimal.Decimal) (sum, error) {
	entries, exits := legs(side, fills)
	q := trading.PnLQuery{Instrument: i, Side: trading.Side(side), Entries: entries, Exits: exits, Stop: stop}
	pnl, err := trading.TradePnL(q)
	if err != nil {
		return sum{}, err
	}
	s := sum{PnL: pnl}
	for _, f := range entries {
		s.entered = s.entered.Add(f.Quantity)
	}
	s.risk = riskOf(q, nil, s.entered)
	return s, nil
}

// riskOf is what so many units would lose at the stop after the exits made;
// nil where there is no stop, or it locks a profit in.
func riskOf(q trading.PnLQuery, exits []trading.Fill, units decimal.Decimal) *decimal.Decimal {
	if q.Stop == nil || units.Sign() <= 0 {
		return nil
	}
	q.Exits = append(slices.Clone(exits), trading.Fill{Quantity: units, Price: *q.Stop})
	pnl, err := trading.TradePnL(q)
	if err != nil {
		return nil
	}
	loss := pnl.Legs[len(pnl.Legs)-1].Gross.Neg().Round(2)
	if loss.Sign() <= 0 {
		return nil
	}
	return &loss
}

// view shows a stored trade.
func view(row storage.Trade) (Trade, error) {
	t := Trade{
		ID: row.ID, Instrument: row.Instrument, Kind: row.Kind, Side: row.Side, Decision: row.Decision, Status: statusSkipped,
		Stop: stored(row.Stop), PointValue: stored(row.PointValue), Net: stored(row.Net), Risk: stored(row.Risk),
		Setup: row.Setup, Emotion: row.Emotion, Note: row.Note,
		OpenedAt: Time(row.OpenedAt), ClosedAt: timeOf(row.ClosedAt), CreatedAt: Time(row.CreatedAt), UpdatedAt: Time(row.UpdatedAt),
	}
	if row.MessageID != "" {
		t.MessageID = &row.MessageID
	}
	if fees := stored(row.Fees); fees != nil {
		t.Fees = *fees
	}
	for _, list := range []struct {
		text string
		into any
	}{{row.Fills, &t.Fills}, {row.Targets, &t.Targets}, {row.Tags, &t.Tags}} {
		if err := json.Unmarshal([]byte(list.text), list.into); err != nil {
			return t, fmt.Errorf("read trade %s: %w", row.ID, err)
		}
	}
	if row.Decision == Skipped {
		t.Entry = stored(row.PlannedEntry)
		return t, nil
	}
	t.Status = statusOpen
	if t.ClosedAt != nil {
		t.Status = statusClosed
	}
	i, _ := instrumentOf(row.Instrument, t.PointValue)
	s, err := sumOf(i, row.Side, t.Fills, t.Stop)
	if err != nil {
		return t, fmt.Errorf("read trade %s: %w", row.ID, err)
	}
	t.Quantity, t.OpenUnits, t.Entry, t.Gross = s.entered, s.OpenUnits, &s.AverageEntry, &s.Gross
	if r, ok := result(row).R(); ok {
		t.R = &r
	}
	return t, nil
}

// stored reads a decimal column; nil when it is empty.
func stored(text string) *decimal.Decimal {
	if text == "" {
		return nil
	}
	if d, ok := quick(text); ok {
		return &d
	}
	d, err := decimal.NewFromString(text)
	if err != nil {
		return nil // nothing but decimals is ever written there
	}
	return &d
}

// quick reads a decimal whose digits fit an int64: the statistics read a
// hundred thousand of them (see BenchmarkStats100k).
func quick(text string) (decimal.Decimal, bool) {
	if len(text) > 18 {
		return decimal.Zero, false
	}
	var n int64
	places, sign := -1, int64(1)
	for i := range len(text) {
		switch c := text[i]; {
		case c >= '0' && c <= '9':
			n = n*10 + int64(c-'0')
			if places >= 0 {
				places++
			}
		case c == '.' && places < 0:
			places = 0
		case c == '-' && i == 0:
			sign = -1
		default:
			return decimal.Zero, false
		}
	}
	return decimal.New(sign*n, -int32(max(places, 0))), true
}

// result is a stored trade as the statistics and guards take it.
func result(row storage.Trade) trading.Trade {
	t := trading.Trade{
		Symbol: row.Instrument, Kind: trading.Kind(row.Kind), Side: trading.Side(row.Side),
		OpenedAt: row.OpenedAt, ClosedAt: row.ClosedAt, Risk: stored(row.Risk),
	}
	if net := stored(row.Net); net != nil {
		t.Net = *net
	}
	return t
}

// fingerprint is what a trade is recognised by in an import: what was traded,
// when and at what price. Words about it may change.
func fingerprint(row storage.Trade) string {
	h := sha256.New()
	parts := []string{row.Instrument, row.Side, row.Decision, row.Fills, row.Fees, row.OpenedAt.Format(timeLayout)}
	if row.PlannedEntry != "" { // else it is what it was before there was one
		parts = append(parts, row.PlannedEntry)
	}
	for _, part := range parts {
		_, _ = fmt.Fprintf(h, "%d:%s", len(part), part) // a hash takes everything
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// sideIn is the side of a fill that enters, sideOut of one that leaves.
func sideIn(side string) string {
	if side == string(trading.Short) {
		return "sell"
	}
	return "buy"
}

func sideOut(side string) string {
	if side == string(trading.Short) {
		return "buy"
	}
	return "sell"
}

func earliest(fills []Fill) time.Time {
	var at time.Time
	for _, f := range fills {
		if t := time.Time(f.At); at.IsZero() || t.Before(at) {
			at = t
		}
	}
	return at
}

func latestFill(fills []Fill) time.Time {
	var at time.Time
	for _, f := range fills {
		if t := time.Time(f.At); t.After(at) {
			at = t
		}
	}
	return at
}
