package trading

import (
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"
)

func drawDecimal(t *rapid.T, label string, low, high int64, places int32) decimal.Decimal {
	return decimal.New(rapid.Int64Range(low, high).Draw(t, label), -places)
}

func drawInstrument(t *rapid.T) Instrument {
	i, _ := Lookup(rapid.SampledFrom([]string{"ES", "MES", "NQ", "YM", "CL", "GC", "ZB", "ZN", "6E", "EURUSD", "USDJPY", "BTCUSD"}).Draw(t, "instrument"))
	return i
}

// A size never risks more than any of its limits, and one step more would.
func TestSizeNeverExceedsTheCap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		inst := drawInstrument(t)
		entry := drawDecimal(t, "entry", 100, 10_000_000, 3)
		stop := entry.Sub(inst.Tick.Mul(drawDecimal(t, "ticks", 1, 5_000, 0)))
		if stop.Sign() <= 0 {
			return
		}
		limit := drawDecimal(t, "limit", 1, 10_000_000, 2)
		other := drawDecimal(t, "other limit", 1, 10_000_000, 2)
		costs := drawDecimal(t, "costs", 0, 500, 2)
		s, err := PositionSize(SizeQuery{
			Instrument: inst, Entry: entry, Stop: stop, Costs: costs,
			Limits: []Limit{{RulePerTrade, limit}, {RuleDailyLoss, other}}, Cash: &limit,
		})
		if err != nil {
			t.Fatal(err)
		}
		loss := lossPerUnit(inst, entry, stop).plus(costs)
		if !loss.within(s.Units, limit) || !loss.within(s.Units, other) {
			t.Fatalf("size %s loses more than %s or %s", s.Units, limit, other)
		}
		if inst.Cash() && s.Units.Mul(entry).GreaterThan(limit) {
			t.Fatalf("size %s costs more than the cash %s", s.Units, limit)
		}
		more := s.Units.Add(inst.SizeStep)
		if loss.within(more, limit) && loss.within(more, other) && (!inst.Cash() || more.Mul(entry).LessThanOrEqual(limit)) {
			t.Fatalf("size %s is not the largest: %s would fit", s.Units, more)
		}
	})
}

// R does not depend on the unit prices are counted in, nor on the side they
// are mirrored to.
func TestRIsInvariantUnderScaling(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		entry, risk := drawDecimal(t, "entry", 1_000, 1_000_000, 2), drawDecimal(t, "risk", 1, 900, 2)
		reward, scale := drawDecimal(t, "reward", 1, 9_000, 2), drawDecimal(t, "scale", 1, 1_000, 1)
		rr := func(side Side, scale decimal.Decimal) RR {
			towards := side.toward()
			out, err := RiskReward(RRQuery{
				Side: side, Entry: entry.Mul(scale), Stop: entry.Sub(risk.Mul(towards)).Mul(scale),
				Targets: []Target{{Price: Price{Value: entry.Add(reward.Mul(towards)).Mul(scale)}}},
			})
			if err != nil {
				t.Fatal(err)
			}
			return out
		}
		plain := rr(Long, one)
		for _, other := range []RR{rr(Long, scale), rr(Short, one), rr(Short, scale)} {
			if !other.Blended.Equal(plain.Blended) || other.AtLeast(dec("2")) != plain.AtLeast(dec("2")) {
				t.Fatalf("R %s and %s", plain.Blended, other.Blended)
			}
		}
	})
}

