package loadtest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/elite-trading-coach/coach/server/api"
)

// seat is a socket's place before it connects.
type seat struct {
	role role
	user user
	conv *conversation // nil: in none
}

// seating deals roles and users to sockets, and makes their conversations.
func seating(ctx context.Context, roles []role, people []user) ([]seat, []*conversation, error) {
	seats := make([]seat, len(roles))
	for i, r := range roles {
		seats[i] = seat{role: r, user: people[i%len(people)]}
	}
	groups := grouped(seats)
	made := make([]*conversation, len(groups))
	err := each(ctx, len(groups), func(ctx context.Context, i int) (err error) {
		made[i], err = open(ctx, groups[i])
		return err
	})
	return seats, made, err
}

// grouped puts seats that share a role into conversations of its size.
func grouped(seats []seat) (groups [][]*seat) {
	open := map[role]int{} // the group that is not full
	for i := range seats {
		s := &seats[i]
		if !s.role.talks() {
			continue
		}
		g, begun := open[s.role]
		if !begun || len(groups[g]) == s.role.room {
			g = len(groups)
			open[s.role], groups = g, append(groups, nil)
		}
		groups[g] = append(groups[g], s)
	}
	return groups
}

// open makes the conversation of a group; its first user owns it.
func open(ctx context.Context, group []*seat) (*conversation, error) {
	owner := group[0].user
	coach := "off"
	if group[0].role.asksEvery > 0 {
		coach = "mention"
	}
	var made struct{ ID string }
	if err := patiently(ctx, func() error {
		return owner.client.Post(ctx, "/api/conversations", map[string]string{"title": "load test", "coach": coach}, &made)
	}); err != nil {
		return nil, fmt.Errorf("make a conversation: %w", err)
	}
	c := newConversation(made.ID)
	in := map[string]bool{owner.id: true}
	for _, s := range group {
		s.conv = c
		if in[s.user.id] {
			continue
		}
		in[s.user.id] = true
		if err := patiently(ctx, func() error {
			return owner.client.Post(ctx, "/api/conversations/"+c.id+"/members", map[string]string{"identifier": s.user.name, "role": "member"}, nil)
		}); err != nil {
			return nil, fmt.Errorf("invite %s: %w", s.user.name, err)
		}
	}
	return c, nil
}

// patience is how often, and how long between, somebody asks again who was
// told that he asks too often, or that the server is coming back.
const (
	patienceTries = 20
	patiencePause = 500 * time.Millisecond
)

func patiently(ctx context.Context, ask func() error) error {
	for try := 1; ; try++ {
		err := ask()
		var no *api.RefusedError
		retry := errors.As(err, &no) && no.Retryable || errors.Is(err, api.ErrUnreachable)
		if err == nil || !retry || try == patienceTries {
			return err
		}
		select {
		case <-time.After(patiencePause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// rows reads a whole conversation, in rising seq.
func rows(ctx context.Context, reader user, conversation string) ([]row, error) {
	var all []row
	for after := int64(0); ; {
		var page struct {
			Messages []row
			HasMore  bool
		}
		path := fmt.Sprintf("/api/conversations/%s/messages?limit=100&after=%d", conversation, after)
		if err := patiently(ctx, func() error { return reader.client.Get(ctx, path, &page) }); err != nil {
			return nil, fmt.Errorf("read a conversation: %w", err)
		}
		all = append(all, page.Messages...)
		if !page.HasMore || len(page.Messages) == 0 {
			return all, nil
		}
		after = page.Messages[len(page.Messages)-1].Seq
	}
}
