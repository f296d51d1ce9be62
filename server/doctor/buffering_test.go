package doctor

import (
	"testing"
	"time"
)

// The end of an answer reaches the socket and a stream that was kept back some
// moments apart, in either order.
func TestAStreamThatComesWithTheEndWasKeptBack(t *testing.T) {
	asked := time.Now()
	at := func(ms int) time.Time { return asked.Add(time.Duration(ms) * time.Millisecond) }
	for name, c := range map[string]struct {
		first, finished time.Time
		want            Status
	}{
		"at once":                  {at(3), at(1400), OK},
		"a slow way":               {at(900), at(1400), OK},
		"a moment before the end":  {at(1399), at(1400), Warn},
		"a moment after the end":   {at(1401), at(1400), Warn},
		"too quick an answer":      {at(90), at(100), OK},
		"nothing came as a stream": {time.Time{}, at(1400), Fail},
	} {
		t.Run(name, func(t *testing.T) {
			var found Finding
			v := &visit{told: func(f Finding) { found = f }}
			v.buffering(c.first, asked, c.finished)
			if found.Status != c.want {
				t.Errorf("%+v, want %s", found, c.want)
			}
		})
	}
}
