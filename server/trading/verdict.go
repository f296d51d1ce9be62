package trading

// Verdict says how well an idea fits the trader's plan. It never says whether
// the trade will win.
type Verdict string

// The verdicts; NoVerdict while an open answer could still change it.
const (
	NoVerdict Verdict = ""
	Diamond   Verdict = "diamond" // every remaining check passes
	Fire      Verdict = "fire"    // exactly one miss, and not a critical one
	Skull     Verdict = "skull"   // two misses or more, or a critical one
)

// MarshalJSON writes a verdict that is not there as null.
func (v Verdict) MarshalJSON() ([]byte, error) {
	if v == NoVerdict {
		return []byte("null"), nil
	}
	return []byte(`"` + string(v) + `"`), nil
}

// rank orders verdicts from none to worst.
func (v Verdict) rank() int {
	switch v {
	case Diamond:
		return 1
	case Fire:
		return 2
	case Skull:
		return 3
	}
	return 0
}

// better says whether v is a better verdict than other; both must be given.
func (v Verdict) better(other Verdict) bool {
	return v != NoVerdict && other != NoVerdict && v.rank() < other.rank()
}

// Worst is the worse of two verdicts; none gives way to any.
func Worst(a, b Verdict) Verdict {
	if b.rank() > a.rank() {
		return b
	}
	return a
}

// Check is one rule held against an idea.
type Check struct {
	Rule     Rule   `json:"rule"`
	Critical bool   `json:"critical"`
	Passed   *bool  `json:"passed"` // nil: not enough was said
	Expected string `json:"expected"`
	Actual   string `json:"actual"`
}

// Missed says whether the check was made and failed.
func (c Check) Missed() bool { return c.Passed != nil && !*c.Passed }

// judge counts: a critical miss or two misses are a skull whatever is still
// open; otherwise an open check keeps the verdict back.
func judge(checks []Check) Verdict {
	misses, open := 0, 0
	for _, c := range checks {
		switch {
		case c.Passed == nil:
			open++
		case !*c.Passed && c.Critical:
			return Skull
		case !*c.Passed:
			misses++
		}
	}
	switch {
	case misses >= 2:
		return Skull
	case open > 0, len(checks) == 0:
		return NoVerdict
	case misses == 1:
		return Fire
	}
	return Diamond
}
