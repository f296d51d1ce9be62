package journal

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/elite-trading-coach/coach/server/fault"
	"github.com/elite-trading-coach/coach/server/strict"
	"github.com/elite-trading-coach/coach/server/trading"
	"github.com/elite-trading-coach/coach/storage"
)

// What words about a trade may be, in characters.
const (
	maxSymbol = 24
	maxWords  = 80 // a setup, an emotion
	maxNote   = 5_000
	maxTag    = 40
	maxTags   = 20
	maxFills  = 200
)

// draft is a trade as it was told, in JSON or in a row of a file: either with
// its fills, or shortly with one entry and perhaps one exit.
type draft struct {
	instrument, side, decision string
	fills                      []Fill
	quantity, entry, exit      *decimal.Decimal
	openedAt, closedAt         time.Time
	fees, stop, pointValue     *decimal.Decimal
	targets                    []decimal.Decimal
	tags                       []string
	setup, emotion, note       string
	messageID                  string
}

// read takes the fields that a body gives.
func (d *draft) read(o object) {
	o.text("instrument", maxSymbol, &d.instrument)
	o.text("side", 10, &d.side)
	o.text("decision", 10, &d.decision)
	o.positive("quantity", &d.quantity)
	o.positive("entry", &d.entry)
	o.positive("exit", &d.exit)
	o.time("openedAt", &d.openedAt)
	o.time("closedAt", &d.closedAt)
	o.number("fees", &d.fees)
	o.positive("stop", &d.stop)
	o.positive("pointValue", &d.pointValue)
	o.text("setup", maxWords, &d.setup)
	o.text("emotion", maxWords, &d.emotion)
	o.text("note", maxNote, &d.note)
	o.text("messageId", 36, &d.messageID)
	if o.given("targets") {
		d.targets = nil
	}
	o.list("targets", func(_ int, raw json.RawMessage) {
		price, problem := decodeNumber(raw)
		o.note("targets", problem)
		d.targets = append(d.targets, price)
	})
	if o.given("tags") {
		d.tags = nil
	}
	o.list("tags", func(_ int, raw json.RawMessage) {
		tag, problem := strict.Text(raw)
		if problem == strict.NotText {
			problem = "This must be a list of texts."
		}
		o.note("tags", problem)
		d.tags = append(d.tags, tag)
	})
	if o.given("fills") {
		d.fills = nil
	}
	o.list("fills", func(n int, raw json.RawMessage) { d.readFill(o, n, raw) })
}

func (d *draft) readFill(o object, n int, raw json.RawMessage) {
	item, ok := o.item(fmt.Sprintf("fills[%d]", n), raw)
	if !ok {
		return
	}
	var f Fill
	var quantity, price *decimal.Decimal
	var at time.Time
	item.text("side", 4, &f.Side)
	item.positive("quantity", &quantity)
	item.positive("price", &price)
	item.time("at", &at)
	for name, there := range map[string]bool{"quantity": quantity != nil, "price": price != nil, "at": !at.IsZero()} {
		if !there && !item.given(name) {
			item.note(name, "A fill needs its side, quantity, price and time (at).")
		}
	}
	if quantity != nil && price != nil {
		f.Quantity, f.Price, f.At = *quantity, *price, Time(at)
		d.fills = append(d.fills, f)
	}
}

// problems gathers what is wrong with a draft, by field.
type problems []fault.Detail

func (p *problems) add(field, message string) {
	if message != "" {
		*p = append(*p, fault.Detail{Field: field, Message: message})
	}
}

