package server

import (
	"context"
	"fmt"
	"log/slog"
	"os"

	"github.com/elite-trading-coach/coach/configs"
	"github.com/elite-trading-coach/coach/server/coach"
	"github.com/elite-trading-coach/coach/server/fault"
	"github.com/elite-trading-coach/coach/server/trading"
	"github.com/elite-trading-coach/coach/server/upload"
)

// Question is what `coach ask` asks.
type Question struct {
	Text  string
	Image string // path of a chart; "" = none
	Plan  []byte // a plan in YAML or JSON; nil: the default one
}

// Reply is who answered, and the verdict, "" = none.
type Reply struct{ Model, Verdict string }

// Ask answers one question with the configured models, as a server would, and
// streams the answer to emit. It needs no server and no database, and keeps
// nothing.
func Ask(ctx context.Context, c configs.Config, q Question, log *slog.Logger, emit func(string) error) (Reply, error) {
	idea := coach.Idea{Text: q.Text}
	if q.Plan != nil {
		plan, findings := trading.ReadPlan(q.Plan)
		if len(findings) > 0 {
			f := findings[0]
			return Reply{}, fault.Newf(fault.Validation, "line %d of the plan: %s: %s; `coach plan lint` lists all there is", max(1, f.Line), f.Rule, f.Why)
		}
		idea.Plan = &plan
	}
	if q.Image != "" {
		image, remove, err := askImage(ctx, c.Upload, q.Image)
		if err != nil {
			return Reply{}, err
		}
		defer remove()
		idea.Images = []coach.Image{image}
	}
	models, err := newChain(c, coach.ModelOptions{Logger: log})
	if err != nil {
		return Reply{}, err
	}
	answer, err := (&coach.Analyst{Model: models, Limit: c.AI.Total}).Analyse(ctx, idea, emit)
	return Reply{Model: answer.Model, Verdict: answer.Verdict}, err
}

// askImage makes a chart ready for a model, as an upload would be.
func askImage(ctx context.Context, c configs.Upload, path string) (coach.Image, func(), error) {
	dir, err := os.MkdirTemp("", "coach-ask-*")
	if err != nil {
		return coach.Image{}, nil, fmt.Errorf("make a temporary folder: %w", err)
	}
	remove := func() { _ = os.RemoveAll(dir) }
	ready, _, err := upload.PrepareFile(ctx, path, dir, upload.Options{MaxPixels: c.MaxPixels, ModelEdge: c.ModelEdge})
	if err != nil {
		remove()
		return coach.Image{}, nil, err
	}
	return coach.Image{MIME: ready.Type, Alt: ready.Name, Load: ready.Load}, remove, nil
}
