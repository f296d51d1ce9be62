package chat

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/elite-trading-coach/coach/server/auth"
	"github.com/elite-trading-coach/coach/server/fault"
	"github.com/elite-trading-coach/coach/storage"
)

// Format is how a conversation leaves the house.
type Format string

// The formats: all that clients see of it; for people to read; for tables.
const (
	FormatJSON     Format = "json"
	FormatMarkdown Format = "md"
	FormatCSV      Format = "csv"
)

// exportPage is how many messages are held at once on their way out.
const exportPage = 200

// ReadFormat reads what a query says of the format; "" is JSON.
func ReadFormat(text string) (Format, error) {
	switch f := Format(text); f {
	case "":
		return FormatJSON, nil
	case FormatJSON, FormatMarkdown, FormatCSV:
		return f, nil
	}
	return "", fault.Invalid("format", "The format is json, md or csv.")
}

// exporter writes one format: the head, each message, the end.
type exporter interface {
	begin(c Conversation, members []Member) error
	message(m Message) error
	end() error
}

// Export writes a conversation that the actor is in, in rising seq, tombstones
// included, as it is read from the store. Until the first byte is written a
// refusal is a fault; after it, what was written is not whole.
func (s *Service) Export(ctx context.Context, a auth.Actor, id string, f Format, w io.Writer) error {
	m, err := s.membership(ctx, a, id)
	if err != nil {
		return err
	}
	members, err := s.Members(ctx, a, id)
	if err != nil {
		return err
	}
	out := newExporter(f, w, members)
	if err := out.begin(conversationView(m), members); err != nil {
		return err
	}
	for page := (storage.MessagePage{ConversationID: id, Limit: exportPage}); ; {
		rows, err := s.export(ctx, page)
		if err != nil {
			return err
		}
		for _, row := range rows {
			if err := out.message(messageView(row)); err != nil {
				return err
			}
		}
		if len(rows) < exportPage {
			return out.end()
		}
		page.After = rows[len(rows)-1].Seq
	}
}

// export reads a page forward. Places are given by one, from 1, so the first
// page is what lies before the place after it.
func (s *Service) export(ctx context.Context, page storage.MessagePage) ([]storage.Message, error) {
	if page.After == 0 {
		page.Before = exportPage + 1
	}
	return s.store.Messages(ctx, page)
}

func newExporter(f Format, w io.Writer, members []Member) exporter {
	names := map[string]string{}
	for _, m := range members {
		names[m.UserID] = m.Username
	}
	switch f {
	case FormatMarkdown:
		return &markdown{w: w, names: names}
	case FormatCSV:
		return newTable(w, names)
	}
	return &document{w: w}
}

// document is JSON: the shapes of the API, one message a line.
type document struct {
	w     io.Writer
	lines int
}

func (d *document) begin(c Conversation, members []Member) error {
	head, err := json.Marshal(members)
	if err != nil {
		return fmt.Errorf("encode members: %w", err)
	}
	_, err = fmt.Fprintf(d.w, `{"format":"coach.conversation","version":1,"conversation":%s,"members":%s,"messages":[`, encode(c), head)
	return err
}

func (d *document) message(m Message) error {
	between := ",\n"
	if d.lines++; d.lines == 1 {
		between = "\n"
	}
	_, err := fmt.Fprintf(d.w, "%s%s", between, encode(m))
	return err
}

func (d *document) end() error {
	_, err := io.WriteString(d.w, "\n]}\n")
	return err
}
