package coach

import (
	"context"
	"fmt"
	"time"

	"github.com/elite-trading-coach/coach/server/chat"
	"github.com/elite-trading-coach/coach/server/journal"
	"github.com/elite-trading-coach/coach/server/trading"
)

// historyRows bounds what of a conversation a prompt looks back on.
const historyRows = 40

// prompt gathers what a model needs to answer one message.
func (w *Worker) prompt(ctx context.Context, job chat.Job) (Prompt, error) {
	question, err := w.Chat.Question(ctx, job)
	if err != nil {
		return Prompt{}, fmt.Errorf("find the question: %w", err)
	}
	rows, err := w.Chat.History(ctx, job, historyRows)
	if err != nil {
		return Prompt{}, fmt.Errorf("read the history: %w", err)
	}
	others, err := w.Chat.OthersRead(ctx, job)
	if err != nil {
		return Prompt{}, fmt.Errorf("count the readers: %w", err)
	}
	desk, err := w.desk(ctx, job)
	if err != nil {
		return Prompt{}, fmt.Errorf("read the journal: %w", err)
	}
	p := Prompt{
		Mode: job.Mode, Text: question.Content, History: w.turns(rows, question), Plan: desk.Plan, PlanVersion: int(desk.PlanVersion),
		Session: desk.Session, Now: desk.Session.Now, Author: orEmpty(question.UserID), Others: others,
		Images: w.images(question), AskedBy: job.AskedBy, AnswerID: job.ID, Attempt: job.Attempt,
	}
	if p.Trades, err = w.habits(ctx, p); err != nil {
		return Prompt{}, fmt.Errorf("read the latest trades: %w", err)
	}
	return p, nil
}

// desk is what the ideas of who asked are held against: their own plan and
// day, whatever the message says of them.
func (w *Worker) desk(ctx context.Context, job chat.Job) (journal.Desk, error) {
	if w.Journal == nil || job.AskedBy == "" {
		return journal.Desk{Plan: trading.DefaultPlan(), Session: trading.SessionState{Now: time.Now()}}, nil
	}
	return w.Journal.DeskOf(ctx, job.AskedBy)
}

// habits are the latest trades of who asked, where they may be spoken of: the
// words to answer are their own, and nobody else reads the answer.
func (w *Worker) habits(ctx context.Context, p Prompt) ([]trading.Trade, error) {
	if w.Journal == nil || p.AskedBy == "" || p.Author != p.AskedBy || p.Others {
		return nil, nil
	}
	return w.Journal.Recent(ctx, p.AskedBy)
}

// turns lists what was said before the question. Of several answers to one
// message the newest counts; what was deleted, failed or is not written yet
// was never said.
func (w *Worker) turns(rows []chat.Message, question chat.Message) []Turn {
	newest := map[string]string{}
	for _, m := range rows {
		if m.Type == chat.TypeAI && m.ParentMessageID != nil && spoken(m) {
			newest[*m.ParentMessageID] = m.ID
		}
	}
	var out []Turn
	for _, m := range rows {
		if m.Seq >= question.Seq || !spoken(m) {
			continue
		}
		turn := Turn{Role: "user", Text: m.Content, At: time.Time(m.CreatedAt), Images: w.images(m)}
		switch m.Type {
		case chat.TypeUser:
			if m.UserID != nil {
				turn.Author = *m.UserID
			}
		case chat.TypeAI:
			if m.ParentMessageID == nil || newest[*m.ParentMessageID] != m.ID {
				continue
			}
			turn.Role = "coach"
		default:
			continue
		}
		out = append(out, turn)
	}
	return out
}

// images are the pictures of a message. Where nobody can load them the coach
// still knows that there are some.
func (w *Worker) images(m chat.Message) []Image {
	if w.Images != nil {
		return w.Images(m)
	}
	if m.ImageURL != nil || len(m.Uploads) > 0 {
		return []Image{{}}
	}
	return nil
}

func spoken(m chat.Message) bool {
	return time.Time(m.DeletedAt).IsZero() && (m.Content != "" || m.ImageURL != nil || len(m.Uploads) > 0) &&
		(m.Status == chat.StatusSent || m.Status == chat.StatusCompleted || m.Status == chat.StatusStopped)
}

func orEmpty(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
