package storage_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/elite-trading-coach/coach/storage"
	"github.com/elite-trading-coach/coach/storage/storagetest"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func newUser(name string) storage.User {
	return storage.User{
		ID: storage.NewID(), Email: name + "@Example.com", Username: name, Timezone: "UTC", PasswordHash: "hash of " + name,
		Role: storage.RoleUser, Tier: "free", CreatedAt: start, LastActiveAt: start,
		AuthChangedAt: time.UnixMicro(0).UTC(),
	}
}

func newSession(userID string) storage.Session {
	return storage.Session{
		ID: storage.NewID(), UserID: userID, Address: "192.0.2.1", UserAgent: "test",
		CreatedAt: start, LastUsedAt: start, ExpiresAt: start.Add(time.Hour),
	}
}

// tx runs fn and fails the test on an error.
func tx(t *testing.T, s *storage.Store, fn func(ctx context.Context, tx *storage.Tx) error) {
	t.Helper()
	ctx := context.Background()
	if err := s.Tx(ctx, func(tx *storage.Tx) error { return fn(ctx, tx) }); err != nil {
		t.Fatal(err)
	}
}

func addUser(t *testing.T, s *storage.Store, name string) storage.User {
	t.Helper()
	u := newUser(name)
	tx(t, s, func(ctx context.Context, tx *storage.Tx) error { return tx.InsertUser(ctx, u) })
	return u
}

func addSession(t *testing.T, s *storage.Store, userID string) storage.Session {
	t.Helper()
	session := newSession(userID)
	tx(t, s, func(ctx context.Context, tx *storage.Tx) error { return tx.InsertSession(ctx, session, 10) })
	return session
}

func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func TestUsers(t *testing.T) {
	ctx := context.Background()
	storagetest.Run(t, func(t *testing.T, s *storage.Store) {
		ann, bob := addUser(t, s, "Ann_1"), addUser(t, s, "Bob")

		t.Run("found by id, e-mail and username whatever the case", func(t *testing.T) {
			for _, identifier := range []string{"ann_1", "ANN_1@example.COM", "Ann_1"} {
				got, err := s.UserByIdentifier(ctx, identifier)
				if err != nil {
					t.Fatal(err)
				}
				same(t, identifier, got, ann)
			}
			got, err := s.User(ctx, bob.ID)
			if err != nil {
				t.Fatal(err)
			}
			same(t, "by id", got, bob)
		})
		t.Run("taken whatever the case", func(t *testing.T) {
			for _, u := range []storage.User{{Email: "ANN_1@EXAMPLE.com", Username: "other"}, {Email: "other@example.com", Username: "aNN_1"}} {
				fresh := newUser("x")
				fresh.Email, fresh.Username = u.Email, u.Username
				if err := s.Tx(ctx, func(tx *storage.Tx) error { return tx.InsertUser(ctx, fresh) }); !errors.Is(err, storage.ErrConflict) {
					t.Errorf("insert %s, %s: %v", u.Email, u.Username, err)
				}
			}
		})
		t.Run("listed, and an underscore is no wildcard", func(t *testing.T) {
			got, err := s.Users(ctx, "", "", 10)
			if err != nil {
				t.Fatal(err)
			}
			same(t, "all", got, []storage.User{ann, bob})
			got, _ = s.Users(ctx, "N_1", "", 10)
			same(t, "by part", got, []storage.User{ann})
			got, _ = s.Users(ctx, "b_b", "", 10)
			same(t, "wildcard", len(got), 0)
			got, _ = s.Users(ctx, "", ann.ID, 10)
			same(t, "second page", got, []storage.User{bob})
		})
		t.Run("a new password only over the one that was seen", func(t *testing.T) {
			replace := func(old, next string) error {
				return s.Tx(ctx, func(tx *storage.Tx) error { return tx.ReplacePassword(ctx, bob.ID, old, next) })
			}
			if err := replace(bob.PasswordHash, "second"); err != nil {
				t.Fatal(err)
			}
			if err := replace(bob.PasswordHash, "third"); !errors.Is(err, storage.ErrNotFound) {
				t.Errorf("over a stale hash: %v", err)
			}
		})
	})
}

