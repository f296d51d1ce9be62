package cmd

import (
	"io"
	"log/slog"
	"time"

	"github.com/lmittmann/tint"

	"github.com/elite-trading-coach/coach/configs"
)

// newLogger makes the log that c asks for, on w. Readable text has colours on
// a terminal only, and not where plain is asked for (NO_COLOR).
func newLogger(c configs.Log, w io.Writer, colours palette) *slog.Logger {
	var level slog.Level
	// The configuration knows no level that does not parse.
	_ = level.UnmarshalText([]byte(c.Level))
	_, onTerminal := terminal(w)
	if c.Format == "json" || (c.Format == "auto" && !onTerminal) {
		return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level}))
	}
	return slog.New(tint.NewTextHandler(w, &tint.Options{
		Level: level, TimeFormat: time.TimeOnly, NoColor: colours == plain || !onTerminal,
	}))
}

// palette says whether output may be coloured at all.
type palette int

const (
	coloured palette = iota
	plain
)

// palette obeys https://no-color.org.
func (a *app) palette() palette {
	if a.env("NO_COLOR") != "" {
		return plain
	}
	return coloured
}
