package server_test

import (
	"context"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/elite-trading-coach/coach/configs"
	"github.com/elite-trading-coach/coach/server"
	"github.com/elite-trading-coach/coach/server/api"
	"github.com/elite-trading-coach/coach/storage/storagetest"
)

// TestChangesOfAccessReachOpenSocketsWithinASecond changes what somebody may
// while a socket of theirs is open. Operators work beside the server, on the
// database alone, as `coach user` does.
func TestChangesOfAccessReachOpenSocketsWithinASecond(t *testing.T) {
	for database, url := range map[string]func(testing.TB) string{"sqlite": storagetest.SQLiteURL, "postgres": storagetest.PostgresURL} {
		t.Run(database, func(t *testing.T) {
			c := config(t, url(t))
			h := &household{t: t, base: start(t, c), operator: operator(t, c)}
			t.Run("a member becomes a viewer", h.viewer)
			t.Run("a member is removed", h.removed)
			t.Run("another tier", h.tier)
			t.Run("disabled", h.disabled)
			t.Run("the account is deleted", h.deleted)
		})
	}
}

// household is an owner and members with open sockets.
type household struct {
	t        *testing.T
	base     string
	operator *server.Desk
}

func operator(t *testing.T, c configs.Config) *server.Desk {
	t.Helper()
	u, err := server.OpenDesk(t.Context(), c, server.MakeAbsent, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = u.Close() })
	return u
}

// guest is a member of an owner's conversation, in it with a socket.
type guest struct {
	*caller
	id, name, room string
	socket         *socket
	owner          *caller
}

func (h *household) invite(t *testing.T, name string) guest {
	t.Helper()
	owner, _ := register(t, h.base, name+"_owner")
	g := guest{name: name, room: owner.conversation(), owner: owner}
	g.caller, g.id = register(t, h.base, name)
	g.become(t, "member")
	g.socket = mustDial(t, h.base, g.token)
	g.socket.must("join_conversation", g.room)
	return g
}

func (g guest) become(t *testing.T, role string) {
	t.Helper()
	r := g.owner.must(http.MethodPost, "/api/conversations/"+g.room+"/members", map[string]string{"identifier": g.name, "role": role})
	if !r.Success {
		t.Fatalf("invite as %s: %s", role, r.Error)
	}
}

// within fails unless what follows is there a second after do.
func within(t *testing.T, do, follows func()) {
	t.Helper()
	began := time.Now()
	do()
	follows()
	if took := time.Since(began); took > time.Second {
		t.Errorf("it took %s", took)
	}
}

func (g guest) says(t *testing.T, code string) {
	t.Helper()
	a, err := g.socket.ask("send_message", map[string]string{"conversationId": g.room, "content": "may I?"})
	if err != nil || a.Code != code {
		t.Errorf("a message is answered %s, %v; want %q", a.raw, err, code)
	}
}

func (h *household) viewer(t *testing.T) {
	g := h.invite(t, "viewer")
	g.says(t, "")
	within(t, func() { g.become(t, "viewer") }, func() { g.says(t, "FORBIDDEN") })
}

func (h *household) removed(t *testing.T) {
	g := h.invite(t, "removed")
	within(t, func() { g.owner.must(http.MethodDelete, "/api/conversations/"+g.room+"/members/"+g.id, nil) }, func() {
		g.socket.await("member_removed")
		g.says(t, "NOT_FOUND")
	})
}

func (h *household) tier(t *testing.T) {
	g, premium := h.invite(t, "climber"), "premium"
	within(t, func() {
		if _, err := h.operator.ChangeAccount(context.Background(), g.name, api.AccountChange{Tier: &premium}); err != nil {
			t.Fatal(err)
		}
	}, func() { g.socket.await("tier_changed") })
}

func (h *household) disabled(t *testing.T) {
	g := h.invite(t, "disabled")
	within(t, func() {
		if _, err := h.operator.Disable(context.Background(), g.name); err != nil {
			t.Fatal(err)
		}
	}, func() { g.ended(t, "ACCOUNT_DISABLED") })
}

func (h *household) deleted(t *testing.T) {
	g := h.invite(t, "deleted")
	within(t, func() { g.must(http.MethodDelete, "/api/auth/me", map[string]string{"password": "Correct-Horse-9"}) }, func() {
		g.ended(t, "SESSION_REVOKED")
	})
}

// ended waits until the socket is told why, and closed.
func (g guest) ended(t *testing.T, code string) {
	t.Helper()
	seen := g.socket.await("session_expired")
	if last := seen[len(seen)-1]; !with(code)(last.Data) {
		t.Errorf("told %s, want %s", last.Data, code)
	}
	select {
	case <-g.socket.Closed:
	case <-time.After(patience):
		t.Error("the socket is still open")
	}
}
