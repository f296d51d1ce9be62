package doctor

import (
	"context"
	"encoding/json"
	"testing"
	"time"
)

// TestClocksApartAreFound, as far as they are apart beyond the way.
func TestClocksApartAreFound(t *testing.T) {
	for name, c := range map[string]struct {
		apart time.Duration
		want  Status
	}{
		"together": {0, OK}, "a second": {time.Second, OK}, "ten seconds ahead": {10 * time.Second, Warn},
		"ten seconds behind": {-10 * time.Second, Warn}, "an hour behind": {-time.Hour, Fail},
	} {
		t.Run(name, func(t *testing.T) {
			asked := time.Now()
			hello, err := json.Marshal(map[string]time.Time{"serverTime": asked.Add(c.apart)})
			if err != nil {
				t.Fatal(err)
			}
			hears := &ear{make(chan event, 1)}
			hears.Event("connected", []json.RawMessage{hello})
			var found Finding
			v := &visit{told: func(f Finding) { found = f }}
			v.clock(context.Background(), hears, asked)
			if found.Status != c.want || (found.Remedy == "") != (c.want == OK) {
				t.Errorf("%+v, want %s", found, c.want)
			}
		})
	}
}
