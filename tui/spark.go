package tui

import (
	"math"
	"strings"
	"time"

	"github.com/elite-trading-coach/coach/server/api"
)

// minutes is how far sparklines look back.
const minutes = 5 * time.Minute

// bars gathers the last minutes of history into so many bars, each the highest
// value of its span: a peak of one second must be seen. Spans begin at fixed
// moments of the clock, so that bars move along and do not change while they
// do. Where nothing is known, a bar is NaN.
func bars(history []api.Load, cells int, of func(api.Load) float64) []float64 {
	if cells <= 0 || len(history) == 0 {
		return nil
	}
	each := max(1, int64(math.Ceil(minutes.Seconds()/float64(cells))))
	slot := func(l api.Load) int64 { return time.Time(l.At).Unix() / each }
	newest := slot(history[len(history)-1])
	found := make([]float64, cells)
	for i := range found {
		found[i] = math.NaN()
	}
	for _, load := range history {
		i := cells - 1 - int(newest-slot(load))
		if i < 0 || i >= cells {
			continue
		}
		if v := of(load); math.IsNaN(found[i]) || v > found[i] {
			found[i] = v
		}
	}
	return found
}

// spark draws bars as lines from top to bottom. The highest bar, or least if
// that is higher, fills the height: a quiet server draws a quiet line.
func (t *theme) spark(values []float64, lines int, least float64) []string {
	steps := len(t.levels) - 1
	top := highest(values, least)
	drawn := make([]string, lines)
	for i := range drawn {
		var line strings.Builder
		below := (lines - 1 - i) * steps
		for _, v := range values {
			line.WriteString(t.levels[min(max(0, level(v, top, lines*steps)-below), steps)])
		}
		drawn[i] = line.String()
	}
	return drawn
}

func highest(values []float64, least float64) float64 {
	for _, v := range values {
		if v > least {
			least = v
		}
	}
	return least
}

// level is how many of steps a bar fills: none where nothing is known, at
// least one otherwise.
func level(v, top float64, steps int) int {
	if math.IsNaN(v) {
		return 0
	}
	if top <= 0 {
		return 1
	}
	return max(1, int(math.Round(v/top*float64(steps))))
}
