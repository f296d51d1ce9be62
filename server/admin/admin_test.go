package admin_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/elite-trading-coach/coach/server/admin"
	"github.com/elite-trading-coach/coach/server/api"
	"github.com/elite-trading-coach/coach/server/auth"
	"github.com/elite-trading-coach/coach/server/bus"
	"github.com/elite-trading-coach/coach/server/fault"
	"github.com/elite-trading-coach/coach/server/limit"
	"github.com/elite-trading-coach/coach/storage"
	"github.com/elite-trading-coach/coach/storage/storagetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const password = "Correct-Horse-9"

func boss() admin.Operator {
	return admin.Operator{Name: "token:boss", Scope: api.ScopeAdmin, Address: "192.0.2.7"}
}

func looker() admin.Operator { return admin.Operator{Name: "token:looker", Scope: api.ScopeReadOnly} }

// house is a store with its rooms, on either database.
type house struct {
	t       *testing.T
	store   *storage.Store
	auth    *auth.Service
	records *admin.Records
}

func inHouse(t *testing.T, fn func(t *testing.T, h *house)) {
	t.Helper()
	storagetest.Run(t, func(t *testing.T, store *storage.Store) {
		a, err := auth.New(store, nil, auth.Options{Secret: []byte(strings.Repeat("s", 32)), Argon: auth.Argon{MemoryKiB: 8, Iterations: 1, Parallelism: 1}})
		if err != nil {
			t.Fatal(err)
		}
		check := func(l api.Limits) error { return limit.Tier(l).Check() }
		h := &house{t, store, a, admin.NewRecords(store, a, check, slog.New(slog.DiscardHandler))}
		h.storeTiers()
		fn(t, h)
	})
}

