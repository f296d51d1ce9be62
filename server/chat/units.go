package chat

import "unicode/utf8"

// Units counts a text as browsers index it, in UTF-16 code units: a character
// beyond the basic plane counts two.
func Units(s string) int {
	n := 0
	for _, r := range s {
		n += unitsOf(r)
	}
	return n
}

// AfterUnit is the rest of s behind the first n units; false when s is shorter
// or n would split a character.
func AfterUnit(s string, n int) (string, bool) {
	for i, r := range s {
		if n <= 0 {
			return s[i:], n == 0
		}
		n -= unitsOf(r)
	}
	return "", n == 0
}

func unitsOf(r rune) int {
	if r > 0xFFFF && r <= utf8.MaxRune {
		return 2
	}
	return 1
}
