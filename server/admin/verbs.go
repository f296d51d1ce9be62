package admin

import (
	"context"
	"strings"
	"unicode/utf8"

	"github.com/elite-trading-coach/coach/server/api"
	"github.com/elite-trading-coach/coach/server/fault"
)

// Disconnect closes a socket, here or on another node; its client comes back
// by itself. A socket that is on no node that is known is NOT_FOUND, as far as
// this node can tell.
func (s *Service) Disconnect(ctx context.Context, who Operator, id string) error {
	if err := who.may(); err != nil {
		return err
	}
	detail := "on another node"
	if c, here := s.o.Floor.Connection(id); here {
		detail = "user=" + c.UserID
	} else if s.alone() {
		return noConnection()
	}
	if err := s.note(ctx, who, "connection.disconnect", id, detail); err != nil {
		return err
	}
	if !s.o.Floor.Disconnect(id) {
		s.tell(ctx, saysDisconnect, id)
	}
	return nil
}

// EditTier changes a tier: here at once, and on the other nodes, which look
// for edits by themselves, in a second.
func (s *Service) EditTier(ctx context.Context, who Operator, name string, c api.LimitsChange) (api.Tier, error) {
	tier, err := s.Records.EditTier(ctx, who, name, c)
	if err != nil {
		return tier, err
	}
	s.mark(func() { s.tiers = true })
	s.tell(ctx, saysTiers, nil)
	if err := s.o.Floor.ReloadTiers(ctx); err != nil {
		s.log.Warn("an edited tier is not in force yet; it is read again in a second", "tier", name, "err", err)
	}
	return tier, nil
}

// LiftLimit gives limits back to a user or an address.
func (s *Service) LiftLimit(ctx context.Context, who Operator, l api.Lift) error {
	if err := who.may(); err != nil {
		return err
	}
	kind, name, ok := strings.Cut(l.Key, ":")
	if !ok || name == "" || kind != "user" && kind != "address" {
		return fault.Invalid("key", `The key is "user:" and an id, or "address:" and a network, as the list of limits hit shows it.`)
	}
	if kind == "user" {
		u, err := s.auth.FindUser(ctx, name)
		if err != nil {
			return err
		}
		l.Key = "user:" + u.ID
	}
	if err := s.note(ctx, who, "limit.lift", l.Key, "limit="+orAll(l.Limit)); err != nil {
		return err
	}
	if err := s.o.Floor.Lift(ctx, l.Key, l.Limit); err != nil {
		return err
	}
	s.hits.forget(l.Key, l.Limit)
	return nil
}

func orAll(limit string) string {
	if limit == "" {
		return "all"
	}
	return limit
}

// StopAnswer ends an answer, on whichever node, and keeps what was written.
func (s *Service) StopAnswer(ctx context.Context, who Operator, id string) error {
	if err := who.may(); err != nil {
		return err
	}
	if err := s.note(ctx, who, "answer.stop", id, ""); err != nil {
		return err
	}
	return s.o.Floor.StopAnswer(ctx, id)
}

// Announce tells everybody who is connected, on every node.
func (s *Service) Announce(ctx context.Context, who Operator, n api.Notice) (api.Told, error) {
	if err := who.may(); err != nil {
		return api.Told{}, err
	}
	n.Message = strings.TrimSpace(n.Message)
	switch {
	case n.Message == "" || utf8.RuneCountInString(n.Message) > 500:
		return api.Told{}, fault.Invalid("message", "A notice has 1 to 500 characters.")
	case n.Level == "":
		n.Level = "info"
	case n.Level != "info" && n.Level != "warning":
		return api.Told{}, fault.Invalid("level", "The level is info or warning.")
	}
	if err := s.note(ctx, who, "notice", "", "level="+n.Level); err != nil {
		return api.Told{}, err
	}
	s.tell(ctx, saysNotice, n)
	return api.Told{Sockets: s.o.Floor.Announce(n)}, nil
}

// Drain begins the graceful end of this node's process.
func (s *Service) Drain(ctx context.Context, who Operator) error {
	if err := who.may(); err != nil {
		return err
	}
	if err := s.note(ctx, who, "node.drain", s.o.Self.ID, "name="+s.o.Self.Name); err != nil {
		return err
	}
	s.o.Floor.Drain()
	return nil
}

// Profile refuses who may not take profiles of the process: those tell more
// of it than the rest of what operators see.
func (s *Service) Profile(who Operator) error { return who.may() }