func (h *house) storeTiers() {
	h.t.Helper()
	err := h.store.Tx(h.t.Context(), func(tx *storage.Tx) error {
		for name, tier := range limit.Defaults() {
			b, err := json.Marshal(tier)
			if err != nil {
				return err
			}
			if err := tx.PutTier(h.t.Context(), storage.Tier{Name: name, Limits: b, UpdatedAt: storage.Now()}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

// audited is the newest entries, as "action target detail".
func (h *house) audited(n int) []string {
	h.t.Helper()
	page, err := h.records.Audit(h.t.Context(), api.List{Limit: n})
	if err != nil {
		h.t.Fatal(err)
	}
	var all []string
	for _, e := range page.Items {
		if e.Actor != "token:boss" || e.Address != "192.0.2.7" {
			h.t.Errorf("an entry is %s's at %q", e.Actor, e.Address)
		}
		all = append(all, strings.TrimSpace(e.Action+" "+e.Target+" "+e.Detail))
	}
	return all
}

func refused(t *testing.T, err error, code fault.Code) {
	t.Helper()
	if !fault.Is(err, code) {
		t.Errorf("error %v, want %s", err, code)
	}
}

func TestTokens(t *testing.T) {
	inHouse(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		made, err := h.records.CreateToken(ctx, boss(), api.NewToken{Name: "prometheus", Scope: api.ScopeReadOnly, ExpiresInSeconds: 3600})
		if err != nil {
			t.Fatal(err)
		}
		t.Run("Admitted", func(t *testing.T) {
			who, err := h.records.Admit(ctx, made.Secret, "198.51.100.1")
			want := admin.Operator{Name: "token:prometheus", Scope: api.ScopeReadOnly, Address: "198.51.100.1"}
			if err != nil || who != want {
				t.Errorf("admitted %+v, %v; want %+v", who, err, want)
			}
		})
		t.Run("Listed without its secret, with its use", func(t *testing.T) {
			list, err := h.records.Tokens(ctx)
			if err != nil || len(list) != 1 {
				t.Fatalf("%+v, %v", list, err)
			}
			text, _ := json.Marshal(list)
			if strings.Contains(string(text), made.Secret) || !strings.HasPrefix(made.Secret, list[0].Prefix) || list[0].LastUsedAt == nil || list[0].ExpiresAt == nil {
				t.Errorf("listed as %s", text)
			}
			rows, err := h.store.OperatorTokens(ctx)
			if err != nil || strings.Contains(fmt.Sprint(rows), made.Secret[len(list[0].Prefix):]) {
				t.Errorf("the secret is stored: %+v, %v", rows, err)
			}
		})
		t.Run("ErrName", func(t *testing.T) {
			_, err := h.records.CreateToken(ctx, boss(), api.NewToken{Name: "prometheus", Scope: api.ScopeAdmin})
			refused(t, err, fault.Conflict)
		})
		t.Run("Revoked by its prefix, and its name is free", func(t *testing.T) {
			if _, err := h.records.RevokeToken(ctx, boss(), made.Prefix); err != nil {
				t.Fatal(err)
			}
			_, err := h.records.Admit(ctx, made.Secret, "")
			refused(t, err, fault.SessionRevoked)
			_, err = h.records.RevokeToken(ctx, boss(), made.Prefix)
			refused(t, err, fault.NotFound)
			if _, err := h.records.CreateToken(ctx, boss(), api.NewToken{Name: "prometheus", Scope: api.ScopeAdmin}); err != nil {
				t.Errorf("the name is not free: %v", err)
			}
		})
		t.Run("Expired", func(t *testing.T) {
			short, err := h.records.CreateToken(ctx, boss(), api.NewToken{Name: "short", Scope: api.ScopeAdmin, ExpiresInSeconds: 1})
			if err != nil {
				t.Fatal(err)
			}
			row, err := h.store.OperatorTokens(ctx)
			if err != nil || row[0].ID != short.ID {
				t.Fatalf("%+v, %v", row, err)
			}
			for deadline := time.NewTimer(time.Until(row[0].ExpiresAt)); ; {
				<-deadline.C
				break
			}
			_, err = h.records.Admit(ctx, short.Secret, "")
			refused(t, err, fault.TokenExpired)
		})
		want := []string{
			"token.create prometheus scope=admin", "token.revoke prometheus prefix=" + made.Prefix, "token.create prometheus scope=read-only prefix=" + made.Prefix,
		}
		got := h.audited(4)[1:]
		for i, line := range want {
			if !strings.HasPrefix(got[i], line) {
				t.Errorf("audited %q, want %q", got[i], line)
			}
		}
	})
}

func TestThrowAwayUsers(t *testing.T) {
	inHouse(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		made, err := h.records.CreateTestUsers(ctx, boss(), api.NewTestUsers{Count: 130})
		if err != nil || len(made.Users) != 130 {
			t.Fatalf("%d made, %v", len(made.Users), err)
		}
		other, err := h.records.CreateTestUsers(ctx, boss(), api.NewTestUsers{Count: 1, Tier: "free"})
		if err != nil {
			t.Fatal(err)
		}
		who, err := h.auth.Verify(ctx, made.Users[129].Token)
		if err != nil || who.Tier != "enterprise" || who.UserID != made.Users[129].ID {
			t.Errorf("signed in as %+v, %v", who, err)
		}
		// One that a person chose to call like that has a password, and stays.
		lookalike := auth.NewAccount{Email: "x@loadtest.invalid", Username: "loadtest_" + made.Batch + "_x", Password: password}
		if _, err := h.auth.Register(ctx, lookalike, auth.Client{}); err != nil {
			t.Fatal(err)
		}
		ended, err := h.records.RemoveTestUsers(ctx, boss(), made.Batch)
		if err != nil || ended.Count != 130 {
			t.Errorf("%d removed, %v", ended.Count, err)
		}
		_, err = h.auth.Verify(ctx, made.Users[0].Token)
		refused(t, err, fault.SessionRevoked)
		if ended, err = h.records.RemoveTestUsers(ctx, boss(), "all"); err != nil || ended.Count != 1 {
			t.Errorf("%d removed of all, %v", ended.Count, err)
		}
		left, err := h.records.Accounts(ctx, api.List{})
		if err != nil || len(left.Items) != 1 || left.Items[0].Username != lookalike.Username {
			t.Errorf("left %+v, %v", left.Items, err)
		}
		_, err = h.records.RemoveTestUsers(ctx, boss(), "every one")
		refused(t, err, fault.Validation)
		want := []string{
			"test-users.delete all", "test-users.delete " + made.Batch,
			"test-users.create " + other.Batch + " count=1 tier=free", "test-users.create " + made.Batch + " count=130 tier=enterprise",
		}
		if diff := cmp.Diff(want, h.audited(4)); diff != "" {
			t.Errorf("audited (-want +got):\n%s", diff)
		}
	})
}

func TestAccounts(t *testing.T) {
	inHouse(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		made, err := h.records.CreateAccount(ctx, boss(), api.NewAccount{Email: "ana@example.org", Username: "ana", Password: password})
		if err != nil {
			t.Fatal(err)
		}
		role, tier, weak := "admin", "premium", "short"
		changed, err := h.records.ChangeAccount(ctx, boss(), "ana", api.AccountChange{Role: &role, Tier: &tier})
		if err != nil || changed.Role != role || changed.Tier != tier {
			t.Errorf("changed to %+v, %v", changed, err)
		}
		back := "user"
		_, err = h.records.ChangeAccount(ctx, boss(), "ana", api.AccountChange{Role: &back, Password: &weak})
		refused(t, err, fault.Validation)
		if d, err := h.records.Account(ctx, "ana"); err != nil || d.Role != role {
			t.Errorf("half of a change was made: %+v, %v", d, err)
		}
		if _, err := h.auth.Login(ctx, "ana", password, auth.Client{}); err != nil {
			t.Fatal(err)
		}
		if ended, err := h.records.SignOut(ctx, boss(), "ana"); err != nil || ended.Count != 1 {
			t.Errorf("ended %+v, %v", ended, err)
		}
		if err := h.records.DeleteAccount(ctx, boss(), "ana@example.org"); err != nil {
			t.Fatal(err)
		}
		_, err = h.records.Account(ctx, made.ID)
		refused(t, err, fault.NotFound)
		want := []string{
			"user.delete " + made.ID, "user.sign-out " + made.ID, "user.set-tier " + made.ID + " tier=premium",
			"user.set-role " + made.ID + " role=admin", "user.create " + made.ID + " role=user tier=free",
		}
		if diff := cmp.Diff(want, h.audited(10)); diff != "" {
			t.Errorf("audited (-want +got):\n%s", diff)
		}
	})
}

func TestAccountLists(t *testing.T) {
	inHouse(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		if _, err := h.records.CreateTestUsers(ctx, boss(), api.NewTestUsers{Count: 620, Tier: "free"}); err != nil {
			t.Fatal(err)
		}
		if _, err := h.records.CreateTestUsers(ctx, boss(), api.NewTestUsers{Count: 5, Tier: "premium"}); err != nil {
			t.Fatal(err)
		}
		for _, l := range []api.List{{Limit: 400}, {Limit: 400, Sort: "-user"}} {
			seen := map[string]bool{}
			for pages := 0; pages < 3; pages++ {
				page, err := h.records.Accounts(ctx, l)
				if err != nil {
					t.Fatal(err)
				}
				for _, a := range page.Items {
					seen[a.ID] = true
				}
				if l.Cursor = page.NextCursor; l.Cursor == "" {
					break
				}
			}
			if len(seen) != 625 || l.Cursor != "" {
				t.Errorf("sort %q: %d accounts on all pages, next %q", l.Sort, len(seen), l.Cursor)
			}
		}
		page, err := h.records.Accounts(ctx, api.List{Filter: "tier=premium"})
		if err != nil || len(page.Items) != 5 {
			t.Errorf("premium: %d, %v", len(page.Items), err)
		}
		first, err := h.records.Audit(ctx, api.List{Limit: 1})
		if err != nil || first.NextCursor == "" {
			t.Fatalf("%+v, %v", first, err)
		}
		second, err := h.records.Audit(ctx, api.List{Limit: 1, Cursor: first.NextCursor})
		if err != nil || len(second.Items) != 1 || second.Items[0].ID == first.Items[0].ID {
			t.Errorf("second page %+v, %v", second, err)
		}
	})
}

func TestEditTier(t *testing.T) {
	inHouse(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		three, minus := 3, -1
		tier, err := h.records.EditTier(ctx, boss(), "free", api.LimitsChange{Sockets: &three})
		if err != nil || tier.Limits.Sockets != 3 || tier.Limits.Members != 5 {
			t.Errorf("%+v, %v", tier, err)
		}
		_, err = h.records.EditTier(ctx, boss(), "free", api.LimitsChange{Members: &minus})
		refused(t, err, fault.Validation)
		_, err = h.records.EditTier(ctx, boss(), "gold", api.LimitsChange{Sockets: &three})
		refused(t, err, fault.NotFound)
		_, err = h.records.EditTier(ctx, looker(), "free", api.LimitsChange{Sockets: &three})
		refused(t, err, fault.Forbidden)
		all, err := h.records.Tiers(ctx)
		if err != nil || len(all) != 4 || all[2].Limits.Sockets != 3 {
			t.Errorf("%+v, %v", all, err)
		}
		if diff := cmp.Diff([]string{"tier.edit free sockets=5→3"}, h.audited(5)); diff != "" {
			t.Errorf("audited (-want +got):\n%s", diff)
		}
	})
}

