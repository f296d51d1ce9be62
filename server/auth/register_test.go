package auth_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/elite-trading-coach/coach/server/auth"
	"github.com/elite-trading-coach/coach/server/fault"
	"github.com/elite-trading-coach/coach/storage"
)

func TestRegister(t *testing.T) {
	ctx := context.Background()
	run(t, func(t *testing.T, s *auth.Service, store *storage.Store) {
		t.Run("a stranger becomes a user of the free tier and no admin", func(t *testing.T) {
			g, err := s.Register(ctx, auth.NewAccount{Email: " Ann@Example.com ", Username: "Ann", Password: password}, home)
			if err != nil {
				t.Fatal(err)
			}
			if g.User.Email != "Ann@Example.com" || g.User.Username != "Ann" || g.User.Timezone != "UTC" {
				t.Errorf("user %+v", g.User)
			}
			if a := verify(t, s, g); a.Role != "user" || a.Tier != "free" || a.Admin() {
				t.Errorf("actor %+v", a)
			}
			sessions, err := s.Sessions(ctx, verify(t, s, g))
			if err != nil || len(sessions) != 1 || sessions[0].Address != home.Address || sessions[0].UserAgent != home.UserAgent {
				t.Errorf("sessions %+v, %v", sessions, err)
			}
		})
		t.Run("every bad field is named", func(t *testing.T) {
			_, err := s.Register(ctx, auth.NewAccount{Email: "nobody", Username: "a b", Password: "short"}, home)
			var fields []string
			for _, d := range refused(t, err, fault.Validation).Details {
				fields = append(fields, d.Field)
			}
			if diff := cmp.Diff([]string{"email", "username", "password"}, fields); diff != "" {
				t.Errorf("fields (-want +got):\n%s", diff)
			}
		})
		t.Run("one bad field is the message itself", func(t *testing.T) {
			_, err := s.Register(ctx, auth.NewAccount{Email: "x@example.com", Username: "xyz", Password: "short"}, home)
			f := refused(t, err, fault.Validation)
			if len(f.Details) != 1 || f.Message != f.Details[0].Message {
				t.Errorf("%+v", f)
			}
		})
		// Fault 21: registration reveals which e-mails exist.
		t.Run("what is taken is not said", func(t *testing.T) {
			var refusals []fault.Error
			hashes := 0
			quiet := node(t, store, nil)
			quiet.OnHash(func() { hashes++ })
			for _, n := range []auth.NewAccount{
				{Email: "ANN@EXAMPLE.COM", Username: "free_name", Password: password},
				{Email: "free@example.com", Username: "aNN", Password: password},
				{Email: "ann@example.com", Username: "ann", Password: password},
			} {
				_, err := quiet.Register(ctx, n, home)
				f := *refused(t, err, fault.Conflict)
				f.Err = nil
				refusals = append(refusals, f)
			}
			if diff := cmp.Diff(refusals[0], refusals[1]); diff != "" {
				t.Errorf("e-mail and username are told apart:\n%s", diff)
			}
			if diff := cmp.Diff(refusals[0], refusals[2]); diff != "" {
				t.Errorf("both and one are told apart:\n%s", diff)
			}
			if len(refusals[0].Details) != 0 || hashes != 3 {
				t.Errorf("details %v, %d hashes: a conflict must cost what a success costs", refusals[0].Details, hashes)
			}
		})
	})
}

// Fault 49: a race for a username ended in a 500.
func TestARaceForANameHasOneWinnerAndConflicts(t *testing.T) {
	run(t, func(t *testing.T, s *auth.Service, _ *storage.Store) {
		errs := make([]error, 8)
		var wg sync.WaitGroup
		for i := range errs {
			wg.Go(func() {
				_, errs[i] = s.Register(context.Background(), auth.NewAccount{Email: fmt.Sprintf("r%d@example.com", i), Username: "prize", Password: password}, home)
			})
		}
		wg.Wait()
		won := 0
		for _, err := range errs {
			if err == nil {
				won++
				continue
			}
			refused(t, err, fault.Conflict)
		}
		if won != 1 {
			t.Errorf("%d won", won)
		}
	})
}

