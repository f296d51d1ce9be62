package storage

import (
	"strconv"
	"strings"
)

// fold makes the key under which a text is found whatever its case. Go does
// it, because SQLite's lower() knows ASCII only.
func fold(s string) string { return strings.ToLower(s) }

// contains makes a LIKE pattern (ESCAPE '\') for a text anywhere in a key.
func contains(s string) string {
	return "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(fold(s)) + "%"
}

// endsWith is contains for the end of a key.
func endsWith(s string) string { return strings.TrimSuffix(contains(s), "%") }

func placeholder(n int) string { return "$" + strconv.Itoa(n) }
