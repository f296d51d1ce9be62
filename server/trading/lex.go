package trading

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/shopspring/decimal"
)

// maxWords and maxBytes bound what one message may cost to read; what is
// beyond them is not looked at.
const (
	maxBytes  = 40_000
	maxTokens = 4_000
)

type tokenKind int

const (
	tokWord   tokenKind = iota // text is in lower case
	tokNumber                  // value, unit, lead
	tokSymbol                  // an instrument; symbol and contract
	tokPunct                   // one of , : @ = / ( ) - and the like
	tokBreak                   // the end of a sentence or line
	tokClock                   // 10:30
	tokRatio                   // 2:1, value is the larger over the smaller
	tokBad                     // digits that make no number we dare to read
)

type token struct {
	kind  tokenKind
	text  string // lower case; for numbers as written
	raw   string
	glued bool // no space before it

	value    decimal.Decimal
	other    *decimal.Decimal // what the number is under the other convention, when nobody can tell
	unit     unit
	unitWord string // as written, for times
	lead     byte   // '$', '+', '-' or 0
	currency string // EUR, when another one than USD was written
	kilo     bool   // written with k or "grand"

	instrument *Instrument
	contract   string
	weak       bool // a symbol that may only be mentioned
}

// straight replaces the look-alikes that phones and editors put in.
var straight = strings.NewReplacer("’", "'", "‘", "'", "′", "'", "“", `"`, "”", `"`, "–", "-", "—", "-", "−", "-",
	"\u00a0", " ", "\u202f", " ", "\u2009", " ", "×", "x", "→", " ", "€", "€", "½", " half_ ", "¼", " quarter_ ", "\r", "\n")

// glued are fractions right behind a whole number: 6012¼, and not 110'16½.
var glued = regexp.MustCompile(`(^|[^\d.'])(\d[\d,]*)[¼½¾]`)

func decimals(s string) string {
	return strings.NewReplacer("¼", ".25", "½", ".5", "¾", ".75").Replace(s)
}

type lexer struct {
	s    string
	at   int
	toks []token
}

// lex cuts text into tokens. Bytes that are no UTF-8 are skipped.
func lex(text string) []token {
	if len(text) > maxBytes {
		text = text[:maxBytes]
	}
	lx := &lexer{s: straight.Replace(glued.ReplaceAllStringFunc(text, decimals))}
	for lx.at < len(lx.s) && len(lx.toks) < maxTokens {
		lx.next()
	}
	return lx.toks
}

func (lx *lexer) next() {
	r, size := utf8.DecodeRuneInString(lx.s[lx.at:])
	switch {
	case r == '\n':
		lx.push(token{kind: tokBreak, text: "\n"}, 1)
	case unicode.IsSpace(r) || r == utf8.RuneError:
		lx.at += size
	case isDigit(lx.s[lx.at]), r == '.' && isDigit(lx.peek(1)):
		lx.number()
	case unicode.IsLetter(r):
		lx.word()
	case r == '.' || r == '!' || r == '?' || r == ';':
		lx.push(token{kind: tokBreak, text: string(r)}, size)
	default:
		lx.push(token{kind: tokPunct, text: string(r)}, size)
	}
}

func (lx *lexer) peek(ahead int) byte {
	if lx.at+ahead < len(lx.s) {
		return lx.s[lx.at+ahead]
	}
	return 0
}

