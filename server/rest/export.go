package rest

import (
	"context"
	"fmt"
	"net/http"

	"github.com/elite-trading-coach/coach/server/chat"
)

// mediaTypes are those of exports.
var mediaTypes = map[chat.Format]string{
	chat.FormatJSON: "application/json", chat.FormatMarkdown: "text/markdown; charset=utf-8", chat.FormatCSV: "text/csv; charset=utf-8",
}

// exportConversation sends the file as it is read from the store.
func (s *site) exportConversation(c *call) error {
	q, err := readQuery(c)
	if err != nil {
		return err
	}
	text := q.text("format")
	if err := q.err(); err != nil {
		return err
	}
	format, err := chat.ReadFormat(text)
	if err != nil {
		return err
	}
	file := &download{c: c, kind: mediaTypes[format], name: "conversation." + string(format)}
	return uncut(file, s.Chat.Export(c.Request().Context(), c.actor, c.Param("id"), format, file))
}

// exportAccount sends everything of an account as one archive.
func (s *site) exportAccount(c *call) error {
	file := &download{c: c, kind: "application/zip", name: "coach-account.zip"}
	return uncut(file, s.Account(c.Request().Context(), c.actor, file))
}

// download begins its reply with the first byte, so that what goes wrong
// before it is still refused in the usual way.
type download struct {
	c          *call
	kind, name string
	gone       error // the reader's connection, as writing to it said
}

func (d *download) Write(b []byte) (int, error) {
	w := d.c.Response()
	if !w.Committed {
		w.Header().Set("Content-Type", d.kind)
		w.Header().Set("Content-Disposition", `attachment; filename="`+d.name+`"`)
		w.WriteHeader(http.StatusOK)
	}
	n, err := w.Write(b)
	if err != nil {
		d.gone = err
	}
	return n, err
}

// uncut cuts the connection where a file ends too early: half of one must not
// look like a whole one. A reader who gave up is no failure of ours.
func uncut(d *download, err error) error {
	if err == nil || !d.c.Response().Committed {
		return err
	}
	if d.c.err = err; d.gone != nil {
		d.c.err = fmt.Errorf("%w: %w", context.Canceled, d.gone)
	}
	panic(http.ErrAbortHandler)
}
