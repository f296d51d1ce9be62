package tui

import (
	"github.com/elite-trading-coach/coach/server/api"
)

// quietZero is dim where there is nothing to see.
func quietZero(text string, n float64) cell {
	if n == 0 {
		return cell{text, toneDim}
	}
	return cell{text, toneText}
}

func tierCell(tier string) cell {
	switch tier {
	case "enterprise":
		return cell{tier, toneAccent}
	case "premium":
		return cell{tier, toneText}
	}
	return cell{tier, toneDim}
}

func roleCell(role string) cell {
	if role == "admin" {
		return cell{role, toneAccent}
	}
	return cell{role, toneDim}
}

func stateCell(a api.Account) cell {
	switch {
	case a.Disabled:
		return cell{"disabled", toneBad}
	case a.Sockets > 0:
		return cell{"online", toneGood}
	}
	return cell{"offline", toneDim}
}

func via(transport string) string {
	switch transport {
	case "websocket":
		return "ws"
	case "polling":
		return "poll"
	}
	return transport
}

// The outbox of a socket drops deltas at 256 kB and is closed at 4 MB, unless
// configured otherwise; what waits is worth a look well before.
const (
	queueSeen = 16 << 10
	queueFull = 256 << 10
)

func queueCell(c api.Connection) cell {
	text := short(float64(c.QueueBytes))
	switch {
	case c.QueueBytes >= queueFull || c.Lagging > 0:
		return cell{text, toneBad}
	case c.QueueBytes >= queueSeen:
		return cell{text, toneWarn}
	}
	return quietZero(text, float64(c.QueueBytes))
}

func waitingCell(events int) cell {
	if events > 100 {
		return cell{count(events), toneWarn}
	}
	return quietZero(count(events), float64(events))
}

func emptySince(seconds float64) cell {
	if seconds <= 0 {
		return cell{"", toneDim}
	}
	return cell{span(seconds), toneDim}
}

func roundTripCell(ms float64) cell {
	switch {
	case ms <= 0:
		return cell{"-", toneDim}
	case ms >= 1000:
		return cell{short(ms) + "ms", toneWarn}
	}
	return cell{short(ms) + "ms", toneText}
}

// ago is how long something is past.
func ago(seconds float64) string {
	if seconds < 1 {
		return "now"
	}
	return span(seconds)
}

func answerCell(a api.Answer) cell {
	switch {
	case a.Stopping:
		return cell{"stopping", toneWarn}
	case a.Status == "streaming":
		return cell{a.Status, toneGood}
	}
	return cell{a.Status, toneDim}
}

// slowAnswer is the age in seconds from which an answer is worth a look.
const slowAnswer = 60

func answerAge(a api.Answer) cell {
	if a.AgeSeconds >= slowAnswer {
		return cell{span(a.AgeSeconds), toneWarn}
	}
	return cell{span(a.AgeSeconds), toneText}
}

// stranger is whoever was refused; not everybody has signed in.
func stranger(h api.LimitHit) cell {
	if h.Username == "" {
		return cell{"not signed in", toneDim}
	}
	return cell{h.Username, toneStrong}
}

func levelCell(level string) cell {
	switch level {
	case "ERROR":
		return cell{level, toneBad}
	case "WARN":
		return cell{level, toneWarn}
	case "DEBUG":
		return cell{level, toneFaint}
	}
	return cell{level, toneDim}
}
