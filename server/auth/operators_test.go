package auth_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/elite-trading-coach/coach/server/auth"
	"github.com/elite-trading-coach/coach/server/fault"
	"github.com/elite-trading-coach/coach/storage"
)

func TestOperators(t *testing.T) {
	ctx := context.Background()
	run(t, func(t *testing.T, s *auth.Service, store *storage.Store) {
		s.SlowLane(func(context.Context, time.Duration) error { return nil })
		by := auth.By{Name: "cli:operator", Address: "192.0.2.7"}
		boss, err := s.CreateUser(ctx, by, auth.NewUser{Email: "boss@example.com", Username: "boss", Password: password, Role: "admin", Tier: "enterprise"})
		if err != nil {
			t.Fatal(err)
		}
		g := register(t, s, "ann")
		id := g.User.ID

		t.Run("an admin is one that an operator made", func(t *testing.T) {
			if a := verify(t, s, login(t, s, "boss", home)); !a.Admin() || a.Tier != "enterprise" {
				t.Errorf("actor %+v", a)
			}
			// Fault 6: the default tier passed for an admin.
			for _, tier := range []string{"free", "premium", "enterprise"} {
				if (auth.Actor{Role: "user", Tier: tier}).Admin() {
					t.Errorf("a user of tier %s is an admin", tier)
				}
			}
		})
		t.Run("an account is checked like any other", func(t *testing.T) {
			_, err := s.CreateUser(ctx, by, auth.NewUser{Email: "x", Username: "y", Password: "z", Role: "founder", Tier: "gold"})
			if d := refused(t, err, fault.Validation).Details; len(d) != 5 {
				t.Errorf("details %v", d)
			}
			_, err = s.CreateUser(ctx, by, auth.NewUser{Email: "ANN@example.com", Username: "other", Password: password})
			refused(t, err, fault.Conflict)
		})
		t.Run("found by e-mail, username and id", func(t *testing.T) {
			for _, identifier := range []string{"ann", "Ann@Example.com", id, " " + id + " "} {
				if u, err := s.FindUser(ctx, identifier); err != nil || u.ID != id {
					t.Errorf("%s: %+v, %v", identifier, u, err)
				}
			}
			for _, identifier := range []string{"", "nobody", storage.NewID(), "a\x00"} {
				_, err := s.FindUser(ctx, identifier)
				refused(t, err, fault.NotFound)
			}
			list, err := s.Users(ctx, "EXAMPLE", 10)
			if err != nil || len(list) != 2 || list[0].ID != boss.ID {
				t.Errorf("%v, %v", list, err)
			}
		})
		t.Run("role and tier", func(t *testing.T) {
			if u, err := s.SetRole(ctx, by, "ann", "admin"); err != nil || u.Role != "admin" {
				t.Errorf("%+v, %v", u, err)
			}
			if !verify(t, s, g).Admin() {
				t.Error("the next request is not an admin's")
			}
			if u, err := s.SetRole(ctx, by, id, "user"); err != nil || u.Role != "user" {
				t.Errorf("%+v, %v", u, err)
			}
			if u, err := s.SetTier(ctx, by, "ann@example.com", "premium"); err != nil || u.Tier != "premium" {
				t.Errorf("%+v, %v", u, err)
			}
			_, err := s.SetRole(ctx, by, "ann", "founder")
			refused(t, err, fault.Validation)
			_, err = s.SetTier(ctx, by, "ann", "anonymous")
			refused(t, err, fault.Validation)
			_, err = s.SetTier(ctx, by, "nobody", "free")
			refused(t, err, fault.NotFound)
		})
		t.Run("a reset ends all sessions and lifts lockouts", func(t *testing.T) {
			fail(t, s, "ann", away, 5)
			_, err := s.ResetPassword(ctx, by, "ann", "short")
			refused(t, err, fault.Validation)
			const fresh = "Better-Horse-10"
			if _, err := s.ResetPassword(ctx, by, "ann", fresh); err != nil {
				t.Fatal(err)
			}
			_, err = s.Verify(ctx, g.Token)
			refused(t, err, fault.SessionRevoked)
			if _, err := s.Login(ctx, "ann", fresh, away); err != nil {
				t.Errorf("with the new password: %v", err)
			}
		})
		t.Run("disable and enable", func(t *testing.T) {
			if u, err := s.Disable(ctx, by, "ann"); err != nil || u.DisabledAt.IsZero() {
				t.Errorf("%+v, %v", u, err)
			}
			if u, err := s.Enable(ctx, by, "ann"); err != nil || !u.DisabledAt.IsZero() {
				t.Errorf("%+v, %v", u, err)
			}
		})
		t.Run("every verb is in the audit log, and nothing personal", func(t *testing.T) {
			entries, err := store.Audit(ctx, storage.AuditPage{Limit: 100})
			if err != nil {
				t.Fatal(err)
			}
			var actions []string
			for _, e := range slices.Backward(entries) {
				actions = append(actions, strings.TrimSpace(e.Action+" "+e.Detail))
				if e.Actor != by.Name || e.Address != by.Address || e.Target != id && e.Target != boss.ID || e.At.IsZero() {
					t.Errorf("entry %+v", e)
				}
			}
			want := []string{
				"user.create role=admin tier=enterprise", "user.set-role role=admin", "user.set-role role=user", "user.set-tier tier=premium",
				"user.reset-password", "user.disable", "user.enable",
			}
			if diff := cmp.Diff(want, actions); diff != "" {
				t.Errorf("actions (-want +got):\n%s", diff)
			}
		})
	})
}
