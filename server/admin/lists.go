package admin

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/elite-trading-coach/coach/server/api"
	"github.com/elite-trading-coach/coach/server/fault"
	"github.com/elite-trading-coach/coach/storage"
)

const (
	// rowsPerRead is how many rows are read from the database at a time.
	rowsPerRead = 500
	// rowsWalked bounds what a list in an order that is not its own walks.
	rowsWalked = 100_000
	// answersListed bounds the open answers that are looked at.
	answersListed = 5000
)

// Connections lists this node's sockets.
func (s *Service) Connections(l api.List) (api.Page[api.Connection], error) {
	page, err := api.Connections().Select(s.o.Floor.Connections, l)
	return page, misread(err)
}

// Connection is one of them, closely.
func (s *Service) Connection(ctx context.Context, id string) (api.ConnectionDetail, error) {
	c, found := s.o.Floor.Connection(id)
	if !found {
		return c, noConnection()
	}
	c.Limits = s.o.Floor.Limits(ctx, c.UserID, c.Tier)
	return c, nil
}

func noConnection() error {
	return fault.New(fault.NotFound, "There is no such connection on this node; it may have closed.")
}

// Rooms lists the conversations that somebody on this node has open.
func (s *Service) Rooms(l api.List) (api.Page[api.Room], error) {
	page, err := api.Rooms().Select(s.o.Floor.Rooms, l)
	return page, misread(err)
}

// Room is one of them, closely.
func (s *Service) Room(id string) (api.RoomDetail, error) {
	r, found := s.o.Floor.Room(id)
	if !found {
		return r, fault.New(fault.NotFound, "Nobody on this node has that conversation open.")
	}
	return r, nil
}

// Answers lists the answers that are not finished, on whichever node.
func (s *Service) Answers(ctx context.Context, l api.List) (api.Page[api.Answer], error) {
	rows, err := s.store.UnfinishedAnswers(ctx, answersListed)
	if err != nil {
		return api.Page[api.Answer]{}, err
	}
	now := storage.Now()
	page, err := api.Answers().Select(each(rows, func(a storage.UnfinishedAnswer) api.Answer {
		return api.Answer{
			ID: a.ID, ConversationID: a.ConversationID, UserID: a.UserID, Username: a.Username, Tier: a.Tier, Status: a.Status,
			Attempt: a.Attempt, Model: a.Model, Stopping: a.StopRequested, CreatedAt: api.Time(a.CreatedAt), AgeSeconds: seconds(a.CreatedAt, now),
		}
	}), l)
	return page, misread(err)
}

// LimitHits lists who was refused by a limit of late, on this node.
func (s *Service) LimitHits(l api.List) (api.Page[api.LimitHit], error) {
	page, err := api.LimitHits().Select(slices.Values(s.hits.all(storage.Now())), l)
	return page, misread(err)
}

// Accounts lists accounts with their sockets on this node.
func (s *Service) Accounts(ctx context.Context, l api.List) (api.Page[api.Account], error) {
	return s.accounts(ctx, l, func(id string) int { return len(s.o.Floor.SocketsOf(id)) })
}

// Accounts lists accounts; no node is asked for their sockets.
func (r *Records) Accounts(ctx context.Context, l api.List) (api.Page[api.Account], error) {
	return r.accounts(ctx, l, func(string) int { return 0 })
}

func (r *Records) accounts(ctx context.Context, l api.List, sockets func(userID string) int) (api.Page[api.Account], error) {
	now := storage.Now()
	view := func(u storage.User) api.Account {
		return api.Account{
			User: UserView(u), Sockets: sockets(u.ID), AgeSeconds: seconds(u.CreatedAt, now), IdleSeconds: seconds(u.LastActiveAt, now),
		}
	}
	begin := func(after storage.User) ([]storage.User, error) { return r.store.Users(ctx, "", after.ID, rowsPerRead) }
	return list(api.Users(), l, begin, func(id string, _ time.Time) storage.User { return storage.User{ID: id} }, view)
}

// Account is one, closely, without what a node knows of it.
func (r *Records) Account(ctx context.Context, whom string) (api.AccountDetail, error) {
	u, err := r.auth.FindUser(ctx, whom)
	if err != nil {
		return api.AccountDetail{}, err
	}
	now := storage.Now()
	sessions, err := r.store.Sessions(ctx, u.ID, now)
	if err != nil {
		return api.AccountDetail{}, err
	}
	d := api.AccountDetail{
		Account:  api.Account{User: UserView(u), AgeSeconds: seconds(u.CreatedAt, now), IdleSeconds: seconds(u.LastActiveAt, now)},
		Sessions: []api.AccountSession{}, Connections: []api.Connection{}, Limits: []api.LimitState{},
	}
	for _, one := range sessions {
		d.Sessions = append(d.Sessions, api.AccountSession{
			ID: one.ID, Address: one.Address, UserAgent: one.UserAgent,
			CreatedAt: api.Time(one.CreatedAt), LastUsedAt: api.Time(one.LastUsedAt), ExpiresAt: api.Time(one.ExpiresAt),
		})
	}
	return d, nil
}

