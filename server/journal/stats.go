package journal

import (
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

// Report is the statistics of a span of time: trades taken and closed in it.
type Report struct {
	From     *Time                `json:"from"`
	To       *Time                `json:"to"`
	Timezone string               `json:"timezone"` // of days and hours: the plan's
	GroupBy  string               `json:"groupBy,omitempty"`
	Total    trading.Stats        `json:"total"`
	Groups   []trading.StatsGroup `json:"groups"`
	// OtherGroups is how many smaller groups are left out.
	OtherGroups int `json:"otherGroups"`
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
	if groupBy == string(trading.ByRule) {
		page.Verdicts = storage.With
	}
	trades, err := s.results(ctx, page)
	if err != nil {
		return Report{}, err
	}
	sums, err := trading.QueryStats(trades, trading.StatsQuery{GroupBy: trading.GroupBy(groupBy), Zone: zone, Most: maxGroups})
	if err != nil {
		return Report{}, err
	}
	return Report{
		From: timeOf(begin), To: timeOf(end), Timezone: zone.String(), GroupBy: groupBy,
		Total: sums.Total, Groups: sums.Groups, OtherGroups: sums.OtherGroups,
	}, nil
}

// results gathers the trades of a page. A hundred thousand come in pieces: one
// growing slice would copy more than is added up.
func (s *Service) results(ctx context.Context, page storage.ResultPage) ([]trading.Trade, error) {
	var pieces [][]trading.Trade
	n, known := 0, amounts{}
	err := s.store.EachResult(ctx, page, func(row storage.Result) {
		if n%pieceOf == 0 {
			pieces = append(pieces, make([]trading.Trade, 0, pieceOf))
		}
		last := &pieces[len(pieces)-1]
		*last = append(*last, closedTrade(row, trading.GroupBy(page.Key), known))
		n++
	})
	return slices.Concat(pieces...), err
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

// closedTrade is a row as the sums need it; by says what its key names.
func closedTrade(row storage.Result, by trading.GroupBy, known amounts) trading.Trade {
	t := trading.Trade{OpenedAt: row.OpenedAt, ClosedAt: row.ClosedAt, Risk: known.of(row.Risk), Verdict: trading.Verdict(row.Verdict)}
	if net := known.of(row.Net); net != nil {
		t.Net = *net
	}
	switch by {
	case trading.ByInstrument:
		t.Symbol = row.Key
	case trading.BySetup:
		t.Setup = row.Key
	case trading.ByEmotion:
		t.Emotion = row.Key
	case trading.ByRule:
		t.MissedRules = missedRules(row)
	}
	return t
}

func missedRules(r storage.Result) []trading.Rule {
	var rules []trading.Rule
	if err := json.Unmarshal([]byte(r.Missed), &rules); err != nil {
		return nil // no verdict: nothing was missed
	}
	return rules
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
			trades[row.Verdict] = append(trades[row.Verdict], closedTrade(row, trading.ByNothing, known))
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
