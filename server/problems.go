package server

import (
	"errors"

	"github.com/elite-trading-coach/coach/server/api"
	"github.com/elite-trading-coach/coach/server/fault"
)

// Problems is what an error says about single fields, in the order of the
// form; none where it is one sentence. The error may be this process's own or
// the reply of a running server.
func Problems(err error) []api.Detail {
	var refused *api.RefusedError
	if errors.As(err, &refused) {
		return refused.Details
	}
	var own *fault.Error
	if !errors.As(err, &own) {
		return nil
	}
	details := make([]api.Detail, len(own.Details))
	for i, d := range own.Details {
		details[i] = api.Detail(d)
	}
	return details
}
