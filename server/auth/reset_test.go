package auth_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/elite-trading-coach/coach/server/auth"
	"github.com/elite-trading-coach/coach/server/fault"
	"github.com/elite-trading-coach/coach/storage"
	"github.com/elite-trading-coach/coach/storage/storagetest"
)

const renewed = "Better-Horse-10"

func TestAResetLinkSetsThePasswordOnce(t *testing.T) {
	ctx := context.Background()
	storagetest.Run(t, func(t *testing.T, store *storage.Store) {
		clock := newClock()
		var told []auth.Notice
		s := nodeWith(t, store, nil, auth.Options{Secret: secret, Now: clock.now, Notifier: func(_ context.Context, n auth.Notice) (bool, error) {
			told = append(told, n)
			return true, nil
		}})
		s.SlowLane(func(context.Context, time.Duration) error { return nil })
		hashes := 0
		s.OnHash(func() { hashes++ })
		g := register(t, s, "ann")
		issue := func() auth.Reset {
			t.Helper()
			r, err := s.IssueReset(ctx, auth.By{Name: "cli:me"}, "ann", time.Hour)
			if err != nil {
				t.Fatal(err)
			}
			return r
		}
		refusals := map[string]bool{}
		bad := func(code string) {
			t.Helper()
			before := hashes
			f := refused(t, s.RedeemReset(ctx, code, renewed, home), fault.InvalidCredentials)
			refusals[f.Message] = true
			if hashes != before+1 {
				t.Errorf("a bad code cost %d hashes", hashes-before)
			}
		}

		first := issue()
		if !first.Sent || len(first.Code) != 43 || !first.ExpiresAt.Equal(clock.now().Add(time.Hour)) || told[0].Code != first.Code {
			t.Errorf("issued %+v, told %+v", first, told)
		}
		bad("nothing of ours")
		second := issue()
		bad(first.Code)
		clock.advance(time.Hour)
		bad(second.Code)
		third := issue()
		for name, weak := range map[string]string{"weak": "short", "the username": "ann", "the e-mail": "Ann@example.com"} {
			f := refused(t, s.RedeemReset(ctx, third.Code, weak, home), fault.Validation)
			if f.Details[0].Field != "newPassword" {
				t.Errorf("%s: %+v", name, f)
			}
		}
		refused(t, s.RedeemReset(ctx, " ", renewed, home), fault.Validation)
		fail(t, s, "ann", away, 5)
		if err := s.RedeemReset(ctx, third.Code+"\n", renewed, home); err != nil {
			t.Fatal(err)
		}
		bad(third.Code)
		if len(refusals) != 1 {
			t.Errorf("bad codes are told apart: %v", refusals)
		}
		_, err := s.Verify(ctx, g.Token)
		refused(t, err, fault.SessionRevoked)
		_, err = s.Login(ctx, "ann", password, home)
		refused(t, err, fault.InvalidCredentials)
		if _, err := s.Login(ctx, "ann", renewed, away); err != nil {
			t.Errorf("with the new password, from where it was locked: %v", err)
		}
		if last := told[len(told)-1]; last.Code != "" || last.User.ID != g.User.ID {
			t.Errorf("told last %+v", last)
		}
	})
}

func TestResetsAreAuditedWithoutTheCode(t *testing.T) {
	ctx := context.Background()
	run(t, func(t *testing.T, s *auth.Service, store *storage.Store) {
		g := register(t, s, "ann")
		r, err := s.IssueReset(ctx, auth.By{Name: "cli:me"}, "ann", time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.RedeemReset(ctx, r.Code, renewed, home); err != nil {
			t.Fatal(err)
		}
		entries, err := store.Audit(ctx, storage.AuditPage{Limit: 10})
		if err != nil {
			t.Fatal(err)
		}
		for i := range entries {
			entries[i].ID, entries[i].At = "", time.Time{}
		}
		want := []storage.AuditEntry{
			{Actor: g.User.ID, Action: "user.reset-by-link", Target: g.User.ID, Address: home.Address},
			{Actor: "cli:me", Action: "user.reset-link", Target: g.User.ID, Detail: "validFor=1h0m0s"},
		}
		if diff := cmp.Diff(want, entries); diff != "" {
			t.Errorf("audit (-want +got):\n%s", diff)
		}
		err = store.Tidy(ctx, func(tx *storage.Tx) error {
			kept, err := tx.PurgeResetCodes(ctx, storage.Now().Add(2*time.Hour), 10)
			if kept != 0 {
				t.Errorf("%d codes are kept", kept)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestACodeDiesWithWhatItWasFor(t *testing.T) {
	ctx := context.Background()
	run(t, func(t *testing.T, s *auth.Service, store *storage.Store) {
		for name, end := range map[string]func(g auth.Grant) error{
			"changed": func(g auth.Grant) error { return s.ChangePassword(ctx, verify(t, s, g), password, renewed) },
			"reset": func(g auth.Grant) error {
				_, err := s.ResetPassword(ctx, auth.By{Name: "me"}, g.User.ID, renewed)
				return err
			},
			"deleted": func(g auth.Grant) error { return s.DeleteMe(ctx, verify(t, s, g), password) },
			"expired": func(g auth.Grant) error {
				return store.Tidy(ctx, func(tx *storage.Tx) error {
					n, err := tx.PurgeResetCodes(ctx, storage.Now().Add(2*time.Hour), 10)
					if n == 0 {
						err = errors.Join(err, errors.New("nothing was purged"))
					}
					return err
				})
			},
		} {
			t.Run(name, func(t *testing.T) {
				g := register(t, s, name)
				r, err := s.IssueReset(ctx, auth.By{Name: "me"}, name, time.Hour)
				if err != nil {
					t.Fatal(err)
				}
				if err := end(g); err != nil {
					t.Fatal(err)
				}
				refused(t, s.RedeemReset(ctx, r.Code, "Other-Horse-11", home), fault.InvalidCredentials)
			})
		}
	})
}

func TestWithoutANotifierTheOperatorIsToldThatNobodyWas(t *testing.T) {
	ctx := context.Background()
	run(t, func(t *testing.T, s *auth.Service, _ *storage.Store) {
		register(t, s, "ann")
		r, err := s.IssueReset(ctx, auth.By{Name: "me"}, "ann", time.Minute)
		if err != nil || r.Sent {
			t.Errorf("issued %+v, %v", r, err)
		}
		for _, validFor := range []time.Duration{0, time.Second, 8 * 24 * time.Hour} {
			_, err := s.IssueReset(ctx, auth.By{Name: "me"}, "ann", validFor)
			refused(t, err, fault.Validation)
		}
		_, err = s.IssueReset(ctx, auth.By{Name: "me"}, "nobody", time.Hour)
		refused(t, err, fault.NotFound)
	})
}

func TestRotateSignsWithTheNewAndTakesTheOld(t *testing.T) {
	ctx := context.Background()
	store := storagetest.NewSQLite(t)
	s := node(t, store, nil)
	old := register(t, s, "ann")
	other := []byte(strings.Repeat("n", 32))
	if err := s.Rotate(other, secret); err != nil {
		t.Fatal(err)
	}
	verify(t, s, old)
	fresh := login(t, s, "ann", home)
	if err := s.Rotate([]byte("short"), nil); err == nil {
		t.Error("a short secret was taken")
	}
	if err := s.Rotate(other, nil); err != nil {
		t.Fatal(err)
	}
	verify(t, s, fresh)
	_, err := s.Verify(ctx, old.Token)
	refused(t, err, fault.TokenInvalid)
}
