package trading

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"
)

// reading is one message of testdata/ideas.txt and what must be read from it.
type reading struct {
	path string
	line int
	text string
	want []string
}

func readings(t testing.TB) []reading {
	t.Helper()
	return append(readingsOf(t, "testdata/ideas.txt"), readingsOf(t, "testdata/ideas_unseen.txt")...)
}

func readingsOf(t testing.TB, path string) []reading {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var all []reading
	for n, line := range strings.Split(string(raw), "\n") {
		kind, rest, _ := strings.Cut(line, " ")
		switch kind {
		case ">":
			if len(all) == 0 || len(all[len(all)-1].want) > 0 {
				all = append(all, reading{path: path, line: n + 1, text: rest})
				continue
			}
			all[len(all)-1].text += "\n" + rest
		case "=":
			all[len(all)-1].want = append(all[len(all)-1].want, rest)
		}
	}
	return all
}

// render writes a reading the way the data file does.
func render(i Idea) string {
	parts := []string{strings.Join(strings.Fields(fmt.Sprintf("%s %s %s", showSide(i), showQuantity(i), i.Symbol)), " ")}
	add := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
	if i.Entry != nil {
		add("entry %s", showPrice(*i.Entry))
	}
	if i.Stop != nil {
		add("stop %s", showPrice(*i.Stop))
	}
	for _, t := range i.Targets {
		part := ""
		switch {
		case t.Portion != nil:
			part = " x " + t.Portion.String()
		case t.Quantity != nil:
			part = " = " + t.Quantity.String()
		case t.Rest:
			part = " rest"
		}
		add("target %s%s", showPrice(t.Price), part)
	}
	for _, d := range i.Pending {
		add("wait %s %s", d.Field, d.Words)
	}
	for _, f := range i.Exits {
		add("exit %s @ %s", f.Quantity, f.Price)
	}
	if i.PointValue != nil {
		add("point %s", i.PointValue)
	}
	if i.Equity != nil {
		add("%s", strings.TrimSpace(fmt.Sprintf("equity %s %s", i.Equity, i.Currency)))
	}
	if i.RiskPct != nil {
		add("risk %s%%", i.RiskPct)
	}
	if i.RiskMoney != nil {
		add("risk $%s", i.RiskMoney)
	}
	for _, f := range i.Declined {
		add("no %s", f)
	}
	for _, q := range i.Questions {
		add("ask %s", q.Field)
	}
	if i.Contract != "" {
		add("contract %s", i.Contract)
	}
	if i.Timeframe != "" {
		add("%s", i.Timeframe)
	}
	if i.Status != Planned {
		add("%s", i.Status)
	}
	if i.Later {
		add("later")
	}
	if i.Alternative {
		add("alternative")
	}
	if i.SideDerived {
		add("side inferred")
	}
	if i.Instrument != nil && !i.Instrument.Sized() {
		add("unlisted")
	}
	return strings.TrimSpace(strings.Join(parts, " | "))
}

func showSide(i Idea) string { return string(i.Side) }

func showQuantity(i Idea) string {
	if i.Quantity == nil {
		return ""
	}
	return i.Quantity.String()
}

func showPrice(p Price) string {
	if p.Derived {
		return "~" + p.Value.String()
	}
	return p.Value.String()
}

// TestParseIdeas holds the parser to every message of both files. What it read
// exactly of messages it had never seen, before it was mended for them: 43 of
// 60, then 48 of 60, then 24 of 40 and 35 of 72 (harder ones): 65 %, see
// ideas_unseen.txt.
func TestParseIdeas(t *testing.T) {
	all := readings(t)
	if len(all) < 602 {
		t.Errorf("%d ways of writing in the files; want at least 602", len(all))
	}
	exact := 0
	defer func() { t.Logf("read exactly: %d of %d (of unseen ones at first sight: 150 of 232)", exact, len(all)) }()
	for _, r := range all {
		got := []string{}
		for _, i := range ParseIdeas(r.text) {
			got = append(got, render(i))
		}
		want := r.want
		if len(want) == 1 && want[0] == "nothing" {
			want = []string{}
		}
		diff := cmp.Diff(want, got)
		if diff == "" {
			exact++
		} else {
			t.Errorf("%s:%d: %q (-want +read):\n%s", r.path, r.line, r.text, diff)
		}
	}
}

// numbersIn are all prices and amounts of an idea that must have been written.
func numbersIn(i Idea) []decimal.Decimal {
	var all []decimal.Decimal
	add := func(d *decimal.Decimal) {
		if d != nil {
			all = append(all, *d)
		}
	}
	price := func(p *Price) {
		if p != nil && !p.Derived {
			all = append(all, p.Value)
		}
	}
	price(i.Entry)
	price(i.Stop)
	for n := range i.Targets {
		price(&i.Targets[n].Price)
		add(i.Targets[n].Quantity)
	}
	for _, f := range i.Exits {
		all = append(all, f.Price)
	}
	add(i.Quantity)
	add(i.Equity)
	add(i.RiskPct)
	add(i.RiskMoney)
	return all
}
