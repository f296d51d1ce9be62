package loadtest

import (
	"fmt"
	"io"
)

// plainEvery is how often, in seconds, a line is written where nobody watches.
const plainEvery = 5

// teller tells how the run goes.
type teller struct{ Progress }

// say begins another phase.
func (t teller) say(format string, args ...any) {
	if t.Out == nil {
		return
	}
	// Where nobody reads there is nobody to tell.
	_, _ = fmt.Fprintf(t.Out, t.start()+format+"\n", args...)
}

// start is the begin of a line, over what was there.
func (t teller) start() string {
	if t.Live {
		return "\r\x1b[K"
	}
	return ""
}

// second tells of one second.
func (t teller) second(s Second) {
	if t.Out == nil || !t.Live && int(s.At+0.5)%plainEvery != 0 {
		return
	}
	line := fmt.Sprintf("%4.0fs  %d up  %d sent/s  %d acked/s  %d delivered/s  ack p50 %s p99 %s",
		s.At, s.Up, s.Sent, s.Acked, s.Delivered, millis(s.AckP50), millis(s.AckP99))
	if !t.Live {
		line += "\n"
	}
	_, _ = io.WriteString(t.Out, t.start()+line)
}

func millis(ms float64) string {
	switch {
	case ms == 0:
		return "–"
	case ms < 10:
		return fmt.Sprintf("%.2f ms", ms)
	case ms < 1000:
		return fmt.Sprintf("%.0f ms", ms)
	}
	return fmt.Sprintf("%.2f s", ms/1000)
}