// Account is one, closely, with its sockets on this node and its limits.
func (s *Service) Account(ctx context.Context, whom string) (api.AccountDetail, error) {
	d, err := s.Records.Account(ctx, whom)
	if err != nil {
		return d, err
	}
	if open := s.o.Floor.SocketsOf(d.ID); len(open) > 0 {
		d.Connections = open
	}
	d.Sockets = len(d.Connections)
	d.Limits = s.o.Floor.Limits(ctx, d.ID, d.Tier)
	return d, nil
}

// Audit lists what operators did.
func (r *Records) Audit(ctx context.Context, l api.List) (api.Page[api.AuditEntry], error) {
	now := storage.Now()
	begin := func(after storage.AuditEntry) ([]storage.AuditEntry, error) {
		return r.store.Audit(ctx, storage.AuditPage{BeforeAt: after.At, BeforeID: after.ID, Limit: rowsPerRead})
	}
	from := func(id string, at time.Time) storage.AuditEntry { return storage.AuditEntry{ID: id, At: at} }
	return list(api.Audit(), l, begin, from, func(e storage.AuditEntry) api.AuditEntry { return entryView(e, now) })
}

func entryView(e storage.AuditEntry, now time.Time) api.AuditEntry {
	return api.AuditEntry{
		ID: e.ID, At: api.Time(e.At), Actor: e.Actor, Action: e.Action, Target: e.Target, Detail: e.Detail, Address: e.Address,
		AgoSeconds: seconds(e.At, now),
	}
}

// Tiers lists the tiers by name, with their use on this node.
func (s *Service) Tiers(ctx context.Context) ([]api.Tier, error) {
	all, err := s.Records.Tiers(ctx)
	if err != nil {
		return nil, err
	}
	sockets, users := map[string]int{}, map[string]map[string]bool{}
	for c := range s.o.Floor.Actors {
		sockets[c.Tier]++
		if users[c.Tier] == nil {
			users[c.Tier] = map[string]bool{}
		}
		users[c.Tier][c.UserID] = true
	}
	for i := range all {
		name := all[i].Name
		all[i].Sockets, all[i].Users, all[i].Refused = sockets[name], len(users[name]), s.hits.of(name)
	}
	return all, nil
}

// list serves a list whose rows are in the database: in its own order with as
// many reads as the page needs, in another by walking the rows there are.
func list[R, T any](t api.Table[T], l api.List, more func(after R) ([]R, error), from func(id string, at time.Time) R, view func(R) T) (api.Page[T], error) {
	id, at, err := t.After(l)
	if err != nil {
		return api.Page[T]{}, misread(err)
	}
	if !t.Own(l) {
		id, at = "", time.Time{}
	}
	var failed error
	rows := walk(from(id, at), more, view, &failed)
	var page api.Page[T]
	if t.Own(l) {
		page, err = t.Take(rows, l)
	} else {
		page, err = t.Select(rows, l)
	}
	return page, errors.Join(failed, misread(err))
}

// walk reads rows bit by bit; what goes wrong ends it and is put into failed.
func walk[R, T any](after R, more func(after R) ([]R, error), view func(R) T, failed *error) iter.Seq[T] {
	return func(yield func(T) bool) {
		for walked := 0; walked < rowsWalked; {
			rows, err := more(after)
			if err != nil {
				*failed = err
				return
			}
			for _, row := range rows {
				if !yield(view(row)) {
					return
				}
			}
			if len(rows) < rowsPerRead {
				return
			}
			walked, after = walked+len(rows), rows[len(rows)-1]
		}
	}
}

// each shows rows one by one.
func each[R, T any](rows []R, view func(R) T) iter.Seq[T] {
	return func(yield func(T) bool) {
		for _, row := range rows {
			if !yield(view(row)) {
				return
			}
		}
	}
}

// misread is a VALIDATION_ERROR for a filter, sort or cursor that cannot be
// read, and names which.
func misread(err error) error {
	var wrong *api.FilterError
	if !errors.As(err, &wrong) {
		return err
	}
	message := wrong.Message
	if wrong.Field == "filter" {
		message = fmt.Sprintf("At %d, %s: %s", wrong.At, quoted(wrong.Term), wrong.Message)
	}
	return fault.Invalid(wrong.Field, message)
}

// quoted keeps what somebody typed short and printable.
func quoted(term string) string {
	return fmt.Sprintf("%.60q", strings.ToValidUTF8(term, "?"))
}
