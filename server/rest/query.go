package rest

import (
	"net/url"
	"strconv"

	"github.com/elite-trading-coach/coach/server/fault"
	"github.com/elite-trading-coach/coach/server/strict"
)

const (
	defaultLimit = 50
	maxLimit     = 100
	// maxOffset bounds what an older client may skip.
	maxOffset = 1_000_000_000
)

// query reads the parameters of a URL and gathers what is wrong with them.
// Parameters that a route does not know are ignored.
type query struct {
	values url.Values
	binder
}

func readQuery(c *call) (*query, error) {
	values, err := url.ParseQuery(c.Request().URL.RawQuery)
	if err != nil {
		return nil, fault.Wrap(fault.Validation, "The query of the address is not well encoded.", err)
	}
	return &query{values: values}, nil
}

// text is a parameter, "" when it is not there.
func (q *query) text(name string) string {
	given := q.values[name]
	switch {
	case len(given) == 0:
		return ""
	case len(given) > 1:
		q.note(name, strict.Twice)
		return ""
	}
	q.note(name, strict.Problem(given[0]))
	return given[0]
}

// number is a whole number between least and most, nil when it is not there.
func (q *query) number(name string, least, most int64) *int64 {
	if !q.values.Has(name) {
		return nil
	}
	n, err := strconv.ParseInt(q.text(name), 10, 64)
	if err != nil || n < least || n > most {
		if len(q.values[name]) == 1 {
			q.note(name, "This must be a whole number from "+strconv.FormatInt(least, 10)+" to "+strconv.FormatInt(most, 10)+".")
		}
		return nil
	}
	return &n
}

// flag is true or false; false when it is not there.
func (q *query) flag(name string) bool {
	switch q.text(name) {
	case "", "false":
		return false
	case "true":
		return true
	}
	q.note(name, "This must be true or false.")
	return false
}

// limit is how many rows a page holds.
func (q *query) limit() int {
	if n := q.number("limit", 1, maxLimit); n != nil {
		return int(*n)
	}
	return defaultLimit
}