// build checks a draft and makes it a row; id, user and times are the
// caller's.
func (d *draft) build(now time.Time) (storage.Trade, problems) {
	var bad problems
	d.instrument = strings.ToUpper(d.instrument)
	if d.decision == "" {
		d.decision = Taken
	}
	if !isSymbol(d.instrument) {
		bad.add("instrument", "Give the instrument by its symbol, such as MES or AAPL.")
	}
	if !oneOf(d.side, string(trading.Long), string(trading.Short)) {
		bad.add("side", "The side is long or short.")
	}
	if !oneOf(d.decision, Taken, Skipped) {
		bad.add("decision", "The decision is taken or skipped.")
	}
	if d.fees != nil && d.fees.Sign() < 0 {
		bad.add("fees", "Fees cannot be negative.")
	}
	d.checkWords(&bad)
	if len(bad) > 0 {
		return storage.Trade{}, bad
	}
	d.unfold(&bad)
	row := d.row()
	if d.decision == Skipped {
		if row.OpenedAt = d.openedAt; row.OpenedAt.IsZero() {
			row.OpenedAt = now
		}
		row.Kind = string(trading.KindUnknown)
		if i, problem := instrumentOf(d.instrument, d.pointValue); problem == "" {
			row.Kind = string(i.Kind)
		}
	} else if len(bad) == 0 {
		d.count(&row, &bad)
	}
	if row.OpenedAt.After(now.Add(24*time.Hour)) || row.ClosedAt.After(now.Add(24*time.Hour)) {
		bad.add("openedAt", "The trade lies in the future.")
	}
	row.Fingerprint = fingerprint(row)
	return row, bad
}

// isSymbol takes what markets use as names; it never begins like a formula.
func isSymbol(s string) bool {
	const first, rest = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", "./-_!"
	return s != "" && strings.Trim(s, first+rest) == "" && strings.ContainsRune(first, rune(s[0]))
}

func (d *draft) checkWords(bad *problems) {
	if len(d.tags) > maxTags {
		bad.add("tags", fmt.Sprintf("A trade has at most %d tags.", maxTags))
	}
	seen := []string{}
	for _, tag := range d.tags {
		tag, problem := parseText(tag, maxTag)
		if problem == "" && (tag == "" || strings.ContainsAny(tag, ";\n")) {
			problem = "A tag is a word or two, without a semicolon."
		}
		if bad.add("tags", problem); problem == "" && !slices.Contains(seen, tag) {
			seen = append(seen, tag)
		}
	}
	d.tags = seen
	for _, price := range d.targets {
		if price.Sign() <= 0 {
			bad.add("targets", "A target is a price above 0.")
		}
	}
	if strings.Contains(d.setup+d.emotion, "\n") {
		bad.add("setup", "A setup and an emotion are one line each.")
	}
}

// unfold makes fills of a trade that was told shortly; an exit closes what is
// still open.
func (d *draft) unfold(bad *problems) {
	if d.decision == Skipped {
		d.pass(bad)
		return
	}
	if d.quantity != nil || d.entry != nil {
		if len(d.fills) > 0 {
			bad.add("fills", "Give either the fills or quantity and entry, not both.")
			return
		}
		if d.quantity == nil || d.entry == nil || d.openedAt.IsZero() {
			bad.add("entry", "A trade needs quantity, entry and openedAt (or its fills).")
			return
		}
		d.fills = []Fill{{sideIn(d.side), *d.quantity, *d.entry, Time(d.openedAt)}}
	}
	if d.exit == nil {
		return
	}
	open := d.open()
	switch {
	case d.closedAt.IsZero():
		bad.add("closedAt", "An exit needs the time it was made.")
	case open.Sign() <= 0:
		bad.add("exit", "Nothing is open that could be closed.")
	default:
		d.fills = append(d.fills, Fill{sideOut(d.side), open, *d.exit, Time(d.closedAt)})
	}
}

// pass checks a trade that was passed by: nothing was done, but what would
// have been is kept, so that it can be judged later.
func (d *draft) pass(bad *problems) {
	if len(d.fills) > 0 || d.quantity != nil || d.exit != nil {
		bad.add("fills", "A trade that was skipped has no fills, quantity or exit; entry is the price it would have had.")
	}
	if d.entry != nil && d.stop != nil && !loses(d.side, *d.entry, *d.stop) {
		bad.add("stop", "The stop is on the wrong side of the entry, or at it: give the stop that the trade would have had.")
	}
}

