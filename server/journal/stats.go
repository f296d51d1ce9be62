package journal

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/elite-trading-coach/coach/server/auth"
	"github.com/elite-trading-coach/coach/server/fault"
	"github.com/elite-trading-coach/coach/server/trading"
	"github.com/elite-trading-coach/coach/storage"
)

// maxGroups bounds the groups that are told; setups are the trader's own words.
const maxGroups = 200

// pieceOf is how many trades are gathered at a time.
const pieceOf = 4096

// Groups that gather what has no name.
const (
	groupNone     = "(none)"     // no setup, no emotion; no rule was missed
	groupNotAsked = "(no check)" // by rule: the coach was not asked
)

// Report is the statistics of a span of time: trades taken and closed in it.
type Report struct {
	From     *Time         `json:"from"`
	To       *Time         `json:"to"`
	Timezone string        `json:"timezone"` // of days and hours: the plan's
	GroupBy  string        `json:"groupBy,omitempty"`
	Total    trading.Stats `json:"total"`
	Groups   []Group       `json:"groups"`
	// OtherGroups is how many smaller groups are left out.
	OtherGroups int `json:"otherGroups"`
}

// Group is the statistics of the trades that share something.
type Group struct {
	Key   string        `json:"key"`
	Stats trading.Stats `json:"stats"`
}

// Stats sums up the trades closed in [from, to), each a day of the plan's time
// zone (2026-03-10) or a moment (RFC 3339), "" for no bound. groupBy is
// instrument, setup, weekday, hour, emotion or rule; by rule a trade counts
// under each rule that the coach's sealed verdict on it says it missed.
func (s *Service) Stats(ctx context.Context, a auth.Actor, from, to, groupBy string) (Report, error) {
	if groupBy != "" && !oneOf(groupBy, "instrument", "setup", "weekday", "hour", "emotion", "rule") {
		return Report{}, fault.Invalid("groupBy", "Group by instrument, setup, weekday, hour, emotion or rule.")
	}
	zone, err := s.zone(ctx, a.UserID)
	if err != nil {
		return Report{}, err
	}
	begin, end, err := spanIn(zone, from, to)
	if err != nil {
		return Report{}, err
	}
	page := storage.ResultPage{UserID: a.UserID, From: begin, To: end, Key: groupBy}
	if groupBy == "rule" {
		page.Verdicts = storage.With
	}
	keys := keysBy(groupBy, zone)
	// A hundred thousand trades are gathered in pieces and by number: growing
	// slices of them would copy more than it adds up.
	var pieces [][]trading.Trade
	n, parts, known := 0, map[string][]int{}, amounts{}
	err = s.store.EachResult(ctx, page, func(row storage.Result) {
		if n%pieceOf == 0 {
			pieces = append(pieces, make([]trading.Trade, 0, pieceOf))
		}
		last := &pieces[len(pieces)-1]
		*last = append(*last, closedTrade(row, known))
		for _, key := range keys(row) {
			parts[key] = append(parts[key], n)
		}
		n++
	})
	if err != nil {
		return Report{}, err
	}
	trades := slices.Concat(pieces...)
	r := Report{From: timeOf(begin), To: timeOf(end), Timezone: zone.String(), GroupBy: groupBy, Total: trading.Summarise(trades)}
	r.Groups, r.OtherGroups = group(trades, parts)
	return r, nil
}

// amounts remembers decimals by their text: traders risk the same again and
// again. Nobody changes a decimal, so trades may share one.
type amounts map[string]*decimal.Decimal

// maxAmounts bounds what is remembered.
const maxAmounts = 4096

func (a amounts) of(text string) *decimal.Decimal {
	d, ok := a[text]
	if !ok {
		if d = stored(text); len(a) < maxAmounts {
			a[text] = d
		}
	}
	return d
}

func closedTrade(row storage.Result, known amounts) trading.Trade {
	t := trading.Trade{OpenedAt: row.OpenedAt, ClosedAt: row.ClosedAt, Risk: known.of(row.Risk)}
	if net := known.of(row.Net); net != nil {
		t.Net = *net
	}
	return t
}

// keysBy names the groups that a trade belongs to. Weekdays and hours are
// those of the entry; both sort as text.
func keysBy(groupBy string, zone *time.Location) func(storage.Result) []string {
	named := func(name string) []string {
		if name == "" {
			name = groupNone
		}
		return []string{name}
	}
	switch groupBy {
	case "instrument", "setup", "emotion":
		return func(r storage.Result) []string { return named(r.Key) }
	case "weekday":
		return func(r storage.Result) []string { return named(r.OpenedAt.In(zone).Weekday().String()) }
	case "hour":
		return func(r storage.Result) []string { return named(r.OpenedAt.In(zone).Format("15:00")) }
	case "rule":
		return missedRules
	}
	return func(storage.Result) []string { return nil }
}

