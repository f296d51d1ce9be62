package coach

import "unicode/utf8"

// Tokens are estimated, not counted: every maker cuts text differently, the
// tables weigh megabytes, and the provider's own count is what is paid in the
// end. The estimate is for two things that need no more: how much of a long
// conversation fits, and how much money to set aside. It is on the high side:
// English is about four letters a token and counts as three; digits and signs,
// which are cut finer, count as two a token; other scripts as one character a
// token and a half.

const (
	tokensPerMessage = 6    // what a message costs beside its text
	tokensPerImage   = 1500 // one image at full detail
)

// estimateTokens is how many tokens a text has at most, by and large.
func estimateTokens(text string) int {
	letters, others, wide := 0, 0, 0
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		i += size
		switch {
		case r >= utf8.RuneSelf:
			wide++
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r == ' ':
			letters++
		default:
			others++
		}
	}
	return (letters+2)/3 + (others+1)/2 + (3*wide+1)/2
}

// fitting is how many of the newest turns fit into a number of tokens.
func fitting(turns []Turn, room int) int {
	for n := range len(turns) {
		room -= estimateTokens(turns[len(turns)-1-n].Text) + tokensPerMessage
		if room < 0 {
			return n
		}
	}
	return len(turns)
}
