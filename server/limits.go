package server

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/elite-trading-coach/coach/configs"
	"github.com/elite-trading-coach/coach/server/auth"
	"github.com/elite-trading-coach/coach/server/fault"
	"github.com/elite-trading-coach/coach/server/limit"
	"github.com/elite-trading-coach/coach/storage"
)

// tiersEvery is how soon an edited tier takes effect on a running node.
const tiersEvery = time.Second

// loadTiers stores the default tiers where there are none and reads them all.
func loadTiers(ctx context.Context, store *storage.Store, c configs.Limits) (*limit.Tiers, error) {
	var missing []storage.Tier
	for name, t := range limit.Defaults() {
		b, err := json.Marshal(t)
		if err != nil {
			return nil, fmt.Errorf("encode tier %s: %w", name, err)
		}
		missing = append(missing, storage.Tier{Name: name, Limits: b, UpdatedAt: storage.Now()})
	}
	err := store.Tx(ctx, func(tx *storage.Tx) error {
		_, err := tx.InsertMissingTiers(ctx, missing)
		return err
	})
	if err != nil {
		return nil, err
	}
	tiers := limit.NewTiers()
	return tiers, readTiers(ctx, store, c, tiers)
}

// readTiers puts the stored tiers in force. What strangers may ask is the
// configuration's, which names it.
func readTiers(ctx context.Context, store *storage.Store, c configs.Limits, tiers *limit.Tiers) error {
	rows, err := store.Tiers(ctx)
	if err != nil {
		return err
	}
	table := map[string]limit.Tier{}
	for _, row := range rows {
		var t limit.Tier
		if err := json.Unmarshal(row.Limits, &t); err != nil {
			return fmt.Errorf("read tier %s: %w", row.Name, err)
		}
		table[row.Name] = t
	}
	anonymous := table[limit.Anonymous]
	anonymous.Requests15m, anonymous.RequestsWindowSeconds = c.MaxRequests, int(c.Window/time.Second)
	table[limit.Anonymous] = anonymous
	return tiers.Load(table)
}

// watchTiers brings edits of the stored tiers to this node. The table has a
// handful of rows, so it is simply read again.
func (s *Server) watchTiers(ctx context.Context) error {
	ticker := time.NewTicker(tiersEvery)
	defer ticker.Stop()
	away := false
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		err := readTiers(ctx, s.store, s.Config.Limits, s.tiers)
		if failed := err != nil && ctx.Err() == nil; failed != away {
			if away = failed; away {
				s.log.Warn("tiers cannot be read; the last known ones hold", "err", err)
			} else {
				s.log.Info("tiers are read again")
			}
		}
	}
}

// allowSend counts one message against its sender's limit.
func (s *Server) allowSend(ctx context.Context, a auth.Actor) error {
	if !s.Config.Limits.Enabled || a.Admin() {
		return nil
	}
	rule := s.tiers.Of(a.Tier).Messages()
	d, err := s.limiter.Allow(ctx, limit.UserKey(a.UserID), rule, 1)
	if err != nil || d.Allowed {
		return nil //nolint:nilerr // a limiter that is away must not take the chat with it
	}
	return overLimit(a, rule, d, "You have sent as many messages as your tier allows for now; wait a moment.")
}

// overLimit refuses what a rule refused, and says which: operators lift it by
// its name.
func overLimit(a auth.Actor, rule limit.Rule, d limit.Decision, message string) error {
	return &fault.Error{
		Code: fault.RateLimited, Message: message,
		RetryAfter: d.RetryAfter, Tier: a.Tier, Rule: rule.Name, Limit: rule.Limit, Window: rule.Window,
	}
}

// returnSend takes back what allowSend counted.
func (s *Server) returnSend(ctx context.Context, a auth.Actor) {
	if !s.Config.Limits.Enabled || a.Admin() {
		return
	}
	if err := s.limiter.Return(ctx, limit.UserKey(a.UserID), s.tiers.Of(a.Tier).Messages(), 1); err != nil {
		s.log.Debug("a message that was sent before still counts against its sender's limit", "err", err)
	}
}

func (s *Server) answersPerDay(a auth.Actor) int {
	if !s.Config.Limits.Enabled {
		return -1
	}
	return s.tiers.Of(a.Tier).AnswersPerDay
}

func (s *Server) maxMembers(owner auth.Actor) int {
	if !s.Config.Limits.Enabled {
		return -1
	}
	return s.tiers.Of(owner.Tier).Members
}
