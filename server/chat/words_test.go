package chat

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestWords(t *testing.T) {
	for name, c := range map[string]struct{ text, index, query string }{
		"Plain":             {"Long MES, now!", "long mes now", "long mes now"},
		"Twice":             {"buy Buy BUY", "buy", "buy"},
		"Price":             {"at 6000.25.", "at 6000.25", "at 6000.25"},
		"Thousands":         {"6,000.25 and 1,250,000", "6000.25 and 1250000", "6000.25 and 1250000"},
		"ListOfNumbers":     {"1,2", "1 2 1-2", "1-2"},
		"Range":             {"5-10", "5 10 5-10", "5-10"},
		"Signs":             {"$SPX +2R -5% (#es) \"x\"", "spx 2r 5 es x", "spx 2r 5 es x"},
		"Joined":            {"stop-loss", "stop loss stop-loss", "stop-loss"},
		"JoinedOtherwise":   {"EUR/USD eur_usd", "eur usd eur-usd", "eur-usd"},
		"Chain":             {"a-b.c", "a b a-b c b-c", "a-b b-c"},
		"Apostrophe":        {"don’t don't", "don t don-t", "don-t"},
		"TwoSigns":          {"a--b", "a b", "a b"},
		"EndOfSentence":     {"stop.Next", "stop next stop-next", "stop-next"},
		"Accents":           {"Résumé ÜBER İstanbul", "resume uber istanbul", "resume uber istanbul"},
		"Decomposed":        {"re\u0301sume\u0301", "resume", "resume"},
		"Width":             {"ＳＰＸ", "spx", "spx"},
		"Cyrillic":          {"СТОП", "стоп", "стоп"},
		"Hangul":            {"손절 매수", "손절 매수", "손절 매수"},
		"Chinese":           {"止损位", "止 损 止损 位 损位", "止损 损位"},
		"ChineseAndLatin":   {"在MES做多", "在 mes 做 多 做多", "在 mes 做多"},
		"Voiced":            {"ガ", "ガ", "ガ"},
		"Emoji":             {"🔥🔥 ok ✔️", "🔥 ok ✔", "🔥 ok ✔"},
		"NothingToFind":     {`"'\ -- % * ()`, "", ""},
		"EnginesOwnSyntax":  {`MES AND NOT "x* OR NEAR(a)`, "mes and not x or near a", "mes and not x or near a"},
		"BrokenUTF8":        {"a\xffb", "a b", "a b"},
		"NumberBeforeAWord": {"6000.Next", "6000 next 6000-next", "6000-next"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := strings.Join(wordSet(c.text), " "); got != c.index {
				t.Errorf("found by %q, want %q", got, c.index)
			}
			if got := strings.Join(queryWords(c.text), " "); got != c.query {
				t.Errorf("asks for %q, want %q", got, c.query)
			}
		})
	}
}

func TestExcerpt(t *testing.T) {
	long := strings.Repeat("word ", 100)
	for name, c := range map[string]struct {
		text, query string
		want        []Piece
	}{
		"Whole":      {"my stop is here", "stop", []Piece{{"my ", false}, {"stop", true}, {" is here", false}}},
		"Twice":      {"Stop, stop", "stop", []Piece{{"Stop", true}, {", ", false}, {"stop", true}}},
		"Joined":     {"the stop-loss moved", "stop-loss", []Piece{{"the ", false}, {"stop-loss", true}, {" moved", false}}},
		"Part":       {"the stop-loss", "loss", []Piece{{"the stop-", false}, {"loss", true}}},
		"Overlap":    {"止损位!", "止损位", []Piece{{"止损位", true}, {"!", false}}},
		"NoHit":      {"nothing", "stop", []Piece{}},
		"Characters": {"é🔥é", "🔥", []Piece{{"é", false}, {"🔥", true}, {"é", false}}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, excerpt(c.text, queryWords(c.query))); diff != "" {
				t.Error(diff)
			}
		})
	}
	t.Run("Long", func(t *testing.T) {
		text := long + "stop " + long
		var b strings.Builder
		for _, p := range excerpt(text, []string{"stop"}) {
			b.WriteString(p.Text)
		}
		if got := b.String(); !strings.Contains(text, got) || utf8.RuneCountInString(got) > excerptBefore+excerptAfter || !strings.HasPrefix(got, "word ") {
			t.Errorf("the excerpt is %q", got)
		}
	})
}

func FuzzWords(f *testing.F) {
	for _, seed := range []string{"", "stop-loss 6,000.25", "止损位🔥", "a\xff\u0301", "x.1,000,", "\uFE0F½²"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		index := wordSet(text)
		for _, w := range index {
			if w == "" || strings.ContainsAny(w, "_\"'\\ \x00") || utf8.RuneCountInString(w) > 2*maxWord+1 || !utf8.ValidString(w) {
				t.Fatalf("%q is found by %q", text, w)
			}
		}
		for _, w := range queryWords(text) {
			if !slices.Contains(index, w) {
				t.Fatalf("%q does not find itself: %q", text, w)
			}
		}
		for _, p := range excerpt(text, queryWords(text)) {
			if p.Text == "" || !strings.Contains(text, p.Text) {
				t.Fatalf("the excerpt of %q holds %q", text, p.Text)
			}
		}
	})
}
