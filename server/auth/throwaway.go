package auth

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/elite-trading-coach/coach/server/fault"
	"github.com/elite-trading-coach/coach/storage"
)

// Throw-away accounts are for load tests, which need many users that are
// signed in without having gone through the limits of signing in. They have no
// password, so nobody can sign in with one, and names and addresses that
// nobody else can have: that is how they are found again and taken away.
const (
	throwawayName   = "loadtest_"
	throwawayDomain = "@loadtest.invalid" // RFC 2606: is never anybody's
	// MaxThrowaway bounds the accounts of one batch.
	MaxThrowaway = 1000
	// throwawayStep bounds those of one transaction: others write, too.
	throwawayStep = 100
)

// CreateThrowaway makes and signs in a batch of throw-away accounts.
func (s *Service) CreateThrowaway(ctx context.Context, by By, count int, tier string) (batch string, grants []Grant, err error) {
	var wrong problems
	if count < 1 || count > MaxThrowaway {
		wrong.add("count", fmt.Sprintf("This must be a whole number from 1 to %d.", MaxThrowaway))
	}
	wrong.add("tier", checkTier(tier))
	if err := wrong.err(); err != nil {
		return "", nil, err
	}
	batch = newBatch()
	err = s.store.Tx(ctx, func(tx *storage.Tx) error {
		return s.audit(ctx, tx, by, "test-users.create", batch, fmt.Sprintf("count=%d tier=%s", count, tier))
	})
	if err != nil {
		return "", nil, err
	}
	for len(grants) < count {
		made, err := s.throwaways(ctx, batch, tier, len(grants), min(count, len(grants)+throwawayStep))
		if err != nil {
			return batch, nil, err
		}
		grants = append(grants, made...)
	}
	return batch, grants, nil
}

func newBatch() string {
	var b [4]byte
	_, _ = rand.Read(b[:]) // never fails, see crypto/rand
	return hex.EncodeToString(b[:])
}

// throwaways makes those from one number of the batch up to another.
func (s *Service) throwaways(ctx context.Context, batch, tier string, from, to int) ([]Grant, error) {
	var users []storage.User
	var sessions []storage.Session
	for n := from; n < to; n++ {
		name := fmt.Sprintf("%s%s_%d", throwawayName, batch, n+1)
		u := storage.User{
			ID: storage.NewID(), Email: name + throwawayDomain, Username: name, Timezone: "UTC",
			Role: storage.RoleUser, Tier: tier, CreatedAt: s.now(),
		}
		users = append(users, u)
		sessions = append(sessions, s.newSession(u.ID, Client{UserAgent: "load test"}))
	}
	err := s.store.Tx(ctx, func(tx *storage.Tx) error {
		for i, u := range users {
			if err := tx.InsertUser(ctx, u); err != nil {
				return err
			}
			if err := tx.InsertSession(ctx, sessions[i], maxSessions); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	grants := make([]Grant, len(users))
	for i, u := range users {
		if grants[i], err = s.grant(u, sessions[i]); err != nil {
			return nil, err
		}
	}
	return grants, nil
}

// EveryBatch names all throw-away accounts there are.
const EveryBatch = "all"

// DeleteThrowaway deletes a batch and all its data, and tells how many
// accounts that were. An account that only looks like one of them stays.
func (s *Service) DeleteThrowaway(ctx context.Context, by By, batch string) (int, error) {
	prefix := throwawayName
	switch b, err := hex.DecodeString(batch); {
	case batch == EveryBatch:
	case err != nil || len(b) != 4:
		return 0, fault.Invalid("batch", "This must be the batch that was given when they were made, or all.")
	default:
		prefix += batch + "_"
	}
	err := s.store.Tx(ctx, func(tx *storage.Tx) error { return s.audit(ctx, tx, by, "test-users.delete", batch, "") })
	if err != nil {
		return 0, err
	}
	deleted := 0
	for {
		n, err := s.deleteSome(ctx, prefix)
		deleted += n
		if err != nil || n == 0 {
			return deleted, err
		}
	}
}

func (s *Service) deleteSome(ctx context.Context, prefix string) (int, error) {
	users, err := s.store.PasswordlessUsers(ctx, prefix, throwawayDomain, throwawayStep)
	if err != nil || len(users) == 0 {
		return 0, err
	}
	at := s.now()
	gone := make([]storage.Departure, len(users))
	err = s.store.Tx(ctx, func(tx *storage.Tx) (err error) {
		for i, u := range users {
			if gone[i], err = remove(ctx, tx, u, at); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	for i, u := range users {
		s.cache.dropUser(u.ID)
		s.watch.departed(ctx, gone[i])
	}
	s.announce(ctx, users[0].ID, "")
	return len(users), nil
}

// DeleteUser deletes an account and all its data.
func (s *Service) DeleteUser(ctx context.Context, by By, identifier string) error {
	u, err := s.FindUser(ctx, strings.TrimSpace(identifier))
	if err != nil {
		return err
	}
	at := s.now()
	var gone storage.Departure
	err = s.store.Tx(ctx, func(tx *storage.Tx) (err error) {
		if gone, err = remove(ctx, tx, u, at); err != nil {
			return err
		}
		return s.audit(ctx, tx, by, "user.delete", u.ID, "")
	})
	if err != nil {
		return err
	}
	s.announce(ctx, u.ID, "")
	s.watch.departed(ctx, gone)
	return nil
}
