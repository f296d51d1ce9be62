package live_test

import (
	"strings"
	"testing"
	"time"

	"github.com/elite-trading-coach/coach/server/auth"
	"github.com/elite-trading-coach/coach/server/chat"
	"github.com/elite-trading-coach/coach/server/limit"
	"github.com/elite-trading-coach/coach/server/socketio"
	"github.com/elite-trading-coach/coach/server/socketio/socketiotest"
)

func TestPresenceIsToldOnlyToPeopleOneSharesAConversationWith(t *testing.T) {
	t.Parallel()
	d := newDesk(t, setup{})
	a, b, stranger := d.person("ann"), d.person("bob"), d.person("eve")
	id := a.conversation("off")
	a.invites(b, id, chat.RoleMember)
	va, vs := a.connect(nil), stranger.connect(nil)
	vb := b.connect(nil)
	if who := read[struct{ UserID string }](t, va.next("user_online").Data); who.UserID != b.actor.UserID {
		t.Fatalf("online: %+v", who)
	}
	vb.must("update_status", map[string]string{"status": "busy"})
	va.next("user_status_changed")
	if got := va.must("get_online_users", nil).Users; len(got) != 1 || got[0].UserID != b.actor.UserID || got[0].Status != "busy" {
		t.Fatalf("online users %+v", got)
	}
	if got := vs.must("get_online_users", nil).Users; len(got) != 0 {
		t.Fatalf("a stranger sees %+v", got)
	}
	vb.must("update_status", map[string]string{"status": "offline"})
	va.next("user_status_changed")
	if got := va.must("get_online_users", map[string]string{"conversationId": id}).Users; len(got) != 0 {
		t.Fatalf("an invisible person is seen: %+v", got)
	}
	vb.must("update_status", map[string]string{"status": "online"})
	va.next("user_status_changed")
	vb.Close()
	va.next("user_offline")
	for {
		select {
		case e := <-vs.Events:
			if strings.HasPrefix(e.Name, "user_") {
				t.Fatalf("a stranger was told %s %s", e.Name, e.Data)
			}
			continue
		default:
		}
		break
	}
}

func TestReadMarksReachTheOtherDevices(t *testing.T) {
	d := newDesk(t, setup{})
	p := d.person("trader")
	id := p.conversation("off")
	p.says(id, "one")
	a, b := p.connect(nil), p.connect(nil)
	a.must("mark_read", map[string]any{"conversationId": id, "seq": 99})
	got := read[struct {
		ConversationID string
		Seq            int64
	}](t, b.next("read_updated").Data)
	if got.ConversationID != id || got.Seq != 1 {
		t.Fatalf("read_updated %+v", got)
	}
	c, err := d.chat.Conversation(t.Context(), p.actor, id)
	if err != nil || *c.LastReadSeq != 1 {
		t.Fatalf("%+v, %v", c, err)
	}
	p.says(id, "two")
	a.must("join_conversation", id)
	p.says(id, "three")
	a.silent("new_message", "read_updated")
}

func TestNewsOfAConversationThatIsNotOpen(t *testing.T) {
	d := newDesk(t, setup{})
	p := d.person("trader")
	id := p.conversation("off")
	open, elsewhere := p.connect(nil), p.connect(nil)
	open.must("join_conversation", id)
	p.says(id, "news")
	got := read[struct {
		Conversation map[string]any
	}](t, elsewhere.next("conversation_updated").Data).Conversation
	if got["id"] != id || got["lastSeq"] != 1.0 {
		t.Fatalf("conversation_updated %+v", got)
	}
	for _, perViewer := range []string{"role", "lastReadSeq"} {
		if _, there := got[perViewer]; there {
			t.Errorf("a broadcast tells %s", perViewer)
		}
	}
	if err := d.chat.Delete(t.Context(), p.actor, id); err != nil {
		t.Fatal(err)
	}
	open.silent("conversation_deleted", "conversation_updated")
	elsewhere.next("conversation_deleted")
	if a := open.ask("send_message", map[string]string{"conversationId": id, "content": "still here?"}); a.Code != "NOT_FOUND" {
		t.Fatalf("send into a deleted conversation: %s", a.raw)
	}
}