func TestProfile(t *testing.T) {
	ctx := context.Background()
	run(t, func(t *testing.T, s *auth.Service, _ *storage.Store) {
		a := verify(t, s, register(t, s, "ann"))
		register(t, s, "bob")
		patch := func(p auth.Patch) (storage.User, error) { return s.UpdateMe(ctx, a, p) }
		text := func(s string) *string { return &s }

		t.Run("changes what is given", func(t *testing.T) {
			u, err := patch(auth.Patch{Username: text(" Anna "), Timezone: text("America/Chicago")})
			if err != nil || u.Username != "Anna" || u.Timezone != "America/Chicago" {
				t.Fatalf("%+v, %v", u, err)
			}
			u, err = patch(auth.Patch{DisplayName: text("Anna 山田")})
			if err != nil || u.Username != "Anna" || u.DisplayName != "Anna 山田" {
				t.Fatalf("%+v, %v", u, err)
			}
			me, err := s.Me(ctx, a)
			if err != nil || me != u {
				t.Errorf("me %+v, %v", me, err)
			}
		})
		t.Run("nothing given changes nothing", func(t *testing.T) {
			before, _ := s.Me(ctx, a)
			if u, err := patch(auth.Patch{}); err != nil || u != before {
				t.Errorf("%+v, %v", u, err)
			}
		})
		t.Run("one's own name in another case", func(t *testing.T) {
			if u, err := patch(auth.Patch{Username: text("ANNA")}); err != nil || u.Username != "ANNA" {
				t.Errorf("%+v, %v", u, err)
			}
		})
		t.Run("a taken name", func(t *testing.T) {
			_, err := patch(auth.Patch{Username: text("BOB")})
			refused(t, err, fault.Conflict)
		})
		t.Run("every bad field is named", func(t *testing.T) {
			_, err := patch(auth.Patch{Username: text(""), Timezone: text("Berlin"), DisplayName: text("a\x00b")})
			if d := refused(t, err, fault.Validation).Details; len(d) != 3 {
				t.Errorf("details %v", d)
			}
		})
		t.Run("the new name is in the next request", func(t *testing.T) {
			g := login(t, s, "anna", home)
			b := verify(t, s, g)
			if _, err := s.UpdateMe(ctx, b, auth.Patch{Username: text("annette")}); err != nil {
				t.Fatal(err)
			}
			if got := verify(t, s, g).Username; got != "annette" {
				t.Errorf("still %s", got)
			}
		})
	})
}

func TestDeleteMe(t *testing.T) {
	ctx := context.Background()
	run(t, func(t *testing.T, s *auth.Service, store *storage.Store) {
		g := register(t, s, "ann")
		a, other := verify(t, s, g), login(t, s, "ann", away)
		conversation := storage.Conversation{ID: storage.NewID(), OwnerID: a.UserID, Mode: "analysis", Coach: "always", CreatedAt: storage.Now(), UpdatedAt: storage.Now(), ActivityAt: storage.Now()}
		if err := store.Tx(ctx, func(tx *storage.Tx) error { return tx.InsertConversation(ctx, conversation) }); err != nil {
			t.Fatal(err)
		}

		refused(t, s.DeleteMe(ctx, a, ""), fault.Validation)
		refused(t, s.DeleteMe(ctx, a, "Wrong-Horse-9"), fault.InvalidCredentials)
		verify(t, s, g)
		if err := s.DeleteMe(ctx, a, password); err != nil {
			t.Fatal(err)
		}
		for _, token := range []string{g.Token, other.Token} {
			_, err := s.Verify(ctx, token)
			refused(t, err, fault.SessionRevoked)
		}
		_, err := s.Login(ctx, "ann", password, home)
		refused(t, err, fault.InvalidCredentials)
		_, err = s.Me(ctx, a)
		refused(t, err, fault.SessionRevoked)
		if _, err := store.Membership(ctx, conversation.ID, a.UserID); !fault.Is(err, fault.NotFound) {
			t.Errorf("the conversation: %v", err)
		}
		// Fault 49: the e-mail of a deleted account was free and yet refused.
		register(t, s, "ann")
	})
}
