package cmd

import (
	"io"
	"log/slog"
	"time"

	"github.com/lmittmann/tint"

	"github.com/elite-trading-coach/coach/configs"
)

// newLogger makes the log that c asks for, on w.
func newLogger(c configs.Log, w io.Writer, colours palette) *slog.Logger {
	return newLoggerAt(levelOf(c), c.Format, w, colours)
}

// levelOf is the least severe level that is written. The configuration knows
// none that does not parse.
func levelOf(c configs.Log) (level slog.Level) {
	_ = level.UnmarshalText([]byte(c.Level))
	return level
}

// newLoggerAt is newLogger with a level that may change. Readable text has
// colours on a terminal only, and not where plain is asked for (NO_COLOR).
func newLoggerAt(level slog.Leveler, format string, w io.Writer, colours palette) *slog.Logger {
	_, onTerminal := terminal(w)
	if format == "json" || (format == "auto" && !onTerminal) {
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
