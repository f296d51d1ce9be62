package chat

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// author is who a message is of, as people are called.
func author(m Message, names map[string]string) string {
	switch {
	case m.Type == TypeAI:
		return "Coach"
	case m.Type == TypeSystem:
		return "System"
	case m.UserID != nil && names[*m.UserID] != "":
		return names[*m.UserID]
	}
	return "somebody who left"
}

func exported(t Time) string {
	if time.Time(t).IsZero() {
		return ""
	}
	return time.Time(t).UTC().Format(timeLayout)
}

// markdown is for people to read: what was written stands as a quotation, so
// that nothing in it passes for a heading of ours.
type markdown struct {
	w     io.Writer
	names map[string]string
}

func (d *markdown) begin(c Conversation, members []Member) error {
	title := strings.Join(strings.Fields(c.Title), " ")
	if title == "" {
		title = "Conversation"
	}
	people := make([]string, len(members))
	for i, m := range members {
		people[i] = m.Username + " (" + m.Role + ")"
	}
	_, err := fmt.Fprintf(d.w, "# %s\n\n%s, begun %s, %d messages. With %s.\n", escaped(title), c.Mode, exported(c.CreatedAt), c.MessageCount,
		escaped(strings.Join(people, ", ")))
	return err
}

func (d *markdown) message(m Message) error {
	head := fmt.Sprintf("\n## %d · %s · %s", m.Seq, escaped(author(m, d.names)), exported(m.CreatedAt))
	if m.Verdict != nil {
		head += " · " + *m.Verdict
	}
	if m.Confidence != nil {
		head += " " + strconv.Itoa(*m.Confidence) + "%"
	}
	text := m.Content
	switch {
	case exported(m.DeletedAt) != "":
		text = "(deleted)"
	case m.Status != StatusSent && m.Status != StatusCompleted:
		head += " · " + m.Status
	}
	_, err := fmt.Fprintf(d.w, "%s\n\n> %s\n", head, strings.ReplaceAll(strings.TrimRight(oneLineEnd(text), "\n"), "\n", "\n> "))
	return err
}

// oneLineEnd writes the three line ends that Markdown knows (CommonMark, 2.1)
// as one: a line that ends otherwise would begin outside the quotation.
func oneLineEnd(s string) string {
	return strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(s)
}

func (d *markdown) end() error { return nil }

// escaped keeps a text of one line from being read as Markdown.
func escaped(s string) string {
	return strings.NewReplacer(`\`, `\\`, "#", `\#`, "*", `\*`, "_", `\_`, "[", `\[`, "<", `\<`, "`", "\\`", "!", `\!`).Replace(s)
}

// table is CSV, a line a message.
type table struct {
	out   *csv.Writer
	names map[string]string
}

func newTable(w io.Writer, names map[string]string) *table {
	return &table{csv.NewWriter(w), names}
}

func (d *table) begin(Conversation, []Member) error {
	return d.out.Write([]string{"seq", "createdAt", "author", "type", "status", "content", "verdict", "confidence", "editedAt", "deletedAt", "id"})
}

func (d *table) message(m Message) error {
	verdict, confidence := "", ""
	if m.Verdict != nil {
		verdict = *m.Verdict
	}
	if m.Confidence != nil {
		confidence = strconv.Itoa(*m.Confidence)
	}
	err := d.out.Write([]string{
		strconv.FormatInt(m.Seq, 10), exported(m.CreatedAt), guarded(author(m, d.names)), m.Type, m.Status, guarded(m.Content), verdict, confidence,
		exported(m.EditedAt), exported(m.DeletedAt), m.ID,
	})
	if d.out.Flush(); err == nil {
		err = d.out.Error()
	}
	return err
}

func (d *table) end() error {
	d.out.Flush()
	return d.out.Error()
}

// guarded keeps a spreadsheet from computing what somebody wrote: a cell that
// would be a formula, or a text that was guarded, gets a quotation mark
// before it.
func guarded(s string) string {
	if plain := strings.TrimLeft(s, "' \t\r\n\u00a0"); plain != "" && strings.ContainsRune("=+-@|%", rune(plain[0])) || strings.HasPrefix(s, "\t") || strings.HasPrefix(s, "\r") {
		return "'" + s
	}
	return s
}