// node is a running Service on a floor that notes what it is told.
type node struct {
	*admin.Service
	mu   sync.Mutex
	told []string
}

func (n *node) note(what string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.told = append(n.told, what)
}

func (n *node) did() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return append([]string{}, n.told...)
}

func (h *house) node(b bus.Bus, id string, sockets ...string) *node {
	n := &node{}
	find := func(id string) (api.ConnectionDetail, bool) {
		for _, s := range sockets {
			if s == id {
				return api.ConnectionDetail{Connection: api.Connection{ID: id, UserID: "u"}}, true
			}
		}
		return api.ConnectionDetail{}, false
	}
	n.Service = admin.New(admin.Options{
		Records: h.records, Bus: b, Self: api.Node{ID: id, Name: id},
		Floor: admin.Floor{
			Load: func(context.Context) api.Load {
				return api.Load{Sockets: len(sockets), AckP99Ms: float64(len(sockets))}
			},
			Connections: func(func(api.Connection) bool) {}, Actors: func(func(auth.Actor) bool) {}, Connection: find,
			Rooms: func(func(api.Room) bool) {}, Room: func(string) (api.RoomDetail, bool) { return api.RoomDetail{}, false },
			SocketsOf: func(string) []api.Connection { return nil },
			Limits:    func(context.Context, string, string) []api.LimitState { return nil },
			Disconnect: func(socket string) bool {
				_, here := find(socket)
				if here {
					n.note("disconnect " + socket)
				}
				return here
			},
			Announce:    func(notice api.Notice) int { n.note("announce " + notice.Message); return len(sockets) },
			StopAnswer:  func(context.Context, string) error { return nil },
			Lift:        func(context.Context, string, string) error { return nil },
			ReloadTiers: func(context.Context) error { n.note("reload"); return nil },
			Drain:       func() {},
		},
	})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- n.Run(ctx) }()
	h.t.Cleanup(func() { cancel(); <-done })
	return n
}

