package fault

import "strings"

// maxName is how many characters of a name that a caller made up are told back.
const maxName = 64

// Clip makes a name that a caller made up fit for a sentence or a line of the
// log: valid UTF-8 of at most 64 characters, and "…" where there were more.
func Clip(name string) string {
	name = strings.ToValidUTF8(name, "\uFFFD")
	if letters := []rune(name); len(letters) > maxName {
		return string(letters[:maxName]) + "…"
	}
	return name
}
