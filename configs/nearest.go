package configs

import "strings"

// Nearest returns the name of known that name was most likely meant to be, or
// "" when nothing is near: more than a third of the letters, and more than
// two, would have to change. Case, dashes and underscores do not count.
func Nearest(name string, known []string) string {
	best, bestDistance := "", max(2, len(name)/3)+1
	for _, candidate := range known {
		if d := distance(plain(name), plain(candidate)); d < bestDistance {
			best, bestDistance = candidate, d
		}
	}
	for _, candidate := range known {
		if best == "" && len(candidate) > 2 && strings.HasPrefix(plain(name), plain(candidate)) {
			best = candidate // warning is warn, though three letters are many of seven
		}
	}
	return best
}

func plain(name string) string {
	return strings.Map(func(r rune) rune {
		if r == '_' || r == '-' {
			return -1
		}
		return r
	}, strings.ToLower(name))
}

// distance is Levenshtein's, over bytes: how many letters to put in, take out
// or change. Names longer than any of ours are infinitely far.
func distance(a, b string) int {
	const longest = 80
	if len(a) > longest || len(b) > longest {
		return longest
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := diagonal
			if a[i-1] != b[j-1] {
				cost++
			}
			diagonal = row[j]
			row[j] = min(cost, row[j]+1, row[j-1]+1)
		}
	}
	return row[len(b)]
}