func TestPatchesKeepWhatTheyDoNotName(t *testing.T) {
	ctx := context.Background()
	storagetest.Run(t, func(t *testing.T, s *storage.Store) {
		ann := addUser(t, s, "ann")
		addUser(t, s, "bob")
		var got storage.User
		patch := func(p storage.ProfilePatch) error {
			return s.Tx(ctx, func(tx *storage.Tx) (err error) { got, err = tx.PatchProfile(ctx, ann.ID, p); return err })
		}
		zone, name := "Europe/Berlin", "Anna"
		if err := patch(storage.ProfilePatch{Timezone: &zone}); err != nil {
			t.Fatal(err)
		}
		if err := patch(storage.ProfilePatch{Username: &name}); err != nil {
			t.Fatal(err)
		}
		if !got.AuthChangedAt.After(ann.AuthChangedAt) {
			t.Error("the change is not stamped")
		}
		want := ann
		want.Timezone, want.Username, want.AuthChangedAt = zone, name, got.AuthChangedAt
		same(t, "after two patches", got, want)
		taken := "BOB"
		if err := patch(storage.ProfilePatch{Username: &taken}); !errors.Is(err, storage.ErrConflict) {
			t.Errorf("a taken username: %v", err)
		}

		access := func(a storage.Access) {
			t.Helper()
			tx(t, s, func(ctx context.Context, tx *storage.Tx) (err error) {
				got, err = tx.SetAccess(ctx, ann.ID, a)
				return err
			})
		}
		tier, role, at, never := "premium", "admin", start, time.Time{}
		access(storage.Access{Tier: &tier})
		access(storage.Access{Role: &role, Disabled: &at})
		access(storage.Access{})
		want.Tier, want.Role, want.DisabledAt, want.AuthChangedAt = tier, role, start, got.AuthChangedAt
		same(t, "after changes of access", got, want)
		access(storage.Access{Disabled: &never})
		if !got.DisabledAt.IsZero() {
			t.Error("not enabled again")
		}
		changed, err := s.UsersChangedSince(ctx, got.AuthChangedAt)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "changed since", changed, []storage.User{got})
	})
}

func TestDeletedAccountsLeaveATombstone(t *testing.T) {
	ctx := context.Background()
	storagetest.Run(t, func(t *testing.T, s *storage.Store) {
		ann := addUser(t, s, "ann")
		session := addSession(t, s, ann.ID)
		del := func(hash string) error {
			return s.Tx(ctx, func(tx *storage.Tx) error { return tx.DeleteUser(ctx, ann.ID, hash, start) })
		}
		if err := del("another hash"); !errors.Is(err, storage.ErrNotFound) {
			t.Fatalf("with a stale hash: %v", err)
		}
		if err := del(ann.PasswordHash); err != nil {
			t.Fatal(err)
		}
		if _, err := s.User(ctx, ann.ID); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("find by id: %v", err)
		}
		if _, err := s.UserByIdentifier(ctx, "ann"); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("find by name: %v", err)
		}
		if _, _, err := s.SessionWithUser(ctx, session.ID); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("find session: %v", err)
		}
		changed, err := s.UsersChangedSince(ctx, start)
		if err != nil || len(changed) != 1 {
			t.Fatalf("changed: %v, %v", changed, err)
		}
		same(t, "tombstone", changed[0], storage.User{
			ID: ann.ID, Timezone: "UTC", Role: "user", Tier: "free", CreatedAt: start, LastActiveAt: start,
			AuthChangedAt: changed[0].AuthChangedAt, DeletedAt: start,
		})
		addUser(t, s, "ann") // the names are free again
	})
}

