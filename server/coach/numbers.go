package coach

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/shopspring/decimal"

	"github.com/elite-trading-coach/coach/server/trading"
)

// A model is fluent where it should be exact. After it has ended, each number
// in its text is looked for in what was computed, what the trader wrote and
// what the plan says; one that is found nowhere is marked. Numbers written as
// words are not looked at, nor the counters of lists.

// maxUnverified bounds the list that is stored with an answer.
const maxUnverified = 50

// Compiled once; never written to.
var (
	numberText  = regexp.MustCompile(`\p{Nd}+(?:[,.'’．٫٬]\p{Nd}+)*[kKmM]?`)
	listCounter = regexp.MustCompile(`(?m)^[ \t]*(?:[-*>#]+[ \t]*)?(?:\*\*)?\d{1,2}[.)](?:[ \t]|\*\*)`)
)

// said is a number in a text: as it was written and every value that it can
// mean, for 1,250 may be a thousand or a fraction.
type said struct {
	text   string
	values []decimal.Decimal
}

// numbersIn finds the numbers of a text, in the digits of any script. Digits
// inside a word (M2K, MESH7, level_2) are a name's, not numbers; those behind
// other letters are, for not every script parts its words.
func numbersIn(text string) []said {
	var out []said
	for _, at := range numberText.FindAllStringIndex(text, -1) {
		after, _ := utf8.DecodeRuneInString(text[at[1]:])
		word := text[at[0]:at[1]]
		if insideName(text[:at[0]]) {
			continue
		}
		if suffix := word[len(word)-1]; unicode.IsLetter(after) && (suffix == 'k' || suffix == 'm' || suffix == 'K' || suffix == 'M') {
			word = word[:len(word)-1] // 5min, 10kg: the letter begins a word
		}
		if values := valuesOf(word); len(values) > 0 {
			out = append(out, said{word, values})
		}
	}
	return out
}

// insideName says whether what comes next goes on with a name. An underscore
// alone is emphasis: _6108_.
func insideName(before string) bool {
	name := strings.TrimRight(before, "_")
	last, _ := utf8.DecodeLastRuneInString(name)
	return unicode.Is(unicode.Latin, last) || len(name) < len(before) && (unicode.IsLetter(last) || unicode.IsDigit(last))
}

// plainDigits writes the digits and marks of any script as ours: ６１００．２５
// and ٦١٠٠٫٢٥ are 6100.25.
func plainDigits(word string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r < utf8.RuneSelf:
			return r
		case r == '．' || r == '٫':
			return '.'
		case r == '٬':
			return ','
		case r == '’':
			return '\''
		case unicode.IsDigit(r):
			return '0' + valueOf(r)
		}
		return r
	}, word)
}

// valueOf is the value of a decimal digit. Each script has its ten in a row,
// from 0 to 9 (The Unicode Standard, 4.6), and rows may follow each other.
func valueOf(digit rune) rune {
	before := rune(0)
	for unicode.IsDigit(digit - before - 1) {
		before++
	}
	return before % 10
}

func valuesOf(word string) []decimal.Decimal {
	word = plainDigits(word)
	factor := decimal.NewFromInt(1)
	switch word[len(word)-1] {
	case 'k', 'K':
		word, factor = word[:len(word)-1], decimal.NewFromInt(1000)
	case 'm', 'M':
		word, factor = word[:len(word)-1], decimal.NewFromInt(1_000_000)
	}
	if len(word) > 40 {
		return nil
	}
	var out []decimal.Decimal
	plain := strings.ReplaceAll(word, "'", "")
	whole, _, _ := strings.Cut(word, "'") // of 110'16
	for _, reading := range []string{
		strings.ReplaceAll(plain, ",", ""),                               // 1,250.50 and 1'250.50
		strings.ReplaceAll(strings.ReplaceAll(plain, ".", ""), ",", "."), // 1.250,50
		strings.ReplaceAll(whole, ",", ""),
	} {
		if d, err := decimal.NewFromString(reading); err == nil {
			out = append(out, d.Mul(factor))
		}
	}
	return out
}

// known is every number that an answer may hold.
type known struct {
	values map[string]bool // in canonical form
	list   []decimal.Decimal
}

func (k *known) text(text string) {
	for _, n := range numbersIn(text) {
		for _, v := range n.values {
			if key := v.String(); !k.values[key] {
				k.values[key] = true
				k.list = append(k.list, v)
			}
		}
	}
}

func (k *known) json(v any) {
	if raw, err := json.Marshal(v); err == nil {
		k.text(string(raw))
	}
}

// has reports whether a number is one of these, or one of these cut to fewer
// digits. Cut, not rounded: 1.96 R that is told as 2.0 would pass a rule that
// it fails.
func (k *known) has(n said) bool {
	return slices.ContainsFunc(n.values, func(v decimal.Decimal) bool {
		if k.values[v.String()] {
			return true
		}
		digits := -v.Exponent()
		return digits >= 0 && slices.ContainsFunc(k.list, func(source decimal.Decimal) bool {
			return -source.Exponent() > digits && digits > 0 && source.Truncate(digits).Equal(v)
		})
	})
}

// sources are the numbers of a prompt: its analysis, the trader's own words
// and the plan.
func sources(p Prompt, draft Answer) *known {
	k := &known{values: map[string]bool{}}
	k.text(draft.Text)
	k.text(string(draft.Analysis))
	k.json(p.Plan)
	k.text(p.Text)
	for _, turn := range p.History {
		if turn.Role == "user" && (p.Author == "" || turn.Author == "" || turn.Author == p.Author) {
			k.text(turn.Text)
		}
	}
	k.text("24/7 100") // ways of speaking: around the clock, a hundred per cent
	return k
}

// unverified lists the numbers of a text that no source has, as they were
// written, each once.
func unverified(text string, k *known) []string {
	text = listCounter.ReplaceAllStringFunc(text, func(counter string) string { return strings.Repeat(" ", len(counter)) })
	var out []string
	for _, n := range numbersIn(text) {
		if len(out) < maxUnverified && !k.has(n) && !slices.Contains(out, n.text) {
			out = append(out, n.text)
		}
	}
	return out
}

// secret are the amounts that others in the conversation are not to learn:
// the account as the plan has it or as it was said before.
func secret(p Prompt) *known {
	k := &known{values: map[string]bool{}}
	if p.Plan.Account.Equity != nil {
		k.text(p.Plan.Account.Equity.String())
	}
	for _, turn := range p.History {
		for _, idea := range trading.ParseIdeas(turn.Text) {
			if idea.Equity != nil {
				k.text(idea.Equity.String())
			}
		}
	}
	for _, idea := range trading.ParseIdeas(p.Text) {
		if idea.Equity != nil {
			delete(k.values, idea.Equity.String())
		}
	}
	return k
}

// tells reports whether a text holds one of the numbers exactly.
func (k *known) tells(text string) bool {
	return slices.ContainsFunc(numbersIn(text), func(n said) bool {
		return slices.ContainsFunc(n.values, func(v decimal.Decimal) bool { return k.values[v.String()] })
	})
}
