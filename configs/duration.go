package configs

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"
)

const day = 24 * time.Hour

// parseDuration reads Go's durations with days before them: 7d, 1d12h, 15m.
func parseDuration(raw string) (time.Duration, error) {
	problem := errors.New("must be a duration with its unit, such as 90s, 15m, 12h or 7d")
	before, rest, hasDays := strings.Cut(raw, "d")
	if !hasDays {
		rest = raw
	}
	var total time.Duration
	if hasDays {
		days, err := strconv.ParseUint(before, 10, 32)
		if err != nil || days > uint64(math.MaxInt64/day)-1 {
			return 0, problem
		}
		total = time.Duration(days) * day
		if rest == "" {
			return total, nil
		}
	}
	d, err := time.ParseDuration(rest)
	if err != nil || d < 0 || (hasDays && d >= day) {
		return 0, problem
	}
	return total + d, nil
}

// formatDuration writes what parseDuration reads, without units that are 0.
func formatDuration(d time.Duration) string {
	if d >= day {
		text := strconv.FormatInt(int64(d/day), 10) + "d"
		if d%day == 0 {
			return text
		}
		return text + formatDuration(d%day)
	}
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
