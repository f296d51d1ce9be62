package configs

import (
	"fmt"
	"strings"
)

// Problem is one thing wrong with a configuration.
type Problem struct {
	// Path is the key it is about, or "" when it is about none.
	Path string
	// Where is the place it came from: a flag, a name in the environment, a
	// line of a file.
	Where string
	// What says what is wrong and what to do, without a full stop. It never
	// holds a secret's value.
	What string
}

func (p Problem) String() string { return p.Where + ": " + p.What }

// Problems is everything wrong with a configuration; it is never empty when
// [Load] returns it.
type Problems []Problem

// Error lists all of them, one a line.
func (p Problems) Error() string {
	if len(p) == 1 {
		return "the configuration has a problem: " + p[0].String()
	}
	var b strings.Builder
	fmt.Fprintf(&b, "the configuration has %d problems:", len(p))
	for _, problem := range p {
		b.WriteString("\n  " + problem.String())
	}
	return b.String()
}

// About returns those that concern one of the keys.
func (p Problems) About(paths ...string) Problems {
	var found Problems
	for _, problem := range p {
		for _, path := range paths {
			if problem.Path == path {
				found = append(found, problem)
			}
		}
	}
	return found
}