func TestAViewerReadsAndDoesNotWrite(t *testing.T) {
	d := newDesk(t, setup{})
	a, b := d.person("ann"), d.person("bob")
	id := a.conversation("off")
	a.invites(b, id, chat.RoleViewer)
	v := b.connect(nil)
	v.must("join_conversation", id)
	a.says(id, "look")
	v.next("new_message")
	if got := v.ask("send_message", map[string]string{"conversationId": id, "content": "me too"}); got.Code != "FORBIDDEN" {
		t.Fatalf("a viewer wrote: %s", got.raw)
	}
}

func TestTheOldestSocketGivesWay(t *testing.T) {
	tier := limit.Defaults()[limit.Free]
	tier.Sockets = 2
	d := newDesk(t, setup{tier: &tier, limited: true})
	p := d.person("trader")
	first, second := p.connect(nil), p.connect(nil)
	p.connect(nil)
	select {
	case <-first.Closed:
	case <-time.After(socketiotest.Patience):
		t.Fatal("the oldest socket is still open")
	}
	second.must("update_status", map[string]string{"status": "away"})
}

func TestAFloodIsRefusedAndTold(t *testing.T) {
	d := newDesk(t, setup{limited: true})
	p := d.person("trader")
	v := p.connect(nil)
	refused := 0
	for range 50 {
		if a := v.ask("update_status", map[string]string{"status": "away"}); a.Code == "RATE_LIMITED" {
			refused++
		}
	}
	if refused == 0 {
		t.Fatal("nothing was refused")
	}
	told := read[struct {
		Event         string
		Limit         int
		WindowSeconds int
		Tier          string
		RetryAfterMs  int64
	}](t, v.next("rate_limited").Data)
	if told.Event != "update_status" || told.Limit != 10 || told.WindowSeconds != 1 || told.Tier != "free" || told.RetryAfterMs <= 0 {
		t.Fatalf("rate_limited %+v", told)
	}
}

func TestAChangeOfTierReachesOpenSockets(t *testing.T) {
	d := newDesk(t, setup{})
	p := d.person("trader")
	v := p.connect(nil)
	v.next("connected")
	if _, err := d.auth.SetTier(t.Context(), auth.By{Name: "test"}, p.actor.UserID, "premium"); err != nil {
		t.Fatal(err)
	}
	if got := read[struct{ Tier string }](t, v.next("tier_changed").Data); got.Tier != "premium" {
		t.Fatalf("tier_changed %+v", got)
	}
}

// A tier that allows fewer sockets holds from the moment somebody has it.
func TestAChangeOfTierClosesTheSocketsThatAreTooMany(t *testing.T) {
	tier := limit.Defaults()[limit.Free]
	tier.Sockets = 2
	d := newDesk(t, setup{tier: &tier, limited: true})
	p := d.person("trader")
	become := func(tier string) {
		t.Helper()
		if _, err := d.auth.SetTier(t.Context(), auth.By{Name: "test"}, p.actor.UserID, tier); err != nil {
			t.Fatal(err)
		}
	}
	first := p.connect(nil)
	become("premium")
	first.next("tier_changed")
	second, third := p.connect(nil), p.connect(nil)
	third.next("connected")
	become("free")
	select {
	case <-first.Closed:
	case <-time.After(socketiotest.Patience):
		t.Fatal("the oldest socket is still open")
	}
	for _, v := range []*device{second, third} {
		if got := read[struct{ Tier string }](t, v.next("tier_changed").Data); got.Tier != "free" {
			t.Errorf("tier_changed %+v", got)
		}
		v.must("update_status", map[string]string{"status": "away"})
		for len(v.Events) > 0 {
			if e := <-v.Events; e.Name == "tier_changed" {
				t.Errorf("told again: %s", e.Data)
			}
		}
	}
}

func TestASocketEndsWithItsTokenUnlessRefreshed(t *testing.T) {
	d := newDesk(t, setup{expires: time.Minute})
	p := d.person("trader")
	v := p.connect(nil)
	g, err := d.auth.Refresh(t.Context(), p.actor)
	if err != nil {
		t.Fatal(err)
	}
	v.must("refresh_auth", map[string]string{"token": g.Token})
	other := d.person("other")
	if a := v.ask("refresh_auth", map[string]string{"token": other.token}); a.Code != "TOKEN_INVALID" {
		t.Fatalf("another user's token: %s", a.raw)
	}
}

