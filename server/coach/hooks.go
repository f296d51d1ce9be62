package coach

import "time"

// Call is one request to a language model, for those who count.
type Call struct {
	Model string
	Took  time.Duration
	Usage Usage
	Err   error // nil when it came to its end
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
