package rest

import (
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
	return uncut(c, s.Chat.Export(c.Request().Context(), c.actor, c.Param("id"), format, file))
}

// exportAccount sends everything of an account as one archive.
func (s *site) exportAccount(c *call) error {
	file := &download{c: c, kind: "application/zip", name: "coach-account.zip"}
	return uncut(c, s.Account(c.Request().Context(), c.actor, file))
}

// uncut cuts the connection where a file ends too early: half of one must not
// look like a whole one.
func uncut(c *call, err error) error {
	if err != nil && c.Response().Committed {
		panic(err)
	}
	return err
}
