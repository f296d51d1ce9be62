package chat

import (
	"slices"
	"unicode/utf8"
)

// Piece is a part of an excerpt; Hit: it is what was looked for.
type Piece struct {
	Text string `json:"text"`
	Hit  bool   `json:"hit"`
}

const (
	// excerptBefore and excerptAfter are how many characters stand around the
	// first hit.
	excerptBefore = 60
	excerptAfter  = 180
)

// excerpt cuts a text around the first of the words and marks every one of
// them in it. The pieces put together are a part of the text.
func excerpt(text string, wanted []string) []Piece {
	hits := hitsIn(text, wanted)
	if len(hits) == 0 {
		return []Piece{}
	}
	at, end := back(text, hits[0].start, excerptBefore), forward(text, hits[0].start, excerptAfter)
	var out []Piece
	for _, h := range hits {
		if h.end > end {
			break
		}
		if at < h.start {
			out = append(out, Piece{Text: text[at:h.start]})
		}
		out = append(out, Piece{Text: text[h.start:h.end], Hit: true})
		at = h.end
	}
	if at < end {
		out = append(out, Piece{Text: text[at:end]})
	}
	return out
}

// hitsIn finds where the words stand, those that touch put together.
func hitsIn(text string, wanted []string) []word {
	var hits []word
	for w := range words(text) {
		if !slices.Contains(wanted, w.text) {
			continue
		}
		start := w.start
		for len(hits) > 0 && hits[len(hits)-1].end > start {
			start = min(start, hits[len(hits)-1].start)
			hits = hits[:len(hits)-1]
		}
		hits = append(hits, word{start: start, end: w.end})
	}
	return hits
}

// back is the place n characters before another, moved on to where a word
// begins if that is near.
func back(text string, at, n int) int {
	from := at
	for ; n > 0 && from > 0; n-- {
		_, size := utf8.DecodeLastRuneInString(text[:from])
		from -= size
	}
	if from == 0 {
		return 0
	}
	for i := from; i < at; {
		r, size := utf8.DecodeRuneInString(text[i:])
		if i += size; r == ' ' || r == '\n' {
			return i
		}
	}
	return from
}

// forward is the place n characters after another, or the end.
func forward(text string, at, n int) int {
	for ; n > 0 && at < len(text); n-- {
		_, size := utf8.DecodeRuneInString(text[at:])
		at += size
	}
	return at
}