// loses says whether leaving at a price costs money.
func loses(side string, entry, at decimal.Decimal) bool {
	if side == string(trading.Short) {
		return at.GreaterThan(entry)
	}
	return at.LessThan(entry)
}

func (d *draft) open() decimal.Decimal {
	entries, exits := legs(d.side, d.fills)
	left := decimal.Zero
	for _, f := range entries {
		left = left.Add(f.Quantity)
	}
	for _, f := range exits {
		left = left.Sub(f.Quantity)
	}
	return left
}

func (d *draft) row() storage.Trade {
	fees := decimal.Zero
	if d.fees != nil {
		fees = *d.fees
	}
	text := func(v *decimal.Decimal) string {
		if v == nil {
			return ""
		}
		return v.String()
	}
	planned := ""
	if d.decision == Skipped {
		planned = text(d.entry)
	}
	return storage.Trade{
		PlannedEntry: planned, Instrument: d.instrument, Side: d.side, Decision: d.decision, Fills: list(d.fills), Fees: fees.String(),
		Stop: text(d.stop), Targets: list(d.targets), PointValue: text(d.pointValue), Tags: list(d.tags),
		Setup: d.setup, Emotion: strings.ToLower(d.emotion), Note: d.note, MessageID: d.messageID,
	}
}

// list writes a list as JSON, an empty one as [].
func list[T any](items []T) string {
	if len(items) == 0 {
		return "[]"
	}
	raw, err := json.Marshal(items)
	if err != nil {
		panic("journal: encode a list: " + err.Error()) // decimals, texts and times always encode
	}
	return string(raw)
}

// count does the sums of a trade that was taken.
func (d *draft) count(row *storage.Trade, bad *problems) {
	if len(d.fills) == 0 || len(d.fills) > maxFills {
		bad.add("fills", fmt.Sprintf("A trade needs quantity, entry and openedAt, or 1 to %d fills.", maxFills))
		return
	}
	for n, f := range d.fills {
		if !oneOf(f.Side, "buy", "sell") {
			bad.add(fmt.Sprintf("fills[%d].side", n), "A fill's side is buy or sell.")
			return
		}
	}
	slices.SortStableFunc(d.fills, func(a, b Fill) int { return time.Time(a.At).Compare(time.Time(b.At)) })
	row.Fills = list(d.fills)
	if d.fills[0].Side != sideIn(d.side) {
		bad.add("fills", "A "+d.side+" trade begins with a "+sideIn(d.side)+".")
		return
	}
	i, problem := instrumentOf(d.instrument, d.pointValue)
	if problem != "" {
		bad.add("pointValue", problem)
		return
	}
	s, err := sumOf(i, d.side, d.fills, d.stop)
	if err != nil {
		bad.add("fills", sentence(err))
		return
	}
	row.Kind, row.OpenedAt = string(i.Kind), earliest(d.fills)
	if d.stop != nil && s.risk == nil {
		bad.add("stop", "The stop is on the wrong side of the entry, or at it: give the stop that the trade was entered with.")
	}
	if s.risk != nil {
		row.Risk = s.risk.String()
	}
	if s.OpenUnits.IsZero() {
		fees := decimal.Zero
		if d.fees != nil {
			fees = *d.fees
		}
		row.ClosedAt, row.Net = latestFill(d.fills), s.Gross.Sub(fees).Round(2).String()
	}
}

// sentence makes a sentence of an error that says what to do.
func sentence(err error) string {
	text := err.Error()
	return strings.ToUpper(text[:1]) + text[1:] + "."
}

// draftOf takes a stored trade back apart, for a change.
func draftOf(row storage.Trade, t Trade) draft {
	return draft{
		entry: stored(row.PlannedEntry), instrument: row.Instrument, side: row.Side, decision: row.Decision, fills: t.Fills, openedAt: row.OpenedAt, fees: stored(row.Fees),
		stop: t.Stop, pointValue: t.PointValue, targets: t.Targets, tags: t.Tags, setup: row.Setup, emotion: row.Emotion, note: row.Note,
		messageID: row.MessageID,
	}
}