func missedRules(r storage.Result) []string {
	if r.Verdict == "" {
		return []string{groupNotAsked}
	}
	var rules []string
	if err := json.Unmarshal([]byte(r.Missed), &rules); err != nil || len(rules) == 0 {
		return []string{groupNone}
	}
	return rules
}

// group sums up each part, given by places in trades: most trades first, then
// by name.
func group(trades []trading.Trade, parts map[string][]int) (groups []Group, others int) {
	names := make([]string, 0, len(parts))
	for key := range parts {
		names = append(names, key)
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(len(parts[b]), len(parts[a])), cmp.Compare(a, b))
	})
	others = max(0, len(names)-maxGroups)
	groups = make([]Group, 0, len(names)-others)
	for _, key := range names[:len(names)-others] {
		part := make([]trading.Trade, len(parts[key]))
		for i, n := range parts[key] {
			part[i] = trades[n]
		}
		groups = append(groups, Group{key, trading.Summarise(part)})
	}
	return groups, others
}

// Calibration says how often each verdict ended well.
type Calibration struct {
	Verdicts []VerdictRecord `json:"verdicts"`
}

// VerdictRecord is what became of one kind of verdict. Only outcomes that came
// after the verdict was sealed count.
type VerdictRecord struct {
	Verdict  string        `json:"verdict"`
	Sealed   int64         `json:"sealed"`   // verdicts given
	Outcomes int           `json:"outcomes"` // of them, those with a closed trade
	Stats    trading.Stats `json:"stats"`    // of those trades; winRate says how often it ended well
}

// Calibration holds the trader's sealed verdicts against what became of the
// trades that name them.
func (s *Service) Calibration(ctx context.Context, a auth.Actor) (Calibration, error) {
	sealed, err := s.store.CountVerdicts(ctx, a.UserID)
	if err != nil {
		return Calibration{}, err
	}
	trades, known := map[string][]trading.Trade{}, amounts{}
	err = s.store.EachResult(ctx, storage.ResultPage{UserID: a.UserID, Verdicts: storage.With}, func(row storage.Result) {
		if row.Verdict != "" && row.ClosedAt.After(row.SealedAt) {
			trades[row.Verdict] = append(trades[row.Verdict], closedTrade(row, known))
		}
	})
	if err != nil {
		return Calibration{}, err
	}
	var c Calibration
	for _, v := range []trading.Verdict{trading.Diamond, trading.Fire, trading.Skull} {
		name := string(v)
		c.Verdicts = append(c.Verdicts, VerdictRecord{name, sealed[name], len(trades[name]), trading.Summarise(trades[name])})
	}
	return c, nil
}

// zone is the time zone of the trader's plan.
func (s *Service) zone(ctx context.Context, userID string) (*time.Location, error) {
	plan, _, err := s.InForce(ctx, userID, s.now())
	if err != nil {
		return nil, err
	}
	zone, err := time.LoadLocation(plan.Session.Timezone)
	if err != nil {
		return nil, fmt.Errorf("time zone of the plan: %w", err)
	}
	return zone, nil
}

// span reads two bounds in the plan's time zone.
func (s *Service) span(ctx context.Context, a auth.Actor, from, to string) (begin, end time.Time, err error) {
	if from == "" && to == "" {
		return begin, end, nil
	}
	zone, err := s.zone(ctx, a.UserID)
	if err != nil {
		return begin, end, err
	}
	return spanIn(zone, from, to)
}

func spanIn(zone *time.Location, from, to string) (begin, end time.Time, err error) {
	if begin, err = bound("from", from, zone); err != nil {
		return begin, end, err
	}
	if end, err = bound("to", to, zone); err != nil {
		return begin, end, err
	}
	if !begin.IsZero() && !end.IsZero() && !begin.Before(end) {
		return begin, end, fault.Invalid("to", "The span ends before it begins; to is not included.")
	}
	return begin, end, nil
}

func bound(name, text string, zone *time.Location) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if day, err := time.ParseInLocation(time.DateOnly, text, zone); err == nil {
		return day, nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return at, fault.Invalid(name, "Write a day such as 2026-03-10 or a time such as 2026-03-10T14:30:00Z.")
	}
	return at, nil
}
