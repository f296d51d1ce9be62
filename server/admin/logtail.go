package admin

import (
	"context"
	"log/slog"
	"strings"
	"sync"

	"github.com/elite-trading-coach/coach/server/api"
	"github.com/elite-trading-coach/coach/storage"
)

// linesKept is the tail that a new reader of the stream is given.
const linesKept = 200

// LogTail is the last lines of a node's log, for those who follow it. Mostly
// nobody does, so a line is written out only when it is read.
type LogTail struct {
	mu    sync.Mutex
	lines [linesKept]line // the n-th that ever was is in n modulo linesKept
	n     uint64          // of lines there ever were
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

func (t *LogTail) add(l line) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.lines[t.n%linesKept] = l
	t.n++
}

func (t *LogTail) number() uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.n
}

// since is the lines after the n-th that are still kept, and how many there
// ever were.
func (t *LogTail) since(n uint64) ([]api.LogLine, uint64) {
	kept, now := t.keptSince(n)
	lines := make([]api.LogLine, len(kept))
	for i := range kept {
		lines[i] = kept[i].view()
	}
	return lines, now
}

func (t *LogTail) keptSince(n uint64) ([]line, uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	kept := make([]line, 0, min(t.n-n, linesKept))
	for i := t.n - uint64(cap(kept)); i < t.n; i++ {
		kept = append(kept, t.lines[i%linesKept])
	}
	return kept, t.n
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
		l := line{at: storage.Now(), record: r.Clone(), fields: h.fields, group: h.group}
		if !lasting(r) {
			l.writeOut()
			l.record = slog.NewRecord(r.Time, r.Level, r.Message, r.PC)
		}
		h.tail.add(l)
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
