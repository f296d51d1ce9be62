package loadtest

import (
	"context"
	"fmt"
	"iter"
	"math"
	"strconv"
	"strings"
	"time"
)

// maxRate is the most messages a second that are asked of one process.
const maxRate = 100_000.0

// Stage is a stretch of the run in which the rate goes in a straight line from
// that of the stage before (0 for the first) to To messages a second.
type Stage struct {
	For time.Duration
	To  float64
}

// ParseStages reads "10s:50/s,1m:200/s,5s:0".
func ParseStages(text string) ([]Stage, error) {
	var stages []Stage
	for part := range strings.SplitSeq(text, ",") {
		length, rate, found := strings.Cut(strings.TrimSpace(part), ":")
		if !found {
			return nil, &FlagError{"stages", fmt.Sprintf("%q is no stage; write DURATION:RATE, as in 30s:50/s", part)}
		}
		d, err := time.ParseDuration(length)
		if err != nil || d <= 0 || d > 24*time.Hour {
			return nil, &FlagError{"stages", fmt.Sprintf("%q is no duration between 0s and 24h, as 30s is", length)}
		}
		r, err := ParseRate(rate)
		if err != nil {
			return nil, &FlagError{"stages", err.Error()}
		}
		stages = append(stages, Stage{For: d, To: r})
	}
	return stages, nil
}

// ParseRate reads messages a second: "5/s", "300/m", or a bare number.
func ParseRate(text string) (float64, error) {
	number, unit, _ := strings.Cut(strings.TrimSpace(text), "/")
	per := map[string]float64{"": 1, "s": 1, "m": 60}[unit]
	r, err := strconv.ParseFloat(number, 64)
	if err != nil || per == 0 || math.IsNaN(r) || r < 0 || r/per > maxRate {
		return 0, fmt.Errorf("%q is no rate from 0 to %d/s; write it as 5/s or 300/m", text, int(maxRate))
	}
	return r / per, nil
}

// length is how long all stages take.
func length(stages []Stage) (sum time.Duration) {
	for _, s := range stages {
		sum += s.For
	}
	return sum
}

// arrivals gives the moment of each message, since the start. Within a stage
// of T seconds from rate a to rate b, N(t) = a·t + (b-a)·t²/2T messages have
// been due after t; a message is due whenever N passes a whole number.
func arrivals(stages []Stage, from float64) iter.Seq[time.Duration] {
	return func(yield func(time.Duration) bool) {
		var began time.Duration
		carry := 0.0 // the part of a message that was due at the stage's begin
		for _, s := range stages {
			seconds := s.For.Seconds()
			slope := (s.To - from) / seconds
			total := carry + (from+s.To)/2*seconds
			for n := 1.0; n <= total+1e-9; n++ {
				due := n - carry
				// The root of N(t) = due, in the form that holds for slope 0 too.
				t := 2 * due / (from + math.Sqrt(max(0, from*from+2*slope*due)))
				if !yield(began + min(time.Duration(t*float64(time.Second)), s.For)) {
					return
				}
			}
			carry = total - math.Floor(total+1e-9)
			began, from = began+s.For, s.To
		}
	}
}

// pace calls fire at each moment after start, or as soon after it as it can:
// one that is late does not put off the ones behind it. It ends with ctx.
func pace(ctx context.Context, start time.Time, at iter.Seq[time.Duration], fire func(intended time.Time)) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	<-timer.C
	for since := range at {
		intended := start.Add(since)
		if wait := time.Until(intended); wait > 0 {
			timer.Reset(wait)
			select {
			case <-timer.C:
			case <-ctx.Done():
				return
			}
		}
		if ctx.Err() != nil {
			return
		}
		fire(intended)
	}
}
