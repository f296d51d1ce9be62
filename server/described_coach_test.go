package server_test

import (
	"context"
	"strings"
	"sync/atomic"

	"github.com/elite-trading-coach/coach/server/coach"
	"github.com/elite-trading-coach/coach/server/fault"
)

// The first words of a message tell the stage coach what to do; any other is
// answered by the built-in coach.
const (
	askSlowly = "Slowly:" // begins, goes on with each piece that is handed to it, and ends with ""
	askFail   = "Fail:"   // begins and fails
)

// slowBeginning is what a slow answer says by itself. It holds a character
// that is two UTF-16 units, and one of several bytes that is one.
const slowBeginning = "Let me see 💎 – "

// stageCoach is a coach that does what a test wants.
type stageCoach struct {
	builtin *coach.Builtin
	pieces  chan string
	calls   atomic.Int64 // answers that were begun
}

func newStageCoach() *stageCoach {
	return &stageCoach{builtin: coach.NewBuiltin(), pieces: make(chan string)}
}

func (s *stageCoach) Name() string { return "stage" }

func (s *stageCoach) Stream(ctx context.Context, p coach.Prompt, emit func(string) error) (coach.Answer, error) {
	s.calls.Add(1)
	switch {
	case strings.HasPrefix(p.Text, askSlowly):
		return s.slowly(ctx, emit)
	case strings.HasPrefix(p.Text, askFail):
		if err := emit("I will "); err != nil {
			return coach.Answer{}, err
		}
		return coach.Answer{}, fault.New(fault.AIUnavailable, "The coach has lost its voice.")
	}
	return s.builtin.Stream(ctx, p, emit)
}

func (s *stageCoach) slowly(ctx context.Context, emit func(string) error) (coach.Answer, error) {
	text := ""
	for piece := slowBeginning; ; {
		text += piece
		if err := emit(piece); err != nil {
			return coach.Answer{Text: text, Model: s.Name()}, err
		}
		select {
		case piece = <-s.pieces:
		case <-ctx.Done():
			return coach.Answer{Text: text, Model: s.Name()}, context.Cause(ctx)
		}
		if piece == "" {
			return coach.Answer{Text: text, Model: s.Name()}, nil
		}
	}
}
