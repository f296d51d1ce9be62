package server

import (
	"context"
	"time"

	"github.com/elite-trading-coach/coach/server/auth"
	"github.com/elite-trading-coach/coach/server/chat"
	"github.com/elite-trading-coach/coach/server/limit"
)

// allowance is what an actor may do and how much of it is left; /api/limits
// and the connected event show it. An empty list: nothing is limited.
type allowance struct {
	Tier   string  `json:"tier"`
	Limits []share `json:"limits"`
}

// share is one limit. WindowSeconds is 0 and ResetsAt null for what is
// counted at once, such as sockets.
type share struct {
	Name          string    `json:"name"`
	Limit         int       `json:"limit"`
	Remaining     int       `json:"remaining"`
	WindowSeconds int       `json:"windowSeconds"`
	ResetsAt      chat.Time `json:"resetsAt"`
}

// allowance reads an actor's limits as they stand; it counts nothing.
func (s *Server) allowance(ctx context.Context, a auth.Actor) allowance {
	out := allowance{Tier: a.Tier, Limits: []share{}}
	if !s.Config.Limits.Enabled || a.Admin() {
		return out
	}
	tier := s.tiers.Of(a.Tier)
	for _, rule := range []limit.Rule{tier.Requests(), tier.Burst(), tier.Messages(), tier.Uploads()} {
		d, err := s.limiter.Peek(ctx, limit.UserKey(a.UserID), rule)
		if err != nil {
			s.log.Warn("a limit cannot be shown", "limit", rule.Name, "err", err)
			continue
		}
		out.Limits = append(out.Limits, share{rule.Name, d.Limit, d.Remaining, int(rule.Window / time.Second), chat.Time(d.ResetsAt)})
	}
	used, resets, err := s.chat.AnswersToday(ctx, a)
	if err != nil {
		s.log.Warn("the answers of the day cannot be shown", "err", err)
	} else {
		out.Limits = append(out.Limits, share{"answers", tier.AnswersPerDay, max(0, tier.AnswersPerDay-used), 24 * 60 * 60, chat.Time(resets)})
	}
	if money, ok := s.budgetShare(ctx, a.UserID, tier.BudgetMonthMicros); ok {
		out.Limits = append(out.Limits, money)
	}
	open := s.live.SocketsOf(a.UserID)
	return allowance{out.Tier, append(out.Limits, share{Name: "sockets", Limit: tier.Sockets, Remaining: max(0, tier.Sockets-open)})}
}

// budgetShare is the month's money for language models, in micro-dollars. Its
// window is the month that the moment lies in.
func (s *Server) budgetShare(ctx context.Context, userID string, limit int64) (share, bool) {
	state, err := s.budget.Under(ctx, userID, limit)
	if err != nil {
		s.log.Warn("the budget of the month cannot be shown", "err", err)
		return share{}, false
	}
	window := state.ResetsAt.Sub(state.ResetsAt.AddDate(0, -1, 0))
	return share{"budgetMicros", int(state.Limit), int(state.Remaining()), int(window / time.Second), chat.Time(state.ResetsAt)}, true
}
