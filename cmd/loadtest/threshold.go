package loadtest

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Threshold is a condition that a run has to hold: a metric, a comparison, a
// bound. Times are compared in milliseconds.
type Threshold struct {
	Text   string
	Metric string // ack, lost, …
	Stat   string // of a time: p50, p99, max, …; "" of a count
	op     string
	bound  float64
}

// Outcome is what became of one.
type Outcome struct {
	Threshold string  `json:"threshold"`
	Value     float64 `json:"value"` // times in milliseconds
	Measured  bool    `json:"measured"`
	Holds     bool    `json:"holds"`
}

// DefaultThresholds hold unless others on the same metric are given.
func DefaultThresholds() []string {
	return []string{"up>=99%", "lost==0", "doubled==0", "reordered==0", "forged==0", "gaps==0"}
}

// ParseThreshold reads "ack.p99<100ms", "lost==0" or "up>=99%". The error is a
// [*FlagError], or an [*UnknownError] with the names there are.
func ParseThreshold(text string) (Threshold, error) {
	parts := regexp.MustCompile(`^\s*([a-z_0-9.]+)\s*(<=|>=|==|!=|<|>)\s*(\S+)\s*$`).FindStringSubmatch(text)
	if parts == nil {
		return Threshold{}, &FlagError{"threshold", fmt.Sprintf("%q is no condition; write one as ack.p99<100ms or lost==0", text)}
	}
	t := Threshold{Text: strings.TrimSpace(text), op: parts[2]}
	t.Metric, t.Stat, _ = strings.Cut(parts[1], ".")
	if err := t.known(parts[1]); err != nil {
		return t, err
	}
	var err error
	if t.bound, err = t.readBound(parts[3]); err != nil {
		return t, &FlagError{"threshold", fmt.Sprintf("%q: %v", text, err)}
	}
	return t, nil
}

// Metrics names everything that a threshold may be about.
func Metrics() []string {
	names := slices.Sorted(maps.Keys((&Report{}).counts()))
	for _, metric := range timed() {
		for _, stat := range stats() {
			names = append(names, metric+"."+stat)
		}
	}
	return names
}

func (t Threshold) known(name string) error {
	if slices.Contains(Metrics(), name) {
		return nil
	}
	if slices.Contains(timed(), name) {
		return &FlagError{"threshold", fmt.Sprintf("%s is a time; say which of %s.%s", name, name, strings.Join(stats(), ", "+name+"."))}
	}
	return &UnknownError{What: "metric", Name: name, Known: Metrics()}
}

func (t Threshold) readBound(text string) (float64, error) {
	if t.Stat != "" && t.Stat != "count" {
		d, err := time.ParseDuration(text)
		if err != nil {
			return 0, fmt.Errorf("%s.%s is a time; give it a unit, as in 100ms", t.Metric, t.Stat)
		}
		return float64(d) / float64(time.Millisecond), nil
	}
	number := text
	if t.Metric == "up" {
		number = strings.TrimSuffix(text, "%")
	}
	v, err := strconv.ParseFloat(number, 64)
	if err != nil {
		return 0, fmt.Errorf("%s is compared with a number, not with %q", t.Metric, text)
	}
	return v, nil
}

// against holds the condition against a report. What was never measured
// proves nothing, so such a condition does not hold.
func (t Threshold) against(r *Report) Outcome {
	v, measured := r.value(t.Metric, t.Stat)
	holds := map[string]bool{
		"<": v < t.bound, "<=": v <= t.bound, ">": v > t.bound, ">=": v >= t.bound, "==": v == t.bound, "!=": v != t.bound,
	}[t.op]
	return Outcome{Threshold: t.Text, Value: v, Measured: measured, Holds: holds && measured}
}

// withDefaults adds the default conditions on metrics that none is about.
func withDefaults(given []Threshold) ([]Threshold, error) {
	all := slices.Clone(given)
	for _, text := range DefaultThresholds() {
		t, err := ParseThreshold(text)
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(given, func(g Threshold) bool { return g.Metric == t.Metric && g.Stat == t.Stat }) {
			all = append(all, t)
		}
	}
	return all, nil
}