func TestSessions(t *testing.T) {
	ctx := context.Background()
	storagetest.Run(t, func(t *testing.T, s *storage.Store) {
		ann, bob := addUser(t, s, "ann"), addUser(t, s, "bob")
		first, second, other := addSession(t, s, ann.ID), addSession(t, s, ann.ID), addSession(t, s, bob.ID)
		before, err := s.Clock(ctx)
		if err != nil {
			t.Fatal(err)
		}

		list, err := s.Sessions(ctx, ann.ID, start)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "list", list, []storage.Session{second, first})
		list, _ = s.Sessions(ctx, ann.ID, start.Add(time.Hour))
		same(t, "expired ones", len(list), 0)
		got, owner, err := s.SessionWithUser(ctx, first.ID)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "session", got, first)
		same(t, "owner", owner, ann)

		tx(t, s, func(ctx context.Context, tx *storage.Tx) error {
			return tx.TouchSessions(ctx, []storage.Touch{
				{SessionID: first.ID, UserID: ann.ID, At: start.Add(time.Minute)},
				{SessionID: second.ID, UserID: ann.ID, At: start.Add(-time.Minute)},
			})
		})
		list, _ = s.Sessions(ctx, ann.ID, start)
		same(t, "last used first", []time.Time{list[0].LastUsedAt, list[1].LastUsedAt}, []time.Time{start.Add(time.Minute), start})

		if err := s.Tx(ctx, func(tx *storage.Tx) error { return tx.RevokeSession(ctx, first.ID, bob.ID) }); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("another's session: %v", err)
		}
		tx(t, s, func(ctx context.Context, tx *storage.Tx) error { return tx.RevokeSession(ctx, first.ID, ann.ID) })
		if err := s.Tx(ctx, func(tx *storage.Tx) error {
			return tx.ExtendSession(ctx, first.ID, ann.ID, start, start.Add(2*time.Hour))
		}); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("extend a revoked one: %v", err)
		}
		tx(t, s, func(ctx context.Context, tx *storage.Tx) error {
			return tx.ExtendSession(ctx, second.ID, ann.ID, start, start.Add(2*time.Hour))
		})
		tx(t, s, func(ctx context.Context, tx *storage.Tx) error {
			_, err := tx.RevokeSessions(ctx, bob.ID, other.ID)
			return err
		})
		revoked, err := s.SessionsRevokedSince(ctx, before)
		if err != nil {
			t.Fatal(err)
		}
		if len(revoked) != 1 || revoked[0].ID != first.ID {
			t.Errorf("revoked since: %v", revoked)
		}
		tx(t, s, func(ctx context.Context, tx *storage.Tx) error {
			n, err := tx.PurgeSessions(ctx, start.Add(90*time.Minute), 10)
			same(t, "purged", n, int64(2)) // first: expired; other: expired
			return err
		})
	})
}

func TestSurplusSessionsEndTheLeastUsedFirst(t *testing.T) {
	ctx := context.Background()
	storagetest.Run(t, func(t *testing.T, s *storage.Store) {
		ann := addUser(t, s, "ann")
		var ids []string
		for i := range 4 {
			session := newSession(ann.ID)
			session.CreatedAt = start.Add(time.Duration(i) * time.Second)
			ids = append(ids, session.ID)
			tx(t, s, func(ctx context.Context, tx *storage.Tx) error { return tx.InsertSession(ctx, session, 2) })
		}
		list, err := s.Sessions(ctx, ann.ID, start)
		if err != nil {
			t.Fatal(err)
		}
		var alive []string
		for _, session := range list {
			alive = append(alive, session.ID)
		}
		same(t, "alive", alive, []string{ids[3], ids[2]})
	})
}