// until waits for what must become true.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline, look := time.NewTimer(20*time.Second), time.NewTicker(10*time.Millisecond)
	defer deadline.Stop()
	defer look.Stop()
	for !holds() {
		select {
		case <-look.C:
		case <-deadline.C:
			t.Fatalf("it never came to this: %s", what)
		}
	}
}

func TestNodesKnowEachOther(t *testing.T) {
	store := storagetest.NewSQLite(t)
	a, err := auth.New(store, nil, auth.Options{Secret: []byte(strings.Repeat("s", 32))})
	if err != nil {
		t.Fatal(err)
	}
	h := &house{t, store, a, admin.NewRecords(store, a, func(api.Limits) error { return nil }, slog.New(slog.DiscardHandler))}
	h.storeTiers()
	memory := bus.NewMemory()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- memory.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	one, two := h.node(memory, "one", "s1"), h.node(memory, "two", "s2", "s3")

	until(t, "both nodes in a snapshot", func() bool {
		s, err := one.Snapshot(t.Context(), boss())
		return err == nil && len(s.Nodes) == 2 && s.Load.Sockets == 3 && s.Load.AckP99Ms == 2
	})
	if err := one.Disconnect(t.Context(), boss(), "s3"); err != nil {
		t.Fatal(err)
	}
	until(t, "the other node closed its socket", func() bool { return len(two.did()) == 1 && two.did()[0] == "disconnect s3" })
	told, err := one.Announce(t.Context(), boss(), api.Notice{Message: "hello"})
	if err != nil || told.Sockets != 1 {
		t.Errorf("told %+v, %v", told, err)
	}
	until(t, "the other node announced it too", func() bool { return len(two.did()) == 2 && two.did()[1] == "announce hello" })
	if did := one.did(); len(did) != 1 {
		t.Errorf("one heard its own voice: %v", did)
	}
}

