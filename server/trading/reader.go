package trading

import (
	"slices"

	"github.com/shopspring/decimal"
)

// maxIdeas bounds what one message is read as; a message with more is a list,
// and the rest of it is left unread.
const maxIdeas = 20

// ParseIdea reads one idea from plain words; where the words hold several, the
// first. What it cannot read it leaves nil. It never fails and never invents a
// number: every number in the idea was written, or derived from one that was.
func ParseIdea(text string) Idea {
	ideas := ParseIdeas(text)
	if len(ideas) == 0 {
		return Idea{Status: Planned}
	}
	return ideas[0]
}

// ParseIdeas reads all ideas of a message. A message without a side, a price
// or an instrument gives none, except that one with an account or a risk alone
// gives an idea holding just that: it may complete an earlier one.
func ParseIdeas(text string) []Idea {
	r := newReader(text)
	r.walk()
	ideas := make([]Idea, 0, len(r.drafts))
	for _, d := range r.drafts {
		if i, ok := d.finish(); ok {
			ideas = append(ideas, i)
		}
	}
	shareMoney(ideas)
	return ideas
}

// shareMoney gives the account and the risk said once to all ideas.
func shareMoney(ideas []Idea) {
	var equity, pct, money *decimal.Decimal
	currency := ""
	for _, i := range ideas {
		if i.Equity != nil {
			equity, currency = i.Equity, i.Currency
		}
		if i.RiskPct != nil {
			pct = i.RiskPct
		}
		if i.RiskMoney != nil {
			money = i.RiskMoney
		}
	}
	for n := range ideas {
		if ideas[n].Equity == nil {
			ideas[n].Equity, ideas[n].Currency = equity, currency
		}
		if ideas[n].RiskPct == nil && ideas[n].RiskMoney == nil {
			ideas[n].RiskPct, ideas[n].RiskMoney = pct, money
		}
	}
}

// reader walks the tokens once and gives each number its role.
type reader struct {
	toks    []token
	drafts  []*draft
	cur     *draft
	role    role
	last    role // the latest that got its number, for corrections
	since   int  // tokens since the role was set
	plural  bool // the role goes on after a number: "targets 6007 and 6012"
	pending part // the portion of the next target
	behind  bool // labels stand behind their numbers throughout
	unsized bool // options, CFDs, perpetuals
	day     DayWords
}

// part is how much of a position a target is for.
type part struct {
	fraction *decimal.Decimal
	units    *decimal.Decimal
	rest     bool
}

// draft is an idea while it is being read.
type draft struct {
	Idea
	distances  []distance
	loose      []decimal.Decimal // numbers beside the side or symbol without a label
	slash      []decimal.Decimal // 6000/5994/6012
	strays     []decimal.Decimal // numbers that the words give no role
	strayMoney *token            // "25k", and nobody said what for
	asides     []decimal.Decimal // the percentages of "6006 (75%)"
	further    *token            // the price of "2 more at 5997"
	today      bool              // "now": whatever else is for tomorrow
	past       bool              // told in the past tense
	sideAt     int
	scalesIn   bool // "scale in": what follows are entries
	stopWas    bool // the stop is told of as it was
	firm       bool // the symbol stood where an instrument stands
	micros     bool // the size was said in micros
	lots       bool // the size was said in lots
	rr         *decimal.Decimal
	reward     *token // "reward 12", and nobody said of what
	sideUnset  bool
	worth      worth
}

// priced says whether a loose number is already a price like this one.
func (d *draft) priced(like decimal.Decimal) bool {
	return slices.ContainsFunc(d.loose, func(l decimal.Decimal) bool { return near(l, like) })
}

// distance is a stop or target given as a distance from the entry.
type distance struct {
	field Field
	size  decimal.Decimal
	unit  unit
	words string
	part  part
}

func newReader(text string) *reader {
	toks := lex(text)
	readNumbers(toks)
	toks = foldUnits(joinPhrases(foldFractions(foldSpaces(toks))))
	toks = foldParts(countWords(nameSymbols(toks)))
	toks = join32nds(toks)
	r := &reader{toks: toks}
	r.readDay()
	r.behind = r.labelsBehind()
	r.begin()
	return r
}

// labelsBehind says whether all price labels stand behind their numbers:
// "5994 stop 6000 entry 6012 target". One such message read the other way
// round would be a different trade.
func (r *reader) labelsBehind() bool {
	n, last := 0, -1
	for i, t := range r.toks {
		if t.kind != tokWord || labels[t.text] != roleStop && labels[t.text] != roleTarget && labels[t.text] != roleEntry {
			continue
		}
		if i == 0 || r.toks[i-1].kind != tokNumber {
			return false
		}
		n, last = n+1, i
	}
	if n < 2 {
		return false
	}
	after := r.tok(last + 1)
	return after.kind == tokBreak || after.text == "," || after.text == "|" || after.kind == tokSymbol || sideWords[after.text] != ""
}

// join32nds reads 110-16 as 110'16 where the message is about an instrument
// that is quoted so.
func join32nds(toks []token) []token {
	quoted := slices.ContainsFunc(toks, func(t token) bool { return t.instrument != nil && t.instrument.ThirtySecs == Quoted32nds })
	if !quoted {
		return toks
	}
	out := make([]token, 0, len(toks))
	for i := 0; i < len(toks); i++ {
		t := toks[i]
		if i+2 < len(toks) && t.kind == tokNumber && toks[i+1].text == "-" && toks[i+1].glued && toks[i+2].kind == tokNumber && toks[i+2].glued {
			if v, ok := read32nds(t.value, toks[i+2].text); ok {
				t.value, t.text, t.other = v, t.text+"'"+toks[i+2].text, nil
				i += 2
			}
		}
		out = append(out, t)
	}
	return out
}

func (r *reader) begin() {
	r.cur = &draft{Idea: Idea{Status: Planned, Targets: []Target{}}, sideAt: -1}
	r.drafts = append(r.drafts, r.cur)
	r.setRole(roleNone)
}

func (r *reader) setRole(to role) {
	r.role, r.since, r.plural = to, 0, false
}

func (r *reader) tok(i int) token {
	if i < 0 || i >= len(r.toks) {
		return token{kind: tokBreak}
	}
	return r.toks[i]
}