func TestEndedSessionsAreToldWhy(t *testing.T) {
	for name, c := range map[string]struct {
		end  func(d *desk, p *person) error
		code string
	}{
		"Logout": {func(d *desk, p *person) error { return d.auth.Logout(d.t.Context(), p.actor) }, "SESSION_REVOKED"},
		"Disable": {func(d *desk, p *person) error {
			_, err := d.auth.Disable(d.t.Context(), auth.By{Name: "test"}, p.actor.UserID)
			return err
		}, "ACCOUNT_DISABLED"},
		"Delete": {func(d *desk, p *person) error { return d.auth.DeleteMe(d.t.Context(), p.actor, "Correct-Horse-9") }, "SESSION_REVOKED"},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, setup{})
			p := d.person("trader")
			v := p.connect(nil)
			began := time.Now()
			if err := c.end(d, p); err != nil {
				t.Fatal(err)
			}
			got := read[struct{ Code string }](t, v.next("session_expired").Data)
			if took := time.Since(began); got.Code != c.code || took > time.Second {
				t.Fatalf("%+v after %s", got, took)
			}
			<-v.Closed
		})
	}
}

func TestRecoveryGivesWhatWasMissedAndChecksTheSession(t *testing.T) {
	recovery := setup{socket: socketio.Options{Recovery: socketio.RecoveryOptions{Window: time.Minute, MaxBytes: 1 << 20}}}
	open := func(t *testing.T) (*desk, *person, string, map[string]any) {
		d := newDesk(t, recovery)
		p := d.person("trader")
		id := p.conversation("off")
		v := p.connect(nil)
		v.must("join_conversation", id)
		p.says(id, "seen")
		seen := v.next("new_message")
		v.Close()
		for d.live.Len() != 0 {
			<-time.After(time.Millisecond)
		}
		p.says(id, "missed")
		pid := read[struct{ PID string }](t, v.Connect).PID
		return d, p, id, map[string]any{"pid": pid, "offset": seen.Offset}
	}
	t.Run("WhatWasMissedComesBeforeConnected", func(t *testing.T) {
		_, p, id, ticket := open(t)
		v := p.connect(ticket)
		if m := read[row](t, v.next("new_message", "connected").Data).Message; m.Content != "missed" {
			t.Fatalf("first came %+v", m)
		}
		if got := read[struct{ Recovered bool }](t, v.next("connected").Data); !got.Recovered {
			t.Fatal("the socket was not recovered")
		}
		p.says(id, "after")
		if m := read[row](t, v.next("new_message").Data).Message; m.Content != "after" {
			t.Fatalf("the recovered socket is not in its room: %+v", m)
		}
	})
	t.Run("AnotherUserGetsNothing", func(t *testing.T) {
		d, _, _, ticket := open(t)
		thief := d.person("thief").connect(ticket)
		if got := read[struct{ Recovered bool }](t, thief.next("connected", "new_message").Data); got.Recovered {
			t.Fatal("a stranger recovered somebody's socket")
		}
	})
	t.Run("ASessionThatEndedIsRefused", func(t *testing.T) {
		d, p, _, ticket := open(t)
		if err := d.auth.Logout(t.Context(), p.actor); err != nil {
			t.Fatal(err)
		}
		ticket["token"] = p.token
		_, err := socketiotest.Dial(t.Context(), d.base, ticket)
		if err == nil || !strings.Contains(err.Error(), "SESSION_REVOKED") {
			t.Fatalf("got %v", err)
		}
	})
}

func TestWhoIsRemovedHearsNothingMore(t *testing.T) {
	d := newDesk(t, setup{})
	a, b := d.person("ann"), d.person("bob")
	id := a.conversation("off")
	vb := b.connect(nil)
	if _, _, err := d.chat.Invite(t.Context(), a.actor, id, "bob", chat.RoleMember); err != nil {
		t.Fatal(err)
	}
	vb.next("member_added")
	vb.next("conversation_updated")
	va := a.connect(nil)
	va.must("join_conversation", id)
	vb.must("join_conversation", id)
	if err := d.chat.Remove(t.Context(), a.actor, id, b.actor.UserID); err != nil {
		t.Fatal(err)
	}
	vb.next("member_removed")
	va.next("member_removed")
	a.says(id, "between us")
	va.next("new_message")
	if got := vb.ask("join_conversation", id); got.Code != "NOT_FOUND" {
		t.Fatalf("a removed member joined: %s", got.raw)
	}
	for len(vb.Events) > 0 {
		if e := <-vb.Events; e.Name == "new_message" || e.Name == "conversation_updated" {
			t.Fatalf("a removed member was told %s", e.Name)
		}
	}
}
