package coach

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/elite-trading-coach/coach/server/fault"
	"github.com/elite-trading-coach/coach/server/journal"
	"github.com/elite-trading-coach/coach/server/trading"
)

// Idea is what is to be analysed outside a conversation.
type Idea struct {
	Text   string
	Images []Image
	// AskedBy is whose plan and day it is held against, and whose budget pays;
	// "" is nobody's.
	AskedBy string
	// Plan is held against instead; nil: that of AskedBy, else the default one.
	Plan *trading.Plan
}

// Analyst answers one question at a time, outside conversations: what a chat
// would say to it as a first message, of no one's history and kept nowhere.
type Analyst struct {
	Model   Model
	Journal *journal.Service // nil: nobody has a plan of their own
	Limit   time.Duration    // of one answer; 0: two minutes
	Now     func() time.Time // nil: the real clock
}

// Analyse streams the answer to emit. A chart alone, where no model that sees
// charts answered, is AI_UNAVAILABLE; with words beside it, the words are
// answered, and the answer says that the chart was not seen.
func (a *Analyst) Analyse(ctx context.Context, idea Idea, emit func(string) error) (Answer, error) {
	desk, err := a.desk(ctx, idea)
	if err != nil {
		return Answer{}, fmt.Errorf("read the journal: %w", err)
	}
	limited, cancel := context.WithTimeoutCause(ctx, orDefault(a.Limit, 2*time.Minute), errTooLong)
	defer cancel()
	answer, err := a.Model.Stream(limited, Prompt{
		Mode: "analysis", Text: idea.Text, Images: idea.Images, Plan: desk.Plan, PlanVersion: int(desk.PlanVersion),
		Session: desk.Session, Now: desk.Session.Now, Timezone: desk.Timezone, Author: idea.AskedBy, AskedBy: idea.AskedBy,
		AnswerID: uuid.Must(uuid.NewV7()).String(), Attempt: 1,
	}, emit)
	var refused *fault.Error
	switch {
	case err == nil:
		return answer, nil
	case errors.As(err, &refused), ctx.Err() != nil:
		return answer, err
	case errors.Is(context.Cause(limited), errTooLong):
		return answer, fault.Wrap(fault.Timeout, "The coach took too long; ask again.", err)
	}
	return answer, fault.Wrap(fault.AIUnavailable, "The coach could not answer; ask again in a moment.", err)
}

func (a *Analyst) desk(ctx context.Context, idea Idea) (journal.Desk, error) {
	now := time.Now
	if a.Now != nil {
		now = a.Now
	}
	desk := journal.Desk{Plan: trading.DefaultPlan(), Session: trading.SessionState{Now: now()}}
	if a.Journal != nil && idea.AskedBy != "" {
		var err error
		if desk, err = a.Journal.DeskOf(ctx, idea.AskedBy); err != nil {
			return desk, err
		}
	}
	if idea.Plan != nil {
		desk.Plan, desk.PlanVersion, desk.Timezone = *idea.Plan, 0, idea.Plan.Session.Timezone
	}
	return desk, nil
}

// onlyAChart reports whether a prompt is a picture and no word: there is
// nothing in it for whoever reads words only.
func onlyAChart(p Prompt) bool { return len(p.Images) > 0 && strings.TrimSpace(p.Text) == "" }

func cannotSee() error {
	return fault.New(fault.AIUnavailable, "No model that can see charts answers here right now; write the levels instead: side, instrument, entry, stop and target.")
}