// The legs of a trade add up to the whole, to the cent.
func TestLegsAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		inst, _ := Lookup(rapid.SampledFrom([]string{"MES", "NQ", "CL", "ZN", "BTCUSD"}).Draw(t, "instrument"))
		side := rapid.SampledFrom([]Side{Long, Short}).Draw(t, "side")
		q := PnLQuery{Instrument: inst, Side: side, CostPerSide: drawDecimal(t, "costs", 0, 500, 2)}
		paid, got, left := decimal.Zero, decimal.Zero, decimal.Zero
		for range rapid.IntRange(1, 5).Draw(t, "entries") {
			f := Fill{drawDecimal(t, "size", 1, 20, 0), inst.Tick.Mul(drawDecimal(t, "ticks", 10_000, 200_000, 0))}
			q.Entries = append(q.Entries, f)
			paid, left = paid.Add(f.Quantity.Mul(f.Price)), left.Add(f.Quantity)
		}
		units := left
		for left.Sign() > 0 {
			f := Fill{decimal.NewFromInt(rapid.Int64Range(1, left.IntPart()).Draw(t, "out")), inst.Tick.Mul(drawDecimal(t, "ticks", 10_000, 200_000, 0))}
			q.Exits = append(q.Exits, f)
			got, left = got.Add(f.Quantity.Mul(f.Price)), left.Sub(f.Quantity)
		}
		p, err := TradePnL(q)
		if err != nil {
			t.Fatal(err)
		}
		want := got.Sub(paid).Mul(side.toward()).Mul(inst.PointValue).Round(2)
		if p.Gross.Sub(want).Abs().GreaterThan(cent) {
			t.Fatalf("gross %s, want %s", p.Gross, want)
		}
		if costs := q.CostPerSide.Mul(units).Mul(dec("2")); !p.Costs.Equal(costs.Round(2)) || !p.Net.Equal(p.Gross.Sub(p.Costs)) {
			t.Fatalf("costs %s, want %s; net %s of %s", p.Costs, costs, p.Net, p.Gross)
		}
	})
}

// A larger size, a larger loss today or a smaller account never earn a better
// verdict.
func TestVerdictIsMonotone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		idea := ParseIdea("long 2 MES at 6000, stop 5994, target 6012")
		idea.Quantity = ptr(drawDecimal(t, "size", 1, 12, 0).String())
		idea.Equity = ptr(drawDecimal(t, "equity", 10_000, 50_000, 0).String())
		s := SessionState{Known: true, RealisedNet: drawDecimal(t, "net", -900, 0, 0)}
		before := Evaluate(idea, DefaultPlan(), s)
		worse, day := idea, s
		switch rapid.IntRange(0, 2).Draw(t, "what gets worse") {
		case 0:
			worse.Quantity = ptr(idea.Quantity.Add(drawDecimal(t, "more", 1, 9, 0)).String())
		case 1:
			worse.Equity = ptr(idea.Equity.Sub(drawDecimal(t, "less", 1, 9_000, 0)).String())
		case 2:
			day.RealisedNet = s.RealisedNet.Sub(drawDecimal(t, "lost", 1, 500, 0))
		}
		after := Evaluate(worse, DefaultPlan(), day)
		if after.Verdict.better(before.Verdict) {
			t.Fatalf("%s became %s", before.Verdict, after.Verdict)
		}
	})
}

// The change that is offered earns what it promises.
func TestChangeKeepsItsPromise(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		idea := ParseIdea("long 2 MES at 6000, stop 5994, target 6012, account 25k")
		if rapid.Bool().Draw(t, "short") {
			idea = ParseIdea("short 2 MES at 6000, stop 6006, target 5988, account 25k")
		}
		tick := dec("0.25")
		idea.Quantity = ptr(drawDecimal(t, "size", 1, 30, 0).String())
		idea.Stop = &Price{Value: idea.Entry.Value.Sub(tick.Mul(drawDecimal(t, "stop ticks", 1, 400, 0)).Mul(idea.Side.toward()))}
		idea.Targets[0].Value = idea.Entry.Value.Add(tick.Mul(drawDecimal(t, "target ticks", 1, 400, 0)).Mul(idea.Side.toward()))
		if rapid.Bool().Draw(t, "two targets") {
			farther := idea.Targets[0].Value.Add(tick.Mul(drawDecimal(t, "farther ticks", 1, 100, 0)).Mul(idea.Side.toward()))
			idea.Targets = append(idea.Targets, Target{Price: Price{Value: farther}})
		}
		plan := DefaultPlan()
		plan.Account.Costs.PerContractSide = drawDecimal(t, "costs", 0, 300, 2)
		s := SessionState{Known: true, RealisedNet: drawDecimal(t, "net", -900, 0, 0)}
		e := Evaluate(idea, plan, s)
		c := e.Numbers.Change
		if c == nil || c.Kind == ChangeSkip {
			return
		}
		next := idea
		if c.Size != nil {
			next.Quantity = c.Size
		}
		if c.Entry != nil {
			next.Entry = &Price{Value: *c.Entry}
			if _, rest := c.Entry.QuoRem(tick, 0); !rest.IsZero() {
				t.Fatalf("entry %s is not on the tick", c.Entry)
			}
		}
		if got := Evaluate(next, plan, s).Verdict; got != c.Verdict || !got.better(e.Verdict) {
			t.Fatalf("promised %s instead of %s, got %s", c.Verdict, e.Verdict, got)
		}
	})
}

