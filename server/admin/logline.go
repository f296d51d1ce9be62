package admin

import (
	"fmt"
	"log/slog"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/elite-trading-coach/coach/server/api"
)

// maxLine bounds the fields of one line, in bytes.
const maxLine = 600

// line is one that is kept.
type line struct {
	at     time.Time
	record slog.Record
	fields string // those of before, and all of them when written
	group  string // of those in the record, with a dot behind it
	// written says that fields holds everything.
	written bool
}

// view is the line as it is read.
func (l *line) view() api.LogLine {
	if !l.written {
		l.writeOut()
	}
	return api.LogLine{At: api.Time(l.at), Level: l.record.Level.String(), Message: l.record.Message, Fields: l.fields}
}

// writeOut puts the record's fields behind those of before.
func (l *line) writeOut() {
	var b strings.Builder
	b.WriteString(l.fields)
	l.record.Attrs(func(a slog.Attr) bool {
		write(&b, l.group, a)
		return b.Len() < maxLine
	})
	l.fields, l.written = clip(b.String()), true
}

// lasting reports whether a record can be written out later: its values do not
// change meanwhile, and are small.
func lasting(r slog.Record) bool {
	size := 0
	r.Attrs(func(a slog.Attr) bool {
		size += len(a.Key)
		switch a.Value.Kind() {
		case slog.KindString:
			size += len(a.Value.String())
		case slog.KindAny, slog.KindLogValuer, slog.KindGroup:
			size = maxLine + 1
		default:
		}
		return size <= maxLine
	})
	return size <= maxLine
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
