package admin

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/elite-trading-coach/coach/server/api"
	"github.com/elite-trading-coach/coach/storage"
)

const (
	// linesKept is the tail that a new reader of the stream is given.
	linesKept = 200
	// maxLine bounds the fields of one line, in bytes.
	maxLine = 600
)

// LogTail is the last lines of a node's log, for those who follow it.
type LogTail struct {
	mu    sync.Mutex
	lines []api.LogLine // oldest first, at most linesKept
	n     uint64        // of lines there ever were
}

// NewLogTail makes an empty one.
func NewLogTail() *LogTail { return &LogTail{} }

// Tee is a handler that also keeps what next is given, from INFO on.
func (t *LogTail) Tee(next slog.Handler) slog.Handler { return &tee{next: next, tail: t} }

// Note adds a line that is in the tail alone: the log itself has it from
// elsewhere, or a person was told.
func (t *LogTail) Note(message string, args ...any) {
	r := slog.NewRecord(storage.Now(), slog.LevelInfo, message, 0)
	r.Add(args...)
	_ = t.Tee(slog.DiscardHandler).Handle(context.Background(), r) // which never fails
}

func (t *LogTail) add(line api.LogLine) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.n++
	if len(t.lines) == linesKept {
		t.lines = append(t.lines[:0], t.lines[1:]...)
	}
	t.lines = append(t.lines, line)
}

func (t *LogTail) number() uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.n
}

// since is the lines after the n-th that are still kept, and how many there
// ever were.
func (t *LogTail) since(n uint64) ([]api.LogLine, uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	fresh := min(int(t.n-n), len(t.lines))
	return slices.Clone(t.lines[len(t.lines)-fresh:]), t.n
}

func (t *LogTail) last() []api.LogLine {
	lines, _ := t.since(0)
	return lines
}

// tee writes each record twice. Attributes that were given beforehand are kept
// as text, so that a line costs what it holds.
type tee struct {
	next   slog.Handler
	tail   *LogTail
	fields string // of WithAttrs
	group  string // with a dot behind it
}

// Enabled implements slog.Handler.
func (h *tee) Enabled(ctx context.Context, level slog.Level) bool { return h.next.Enabled(ctx, level) }

// Handle implements slog.Handler.
func (h *tee) Handle(ctx context.Context, r slog.Record) error {
	if r.Level >= slog.LevelInfo {
		var b strings.Builder
		b.WriteString(h.fields)
		r.Attrs(func(a slog.Attr) bool {
			write(&b, h.group, a)
			return b.Len() < maxLine
		})
		h.tail.add(api.LogLine{At: api.Time(storage.Now()), Level: r.Level.String(), Message: r.Message, Fields: clip(b.String())})
	}
	return h.next.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (h *tee) WithAttrs(attrs []slog.Attr) slog.Handler {
	var b strings.Builder
	b.WriteString(h.fields)
	for _, a := range attrs {
		write(&b, h.group, a)
	}
	return &tee{next: h.next.WithAttrs(attrs), tail: h.tail, fields: b.String(), group: h.group}
}

// WithGroup implements slog.Handler.
func (h *tee) WithGroup(name string) slog.Handler {
	return &tee{next: h.next.WithGroup(name), tail: h.tail, fields: h.fields, group: h.group + name + "."}
}

// write adds key=value; a value that has spaces is quoted.
func write(b *strings.Builder, group string, a slog.Attr) {
	value := a.Value.Resolve()
	if value.Kind() == slog.KindGroup {
		for _, inner := range value.Group() {
			write(b, group+a.Key+".", inner)
		}
		return
	}
	if b.Len() > 0 {
		b.WriteByte(' ')
	}
	text := value.String()
	if text == "" || strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r == '"' || r == 0x7f }) {
		text = fmt.Sprintf("%q", text)
	}
	b.WriteString(group + a.Key + "=" + text)
}

// clip cuts at a whole character.
func clip(s string) string {
	if len(s) <= maxLine {
		return s
	}
	end := maxLine
	for !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + "…"
}