func isDigit(b byte) bool  { return b >= '0' && b <= '9' }
func isLetter(b byte) bool { return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' }

func (lx *lexer) push(t token, size int) {
	t.raw = lx.s[lx.at : lx.at+size]
	t.glued = lx.at > 0 && lx.s[lx.at-1] != ' ' && lx.s[lx.at-1] != '\n' && lx.s[lx.at-1] != '\t'
	lx.at += size
	lx.toks = append(lx.toks, t)
}

// word reads letters with the digits, & and ! that belong to names: tp1, m2k,
// s&p, mes1!, ES_F; and don't, i'm.
func (lx *lexer) word() {
	end := lx.at
	for end < len(lx.s) {
		r, size := utf8.DecodeRuneInString(lx.s[end:])
		after := byte(0)
		if end+size < len(lx.s) {
			after = lx.s[end+size]
		}
		inside := unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_' ||
			(r == '&' || r == '\'') && isLetter(after) ||
			r == '!' && isDigit(lx.s[end-1])
		if !inside {
			break
		}
		end += size
	}
	raw := lx.s[lx.at:end]
	lower := strings.ToLower(raw)
	if letters := strings.TrimRight(lower, "0123456789"); len(lower)-len(letters) >= 3 && labels[letters] != roleNone {
		lx.push(token{kind: tokWord, text: letters}, len(letters)) // sl5994
		return
	}
	if letters := strings.TrimRight(strings.TrimSuffix(lower, "k"), "0123456789"); strings.HasSuffix(lower, "k") && len(letters) < len(lower)-1 && labels[letters] == roleEquity {
		lx.push(token{kind: tokWord, text: letters}, len(letters)) // acc10k
		return
	}
	if n, ok := strings.CutPrefix(lower, "x"); ok && n != "" && len(n) <= 6 && strings.Trim(n, "0123456789") == "" {
		lx.push(token{kind: tokNumber, text: n, value: decimal.RequireFromString(n), unit: unitX}, end-lx.at)
		return
	}
	lx.push(token{kind: tokWord, text: lower}, end-lx.at)
}

// number reads digits with the separators between them, a clock, a ratio, or a
// name that starts with a digit (6E).
func (lx *lexer) number() {
	end := lx.at
	for end < len(lx.s) && (isDigit(lx.s[end]) || isSeparator(lx.s[end]) && end+1 < len(lx.s) && isDigit(lx.s[end+1])) {
		end++
	}
	raw := lx.s[lx.at:end]
	if n, ok := lx.named(end); ok {
		lx.push(token{kind: tokWord, text: strings.ToLower(lx.s[lx.at : lx.at+n])}, n)
		return
	}
	if lx.colon(raw, end) {
		return
	}
	if end < len(lx.s) && (lx.s[end] == 'e' || lx.s[end] == 'E') && end+1 < len(lx.s) &&
		(isDigit(lx.s[end+1]) || (lx.s[end+1] == '+' || lx.s[end+1] == '-') && end+2 < len(lx.s) && isDigit(lx.s[end+2])) {
		end += 2
		for end < len(lx.s) && isDigit(lx.s[end]) {
			end++
		}
		lx.push(token{kind: tokBad, text: "exponent"}, end-lx.at)
		return
	}
	if strings.ContainsRune(raw, '\'') && end < len(lx.s) && lx.s[end] == '+' {
		end++ // 110'16+
	}
	lx.pushNumbers(lx.s[lx.at:end])
}

func isSeparator(b byte) bool { return b == '.' || b == ',' || b == '\'' }

// named reads 6E, 6EH7, 6E1!: the roots of currency futures start with a 6.
func (lx *lexer) named(digitsEnd int) (int, bool) {
	if digitsEnd != lx.at+1 || lx.s[lx.at] != '6' || digitsEnd >= len(lx.s) || !strings.ContainsRune("eEbBjJaAcCsSnN", rune(lx.s[digitsEnd])) {
		return 0, false
	}
	end := digitsEnd
	for end < len(lx.s) && (isLetter(lx.s[end]) || isDigit(lx.s[end]) || lx.s[end] == '!') {
		end++
	}
	_, ok := rootOf(strings.ToUpper(lx.s[lx.at:end]))
	return end - lx.at, ok
}

// colon reads 10:30 as a time and 2:1 as a ratio.
func (lx *lexer) colon(raw string, end int) bool {
	if end+1 >= len(lx.s) || lx.s[end] != ':' || !isDigit(lx.s[end+1]) || len(raw) > 4 {
		return false
	}
	stop := end + 1
	for stop < len(lx.s) && (isDigit(lx.s[stop]) || lx.s[stop] == '.' && stop+1 < len(lx.s) && isDigit(lx.s[stop+1])) {
		stop++
	}
	right := lx.s[end+1 : stop]
	if len(raw) <= 2 && len(right) == 2 && right[0] <= '5' && right[1] != '.' && strings.Trim(raw, "0123456789") == "" {
		lx.push(token{kind: tokClock, text: raw + ":" + right}, stop-lx.at)
		return true
	}
	a, okA := parseDigits(raw)
	b, okB := parseDigits(right)
	if !okA || !okB || a.IsZero() || b.IsZero() || len(right) > 4 {
		return false
	}
	if a.LessThan(b) {
		a, b = b, a
	}
	lx.push(token{kind: tokRatio, text: raw + ":" + right, value: cut(a, b)}, stop-lx.at)
	return true
}

// pushNumbers pushes one number, or several where commas without spaces
// separate a list: "6007.5,6012".
func (lx *lexer) pushNumbers(raw string) {
	if looksLikeList(raw) {
		for part := range strings.SplitSeq(raw, ",") {
			lx.push(token{kind: tokNumber, text: part}, len(part))
			if lx.at < len(lx.s) && lx.s[lx.at] == ',' {
				lx.push(token{kind: tokPunct, text: ","}, 1)
			}
		}
		return
	}
	lx.push(token{kind: tokNumber, text: raw}, len(raw))
}