// FuzzParseIdea: no input panics or takes long, and no number is read that was
// not written.
func FuzzParseIdea(f *testing.F) {
	for _, r := range readings(f) {
		f.Add(r.text)
	}
	for _, s := range []string{
		"", "long MES at -5 stop -6", "long MES at 1e400 stop 1e-400", strings.Repeat("long MES 6000 stop 5994 ", 420), strings.Repeat("9", 10_000),
		strings.Repeat("sell ", 2_000), strings.Repeat("no stop ", 1_200), strings.Repeat("'", 9_999), "long \xff\xfe MES 6000", strings.Repeat("1,", 5_000), strings.Repeat("micro ", 1_500), strings.Repeat("half at 5 ", 900),
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 10_000 {
			text = text[:10_000]
		}
		began := time.Now()
		ideas := ParseIdeas(text)
		if took := time.Since(began); took > 2*time.Second {
			t.Fatalf("reading %d bytes took %s", len(text), took)
		}
		if len(ideas) > maxIdeas {
			t.Fatalf("%d ideas", len(ideas))
		}
		written := digitsOnly(text)
		for _, i := range ideas {
			for _, n := range numbersIn(i) {
				if !wasWritten(n, text, written) {
					t.Fatalf("%s was not written in %q", n, text)
				}
			}
			Evaluate(i, DefaultPlan(), SessionState{})
			Continue(i, []Field{FieldStop}, text)
		}
	})
}

func digitsOnly(text string) string {
	var b strings.Builder
	for _, r := range text {
		if r >= '0' && r <= '9' {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// wasWritten looks for the digits of a number in the text. Counts up to twenty
// may be words, as may halves and quarters, n/m is a quotient, and 32nds change
// their digits.
func wasWritten(n decimal.Decimal, text, digits string) bool {
	quarters := n
	if lower := strings.ToLower(text); strings.Contains(lower, "half") || strings.Contains(lower, "quarter") || strings.ContainsAny(lower, "½¼/") {
		quarters = n.Mul(dec("4"))
	}
	if quarters.IsInteger() && (n.Abs().LessThanOrEqual(dec("20")) || !n.IsInteger() && strings.Contains(digits, n.Truncate(0).String())) {
		return true
	}
	for parts := int64(2); strings.Contains(text, "/") && parts <= maxParts; parts++ {
		if n.Mul(decimal.NewFromInt(parts)).Round(6).IsInteger() {
			return true
		}
	}
	core := strings.Trim(strings.ReplaceAll(strings.TrimPrefix(n.String(), "-"), ".", ""), "0")
	return strings.Contains(digits, core) || strings.ContainsAny(text, "'’‘′-")
}

func BenchmarkEvaluate(b *testing.B) {
	idea := ParseIdea("long 2 MES at 6000, stop 5994, target 6012, account 25k, risk 1%")
	plan := DefaultPlan()
	b.ReportAllocs()
	for b.Loop() {
		Evaluate(idea, plan, SessionState{})
	}
}

func BenchmarkEvaluateWithChange(b *testing.B) {
	idea := ParseIdea("long 20 MES at 6000, stop 5994, target 6012, account 25k")
	plan := DefaultPlan()
	b.ReportAllocs()
	for b.Loop() {
		Evaluate(idea, plan, SessionState{})
	}
}

// BenchmarkEvaluateLongestSearch tries both entries, each with a smaller size,
// and finds nothing.
func BenchmarkEvaluateLongestSearch(b *testing.B) {
	idea := ParseIdea("long 8 ES at 6000, stop 5990, target 6012, account 25k, risk $20")
	b.ReportAllocs()
	for b.Loop() {
		Evaluate(idea, DefaultPlan(), SessionState{})
	}
}

func BenchmarkParseIdea(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		ParseIdea("long 2 MES at 6000, stop 5994, target 6012, account 25k, risk 1%")
	}
}

func BenchmarkParseLongest(b *testing.B) {
	text := strings.Repeat("long MES 6000 stop 5994 ", 416)
	b.ReportAllocs()
	for b.Loop() {
		ParseIdeas(text)
	}
}
