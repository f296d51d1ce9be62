package trading

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// GroupBy is what trades are told apart by.
type GroupBy string

// The groupings. Weekday and hour are those of the entry, in the zone of the
// query. By rule, a trade counts under each rule that the sealed verdict on it
// says it missed.
const (
	ByNothing    GroupBy = ""
	ByInstrument GroupBy = "instrument"
	BySetup      GroupBy = "setup"
	ByWeekday    GroupBy = "weekday"
	ByHour       GroupBy = "hour"
	ByEmotion    GroupBy = "emotion"
	ByRule       GroupBy = "rule"
)

// Groups that gather what has no name.
const (
	GroupNone     = "(none)"     // no setup, no emotion; no rule was missed
	GroupNotAsked = "(no check)" // by rule: the trade had no verdict
)

// StatsQuery asks for statistics of the trades closed in [From, To); a zero
// time is no bound. A nil Zone is UTC.
type StatsQuery struct {
	From, To time.Time
	GroupBy  GroupBy
	Zone     *time.Location
	Most     int // groups to give, the largest first; 0: all
}

// StatsReport is the answer, and the shape of the tool query_stats.
type StatsReport struct {
	Total       Stats        `json:"total"`
	Groups      []StatsGroup `json:"groups"`
	OtherGroups int          `json:"otherGroups"` // smaller groups that are left out
}

// StatsGroup is the statistics of the trades that share something.
type StatsGroup struct {
	Key   string `json:"key"`
	Stats Stats  `json:"stats"`
}

// QueryStats sums up closed trades, in total and by group: the largest group
// first, then by name; weekdays from Monday, and hours, in their own order. It
// is pure: the same trades and query give the same report. A grouping that is
// not known is an error that names those that are.
func QueryStats(trades []Trade, q StatsQuery) (StatsReport, error) {
	keys, err := q.keys()
	if err != nil {
		return StatsReport{}, err
	}
	closed := make([]*Trade, 0, len(trades))
	for n := range trades {
		if t := &trades[n]; !t.IsOpen() && !t.ClosedAt.Before(q.From) && (q.To.IsZero() || t.ClosedAt.Before(q.To)) {
			closed = append(closed, t)
		}
	}
	report := StatsReport{Total: summarise(closed), Groups: []StatsGroup{}}
	if keys == nil {
		return report, nil
	}
	parts := map[string][]*Trade{}
	for _, t := range closed {
		keys(t, func(key string) { parts[key] = append(parts[key], t) })
	}
	names := q.order(parts)
	if q.Most > 0 && len(names) > q.Most {
		report.OtherGroups, names = len(names)-q.Most, names[:q.Most]
	}
	for _, key := range names {
		report.Groups = append(report.Groups, StatsGroup{key, summarise(parts[key])})
	}
	return report, nil
}

// keys gives each group of a trade to add; nil for no grouping.
func (q StatsQuery) keys() (func(t *Trade, add func(key string)), error) {
	zone := q.Zone
	if zone == nil {
		zone = time.UTC
	}
	named := func(name string) string { return cmp.Or(name, GroupNone) }
	switch q.GroupBy {
	case ByNothing:
		return nil, nil
	case ByInstrument:
		return func(t *Trade, add func(string)) { add(named(t.Symbol)) }, nil
	case BySetup:
		return func(t *Trade, add func(string)) { add(named(t.Setup)) }, nil
	case ByEmotion:
		return func(t *Trade, add func(string)) { add(named(t.Emotion)) }, nil
	case ByWeekday:
		return func(t *Trade, add func(string)) { add(t.OpenedAt.In(zone).Weekday().String()) }, nil
	case ByHour:
		var hours [24]string
		for h := range hours {
			hours[h] = fmt.Sprintf("%02d:00", h)
		}
		return func(t *Trade, add func(string)) { add(hours[t.OpenedAt.In(zone).Hour()]) }, nil
	case ByRule:
		return byRule, nil
	}
	return nil, fmt.Errorf("cannot group by %q: use instrument, setup, weekday, hour, emotion or rule", q.GroupBy)
}

func byRule(t *Trade, add func(string)) {
	if t.Verdict == NoVerdict {
		add(GroupNotAsked)
		return
	}
	if len(t.MissedRules) == 0 {
		add(GroupNone)
	}
	for n, rule := range t.MissedRules {
		if !slices.Contains(t.MissedRules[:n], rule) {
			add(string(rule))
		}
	}
}

func (q StatsQuery) order(parts map[string][]*Trade) []string {
	names := make([]string, 0, len(parts))
	for key := range parts {
		names = append(names, key)
	}
	slices.SortFunc(names, func(a, b string) int {
		switch q.GroupBy {
		case ByHour:
			return strings.Compare(a, b)
		case ByWeekday:
			return cmp.Compare(dayOf(a), dayOf(b))
		}
		return cmp.Or(cmp.Compare(len(parts[b]), len(parts[a])), strings.Compare(a, b))
	})
	return names
}

// dayOf counts weekdays from Monday.
func dayOf(name string) int {
	for d := time.Sunday; d <= time.Saturday; d++ {
		if d.String() == name {
			return (int(d) + 6) % 7
		}
	}
	return 7
}
