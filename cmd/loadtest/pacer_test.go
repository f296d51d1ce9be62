package loadtest

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestArrivals(t *testing.T) {
	ms := func(list []time.Duration) (out []int64) {
		for _, d := range list {
			out = append(out, d.Round(time.Millisecond).Milliseconds())
		}
		return out
	}
	for name, c := range map[string]struct {
		stages []Stage
		from   float64
		want   []int64
	}{
		"a constant rate":               {[]Stage{{time.Second, 4}}, 4, []int64{250, 500, 750, 1000}},
		"nothing":                       {[]Stage{{time.Second, 0}}, 0, nil},
		"from nothing":                  {[]Stage{{2 * time.Second, 4}}, 0, []int64{1000, 1414, 1732, 2000}},
		"down to nothing":               {[]Stage{{2 * time.Second, 0}}, 2, []int64{586, 2000}},
		"what is left goes to the next": {[]Stage{{500 * time.Millisecond, 1}, {2 * time.Second, 1}}, 1, []int64{1000, 2000}},
		"a pause":                       {[]Stage{{time.Second, 0}, {time.Second, 0}, {time.Second, 4}}, 4, []int64{293, 1000, 2707, 3000}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, ms(slices.Collect(arrivals(c.stages, c.from)))); diff != "" {
				t.Errorf("moments in ms (-want +got):\n%s", diff)
			}
		})
	}
}

// TestAStallIsMeasuredByEverybodyWhoWaited: what could not leave while the
// generator was held up keeps the moment at which it was due.
func TestAStallIsMeasuredByEverybodyWhoWaited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var late []int64 // milliseconds
		pace(t.Context(), start, arrivals([]Stage{{time.Second, 10}}, 10), func(intended time.Time) {
			late = append(late, time.Since(intended).Round(time.Millisecond).Milliseconds())
			if len(late) == 3 {
				time.Sleep(350 * time.Millisecond) // the stall, on the test's clock
			}
		})
		want := []int64{0, 0, 0, 250, 150, 50, 0, 0, 0, 0}
		if diff := cmp.Diff(want, late); diff != "" {
			t.Errorf("lateness (-want +got):\n%s", diff)
		}
		if took := time.Since(start); took != time.Second {
			t.Errorf("it took %s, and was to take a second", took)
		}
	})
}

func TestPaceEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 450*time.Millisecond)
		defer cancel()
		fired := 0
		pace(ctx, time.Now(), arrivals([]Stage{{time.Hour, 10}}, 10), func(time.Time) { fired++ })
		if fired != 4 {
			t.Errorf("it fired %d times in 450 ms, want 4", fired)
		}
	})
}

func TestParseStages(t *testing.T) {
	got, err := ParseStages("10s:50/s, 1m:300/m,5s:0")
	want := []Stage{{10 * time.Second, 50}, {time.Minute, 5}, {5 * time.Second, 0}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	for _, bad := range []string{"", "10s", "x:5/s", "-1s:5/s", "25h:1/s", "10s:-5/s", "10s:5/h", "10s:NaN", "10s:1e9/s", "10s:5/s,"} {
		_, err := ParseStages(bad)
		var flag *FlagError
		if !errors.As(err, &flag) || flag.Flag != "stages" {
			t.Errorf("%q gave %v, want a mistake in --stages", bad, err)
		}
	}
}