func TestLockouts(t *testing.T) {
	ctx := context.Background()
	rule := storage.LockoutRule{Failures: 3, Window: time.Hour, Lock: time.Minute}
	storagetest.Run(t, func(t *testing.T, s *storage.Store) {
		fail := func(key string, at time.Time) (l storage.Lockout) {
			t.Helper()
			tx(t, s, func(ctx context.Context, tx *storage.Tx) (err error) {
				l, err = tx.CountFailure(ctx, key, at, rule)
				return err
			})
			return l
		}
		same(t, "first", fail("k:1", start), storage.Lockout{Key: "k:1", Failures: 1, FirstAt: start})
		same(t, "after the window", fail("k:1", start.Add(time.Hour)), storage.Lockout{Key: "k:1", Failures: 1, FirstAt: start.Add(time.Hour)})
		at := start.Add(time.Hour)
		fail("k:1", at)
		locked := storage.Lockout{Key: "k:1", Failures: 3, FirstAt: at, LockedUntil: at.Add(time.Minute)}
		same(t, "third", fail("k:1", at), locked)
		locked.Failures = 4
		same(t, "a lock is not prolonged", fail("k:1", at.Add(time.Second)), locked)
		other := fail("k:2", at)
		found, err := s.Lockouts(ctx, "k:1", "k:3")
		if err != nil {
			t.Fatal(err)
		}
		same(t, "found", found, map[string]storage.Lockout{"k:1": locked})
		same(t, "after the lock", fail("k:1", at.Add(time.Minute)), storage.Lockout{Key: "k:1", Failures: 1, FirstAt: at.Add(time.Minute)})

		tx(t, s, func(ctx context.Context, tx *storage.Tx) error { return tx.ForgetFailures(ctx, "k:1") })
		found, _ = s.Lockouts(ctx, "k:1", "k:2")
		same(t, "forgotten", found, map[string]storage.Lockout{"k:2": other})
		fail("l:9", at)
		tx(t, s, func(ctx context.Context, tx *storage.Tx) error {
			_, err := tx.ForgetFailuresUnder(ctx, "k:")
			return err
		})
		tx(t, s, func(ctx context.Context, tx *storage.Tx) error {
			n, err := tx.PurgeLockouts(ctx, at.Add(time.Second), 10)
			same(t, "purged", n, int64(1))
			return err
		})
	})
}

func TestTiersAndAudit(t *testing.T) {
	ctx := context.Background()
	storagetest.Run(t, func(t *testing.T, s *storage.Store) {
		free := storage.Tier{Name: "free", Limits: []byte(`{"a":1}`), UpdatedAt: start}
		edited := storage.Tier{Name: "free", Limits: []byte(`{"a":2}`), UpdatedAt: start.Add(time.Second)}
		premium := storage.Tier{Name: "premium", Limits: []byte(`{}`), UpdatedAt: start}
		tx(t, s, func(ctx context.Context, tx *storage.Tx) error { return tx.PutTier(ctx, free) })
		tx(t, s, func(ctx context.Context, tx *storage.Tx) error { return tx.PutTier(ctx, edited) })
		tx(t, s, func(ctx context.Context, tx *storage.Tx) error {
			n, err := tx.InsertMissingTiers(ctx, []storage.Tier{free, premium})
			same(t, "added", n, int64(1))
			return err
		})
		tiers, err := s.Tiers(ctx)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "tiers", tiers, []storage.Tier{edited, premium})

		var all []storage.AuditEntry
		for range 3 { // of one instant: the id decides
			e := storage.AuditEntry{ID: storage.NewID(), At: start, Actor: "cli:me", Action: "user.disable", Target: "x", Detail: "d", Address: "a"}
			all = append([]storage.AuditEntry{e}, all...)
			tx(t, s, func(ctx context.Context, tx *storage.Tx) error { return tx.InsertAudit(ctx, e) })
		}
		page, err := s.Audit(ctx, storage.AuditPage{Limit: 2})
		if err != nil {
			t.Fatal(err)
		}
		same(t, "newest", page, all[:2])
		page, err = s.Audit(ctx, storage.AuditPage{BeforeAt: page[1].At, BeforeID: page[1].ID, Limit: 2})
		if err != nil {
			t.Fatal(err)
		}
		same(t, "next", page, all[2:])
		tx(t, s, func(ctx context.Context, tx *storage.Tx) error {
			for _, want := range []int64{2, 1, 0} {
				n, err := tx.PurgeAudit(ctx, start.Add(time.Microsecond), 2)
				if same(t, "purged", n, want); err != nil {
					return err
				}
			}
			return nil
		})
	})
}
