package coach

import (
	"errors"
	"time"
)

// Call is one request to a language model, for those who count.
type Call struct {
	Model string
	Took  time.Duration // retries and the waits between them included
	First time.Duration // from the request that was answered to its first token; 0: none came
	Usage Usage
	Err   error // nil when it came to its end
}

// Outcome sorts how a call ended: ok; busy, away or refused by what the
// provider did; ended, where the answer was broken off on our side.
func (c Call) Outcome() string {
	var t *trouble
	switch {
	case c.Err == nil:
		return "ok"
	case errors.As(c.Err, &t):
		return string(t.kind)
	}
	return "ended"
}

// Hooks are called as things happen, on the goroutine of the answer; they must
// be quick. A nil one is not called.
type Hooks struct {
	// Called: one request to a provider has ended, retries included.
	Called func(Call)
	// FellBack: an answer was not given by the model that it was meant for.
	FellBack func(from, to, why string)
	// Unverified: so many numbers of an answer were found nowhere.
	Unverified func(model string, n int)
}

func (h Hooks) orSilent() Hooks {
	if h.Called == nil {
		h.Called = func(Call) {}
	}
	if h.FellBack == nil {
		h.FellBack = func(string, string, string) {}
	}
	if h.Unverified == nil {
		h.Unverified = func(string, int) {}
	}
	return h
}
