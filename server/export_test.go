package server

import "github.com/elite-trading-coach/coach/server/coach"

// WithModel lets a test say what the coach says.
func (o Options) WithModel(m coach.Model) Options {
	o.model = m
	return o
}
