package chat

import (
	"iter"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// What a text is found by. The words are made here and not by a database, so
// that each finds the same; a query is cut in the same way as what it looks for.
//
//   - A run of letters and digits is a word, whatever its case, accents and
//     width: "Stop", "SPX" of "$SPX", "2R" of "+2R".
//   - A number keeps its point, and loses the commas of its thousands: 6000.25,
//     and 6,000.25 too, are the word 6000.25.
//   - Words joined by one sign ("stop-loss", "EUR/USD", "don't") are found by
//     each of them and as neighbours; which sign joins them does not matter.
//   - In scripts that put no spaces between words each character is a word, and
//     each pair of neighbours.
//   - An emoji is a word.

const (
	// maxWord bounds a word, in characters; what is longer is cut.
	maxWord = 64
	// maxWords bounds the distinct words that one message is found by.
	maxWords = 20_000
)

// word is one word of a text and where it stands, in bytes.
type word struct {
	text       string
	start, end int
}

// words yields the words of a text in the order of their ends, neighbours after
// each of the two.
func words(text string) iter.Seq[word] {
	return func(yield func(word) bool) {
		c := cutter{text: text, yield: yield}
		for at := 0; at < len(text) && !c.done; {
			r, size := utf8.DecodeRuneInString(text[at:])
			switch {
			case unspaced(r):
				at = c.pairs(at)
			case wordRune(r):
				at = c.chain(at)
			case unicode.Is(unicode.So, r) && r != utf8.RuneError:
				c.give(text[at:at+size], at, at+size)
				at += size
			default:
				at += size
			}
		}
	}
}

// wordSet is the distinct words that a message is found by.
func wordSet(text string) []string {
	seen := map[string]bool{}
	var list []string
	for w := range words(text) {
		if !seen[w.text] {
			seen[w.text] = true
			list = append(list, w.text)
		}
		if len(list) == maxWords {
			break
		}
	}
	return list
}

// queryWords is the distinct words that a query asks for: of neighbours both
// together, which says more than each.
func queryWords(text string) []string {
	var list []word
	for w := range words(text) {
		for len(list) > 0 && list[len(list)-1].start >= w.start {
			list = list[:len(list)-1] // it is in w
		}
		list = append(list, w)
	}
	seen := map[string]bool{}
	var out []string
	for _, w := range list {
		if !seen[w.text] {
			seen[w.text] = true
			out = append(out, w.text)
		}
	}
	return out
}

// unspaced reports a letter of a script that puts no spaces between words.
func unspaced(r rune) bool {
	return r >= 0x0E00 && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
}

// wordRune reports a rune that words are made of.
func wordRune(r rune) bool {
	if r < utf8.RuneSelf {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
	}
	// A variation selector only asks for the coloured form of an emoji.
	mark := unicode.IsMark(r) && !unicode.Is(unicode.Variation_Selector, r)
	return (unicode.IsLetter(r) || unicode.IsDigit(r) || mark) && !unspaced(r)
}

// joins are the signs that make one of two words when nothing else stands
// between them.
const joins = "-.,/:_&@'’+#"

// cutter walks a text.
type cutter struct {
	text  string
	yield func(word) bool
	done  bool
}

func (c *cutter) give(text string, start, end int) {
	if !c.done && text != "" {
		c.done = !c.yield(word{text, start, end})
	}
}

// pairs yields the characters from at on, each alone and with its neighbour.
func (c *cutter) pairs(at int) int {
	before := at
	for at < len(c.text) {
		r, size := utf8.DecodeRuneInString(c.text[at:])
		if !unspaced(r) {
			break
		}
		c.give(fold(c.text[at:at+size]), at, at+size)
		if before < at {
			c.give(fold(c.text[before:at+size]), before, at+size)
		}
		before, at = at, at+size
	}
	return at
}

// chain yields the words from at on that single signs join, each alone and
// with its neighbour.
func (c *cutter) chain(at int) int {
	var before word
	for {
		end := c.run(at)
		w := word{cut(strings.ReplaceAll(fold(c.text[at:end]), ",", "")), at, end}
		c.give(w.text, at, end)
		if before.text != "" && w.text != "" {
			c.give(before.text+"-"+w.text, before.start, end)
		}
		next, joined := c.joined(end)
		if !joined {
			return end
		}
		before, at = w, next
	}
}

// run is the end of the word that begins at a place; the point of a number and
// the commas of its thousands are in it.
func (c *cutter) run(at int) int {
	digit := false
	for at < len(c.text) {
		r, size := utf8.DecodeRuneInString(c.text[at:])
		rest := c.text[at+size:]
		inNumber := digit && (r == '.' && digits(rest) > 0 || r == ',' && digits(rest) == 3)
		if !wordRune(r) && !inNumber {
			break
		}
		digit = digits(c.text[at:]) > 0
		at += size
	}
	return at
}

// joined finds the word that a single sign joins to what ends at a place.
func (c *cutter) joined(end int) (next int, ok bool) {
	r, size := utf8.DecodeRuneInString(c.text[end:])
	if size == 0 || !strings.ContainsRune(joins, r) {
		return end, false
	}
	after, _ := utf8.DecodeRuneInString(c.text[end+size:])
	return end + size, wordRune(after)
}

// fold takes case, width and accents from a word.
func fold(s string) string {
	if isASCII(s) {
		return strings.ToLower(s)
	}
	s = norm.NFKD.String(strings.ToLower(s))
	s = strings.Map(func(r rune) rune {
		if '\u0300' <= r && r <= '\u036F' || !wordRune(r) && !unspaced(r) {
			return -1
		}
		return r
	}, s)
	return norm.NFC.String(strings.ToLower(s))
}

// digits counts the digits that a text begins with, as far as four.
func digits(s string) int {
	n := 0
	for n < len(s) && n < 4 && '0' <= s[n] && s[n] <= '9' {
		n++
	}
	return n
}

func cut(s string) string {
	if len(s) <= maxWord {
		return s
	}
	r := []rune(s)
	return string(r[:min(len(r), maxWord)])
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