func TestTheStreamTellsWhatHappens(t *testing.T) {
	store := storagetest.NewSQLite(t)
	a, err := auth.New(store, nil, auth.Options{Secret: []byte(strings.Repeat("s", 32))})
	if err != nil {
		t.Fatal(err)
	}
	h := &house{t, store, a, admin.NewRecords(store, a, func(api.Limits) error { return nil }, slog.New(slog.DiscardHandler))}
	h.storeTiers()
	n := h.node(bus.NewMemory(), "one")
	heard := map[string]string{}
	three := 3
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for e := range n.Events(ctx) {
		switch e.Name {
		case api.EventLoad:
			if len(heard) == 0 { // followed: now things may happen
				n.Refused(admin.Refusal{Key: "user:u", UserID: "u", Tier: "free", Limit: "burst", Allowed: 10})
				n.Refused(admin.Refusal{Key: "user:u", UserID: "u", Tier: "free", Limit: "burst", Allowed: 10})
				if _, err := n.EditTier(t.Context(), boss(), "free", api.LimitsChange{Sockets: &three}); err != nil {
					t.Fatal(err)
				}
			}
			heard[e.Name] = "yes"
		case api.EventLimit:
			heard[e.Name] = fmt.Sprint(e.Limit.Limit, e.Limit.Count)
		case api.EventAudit:
			heard[e.Name] = e.Audit.Action
		case api.EventChanged:
			heard[e.Name] = fmt.Sprint(e.Changed.Tiers, e.Changed.Limits)
		}
		if len(heard) == 4 {
			break
		}
	}
	want := map[string]string{"load": "yes", "limit": "burst2", "audit": "tier.edit", "changed": "true true"}
	if diff := cmp.Diff(want, heard); diff != "" {
		t.Errorf("heard (-want +got):\n%s", diff)
	}
	tiers, err := n.Tiers(t.Context())
	if err != nil || tiers[2].Refused["burst"] != 2 {
		t.Errorf("tiers %+v, %v", tiers, err)
	}
	if len(n.History()) == 0 {
		t.Error("no history")
	}
}
