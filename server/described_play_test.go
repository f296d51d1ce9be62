package server_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/elite-trading-coach/coach/server"
	"github.com/elite-trading-coach/coach/server/api"
)

const nobodys = "0198c0de-0000-7000-8000-000000000000"

// playChat plays everything but limits.
func playChat(t *testing.T, w *witness, url string) {
	p := newCast(t, w, url)
	p.phone.hears("user_online", with(p.bobID))
	p.coming()
	p.writing()
	p.changing()
	p.answers()
	p.presence()
	p.reading()
	p.conversations()
	p.sharing()
	p.oddities()
	p.tokens()
	p.leaving()
}

// coming: everybody enters, in every form that there is.
func (p *cast) coming() {
	p.phone.says("join_conversation", object{"conversationId": p.room}, "")
	p.laptop.says("join_conversation", p.room, "")
	p.bobs.says("join_conversation", object{"conversationId": p.room, "afterRev": 0}, "")
	p.phone.hears("user_joined_conversation", with(p.bobID))
	p.reads.says("join_conversation", p.room, "")
	p.bobs.says("join_conversation", object{"conversationId": p.room, "afterRev": -1}, "VALIDATION_ERROR")
	p.bobs.says("join_conversation", object{}, "VALIDATION_ERROR")
	p.bobs.says("join_conversation", nobodys, "NOT_FOUND")
	stranger := p.w.dial(p.t, p.base, p.eve.token)
	for _, event := range []string{"join_conversation", "send_message", "typing_start", "mark_read", "get_online_users"} {
		stranger.says(event, object{"conversationId": p.room, "content": "let me in", "seq": 1}, "NOT_FOUND")
	}
	stranger.Close()
	stranger.rest()
}

// writing: messages in every outcome.
func (p *cast) writing() {
	draft := object{"conversationId": p.room, "content": missionSentence, "mode": "analysis", "clientMessageId": "device-1/42"}
	first := p.phone.says("send_message", draft, "")
	p.phone.hears("message_sent", with(first.Message.ID))
	for _, everybody := range []*listener{p.laptop, p.bobs, p.reads} {
		everybody.hears("new_message", with(first.Message.ID))
		everybody.hears("ai_thinking", with(first.Message.ID))
		everybody.hears("ai_delta", nil)
		everybody.hears("ai_response", with(`"verdict":"diamond"`))
	}
	if again := p.phone.says("send_message", draft, ""); !again.Duplicate || again.Message.ID != first.Message.ID {
		p.t.Errorf("the same draft again gave %s", again.raw)
	}
	p.phone.says("send_message", object{"conversationId": p.room, "content": "another", "clientMessageId": "device-1/42"}, "CONFLICT")
	p.phone.hears("message_error", with("device-1/42"))
	p.phone.says("send_message", object{"conversationId": p.room}, "VALIDATION_ERROR")
	p.phone.says("send_message", nil, "VALIDATION_ERROR")
	p.phone.hears("message_error", with(`"clientMessageId":null`))
	p.phone.says("send_message", object{"conversationId": p.room, "content": strings.Repeat("💎", 10_001)}, "VALIDATION_ERROR")
	p.phone.says("send_message", object{"conversationId": p.room, "content": "x", "mode": "poetry"}, "VALIDATION_ERROR")
	p.phone.says("send_message", object{"conversationId": p.room, "content": "x", "uploadIds": []string{nobodys}}, "VALIDATION_ERROR")
	p.phone.says("send_message", object{"conversationId": p.room, "content": "x", "clientMessageId": strings.Repeat("x", 65)}, "VALIDATION_ERROR")
	p.reads.says("send_message", object{"conversationId": p.room, "content": "may I?"}, "FORBIDDEN")
	p.reads.hears("message_error", with("FORBIDDEN"))
}

// sharing: somebody comes, by invitation, and goes.
func (p *cast) sharing() {
	members := "/api/conversations/" + p.ann.quiet() + "/members"
	p.ann.must("POST", members, object{"identifier": "bob", "role": "viewer"})
	for _, device := range []*listener{p.phone, p.bobs} {
		device.hears("member_added", with(p.bobID))
	}
	p.bob.must("DELETE", members+"/"+p.bobID, nil)
	for _, device := range []*listener{p.phone, p.bobs} {
		device.hears("member_removed", with(p.bobID))
	}
}

// changing: edits and tombstones.
func (p *cast) changing() {
	quiet := p.ann.quiet()
	p.share(quiet, p.bobID, "member")
	p.bobs.says("join_conversation", quiet, "")
	m := p.phone.send(quiet, "frist")
	p.phone.says("edit_message", object{"messageId": m.ID, "content": "first"}, "")
	p.bobs.hears("message_updated", with(m.ID))
	p.phone.says("edit_message", object{"messageId": m.ID, "content": " "}, "VALIDATION_ERROR")
	p.bobs.says("edit_message", object{"messageId": m.ID, "content": "mine"}, "FORBIDDEN")
	p.bobs.says("delete_message", object{"messageId": m.ID}, "FORBIDDEN")
	if gone := p.phone.says("delete_message", object{"messageId": m.ID}, "").Message; gone.Content != "" {
		p.t.Errorf("a tombstone says %q", gone.Content)
	}
	p.bobs.hears("message_deleted", with(m.ID))
	p.phone.says("delete_message", object{"messageId": m.ID}, "") // again is no error
	p.phone.says("edit_message", object{"messageId": m.ID, "content": "back"}, "CONFLICT")
	p.phone.says("edit_message", object{"messageId": nobodys, "content": "x"}, "NOT_FOUND")
	p.phone.says("delete_message", object{"messageId": nobodys}, "NOT_FOUND")
	p.phone.says("delete_message", object{}, "VALIDATION_ERROR")
}

// answers: stopped, asked for again, failed.
func (p *cast) answers() {
	asked := p.phone.send(p.room, askSlowly+" what of gold?")
	answer := pendingID(p.phone.hears("ai_thinking", with(asked.ID)))
	p.phone.hears("ai_delta", with(answer))
	p.phone.says("regenerate", object{"messageId": answer}, "CONFLICT")
	p.bobs.says("stop_ai", object{"messageId": answer}, "FORBIDDEN")
	late := p.w.dial(p.t, p.base, p.ann.token) // comes in the middle
	late.says("join_conversation", p.room, "")
	late.hears("ai_delta", with(`"offset":0`))
	p.laptop.says("stop_ai", object{"messageId": answer}, "")
	p.bobs.hears("ai_response", with(`"status":"stopped"`))
	late.Close()
	late.rest()
	again := p.phone.says("regenerate", object{"messageId": answer}, "").Message
	p.bobs.hears("ai_thinking", with(again.ID))
	p.s.pieces <- "It shines."
	p.s.pieces <- ""
	p.bobs.hears("ai_response", with(again.ID))
	p.phone.says("stop_ai", object{"messageId": asked.ID}, "VALIDATION_ERROR")
	p.phone.says("stop_ai", object{"messageId": nobodys}, "NOT_FOUND")
	p.phone.says("regenerate", object{"messageId": asked.ID}, "VALIDATION_ERROR")
	p.phone.send(p.room, askFail+" what of silver?")
	failed := p.bobs.hears("ai_response", with(`"status":"failed"`))
	p.bobs.hears("ai_error", with("AI_UNAVAILABLE"))
	var v struct{ Message message }
	if err := json.Unmarshal(failed.Data, &v); err != nil || v.Message.Error == nil || v.Message.Content != "I will " {
		p.t.Errorf("a failed answer %s", failed.Data)
	}
}

func pendingID(e event) string {
	var v struct{ MessageID string }
	_ = json.Unmarshal(e.Data, &v)
	return v.MessageID
}

// presence: typing and statuses. Eve becomes an operator, which the server has noticed long before the typing of the
// last lines has run out.
func (p *cast) presence() {
	p.operator(func(ctx context.Context, u *server.Desk) error {
		role := "admin"
		_, err := u.ChangeAccount(ctx, "eve", api.AccountChange{Role: &role})
		return err
	})
	p.bobs.says("typing_start", object{"conversationId": p.room}, "")
	p.phone.hears("user_typing_start", with(p.bobID))
	p.bobs.says("typing_stop", object{"conversationId": p.room}, "")
	p.phone.hears("user_typing_stop", with(p.bobID))
	p.bobs.says("typing", object{"conversationId": p.room, "isTyping": true}, "")
	p.phone.hears("user_typing_start", nil)
	p.bobs.says("typing", object{"conversationId": p.room, "isTyping": false}, "")
	p.phone.hears("user_typing_stop", nil)
	p.bobs.says("typing", object{"conversationId": p.room}, "VALIDATION_ERROR")
	p.bobs.says("typing_stop", object{"conversationId": nobodys}, "NOT_FOUND")
	for _, status := range []string{"away", "busy", "offline", "online"} {
		p.bobs.says("update_status", object{"status": status}, "")
		p.phone.hears("user_status_changed", with(status))
		hidden := !strings.Contains(string(p.phone.says("get_online_users", object{"conversationId": p.room}, "").raw), p.bobID)
		if hidden != (status == "offline") {
			p.t.Errorf("%s, and hidden is %v", status, hidden)
		}
	}
	p.bobs.says("update_status", object{"status": "asleep"}, "VALIDATION_ERROR")
	p.phone.says("get_online_users", nil, "")
	p.phone.says("get_online_users", object{}, "")
	// Nobody says that they stopped; the server does.
	p.bobs.says("typing_start", object{"conversationId": p.room}, "")
	p.phone.hears("user_typing_stop", with(p.bobID))
}

// reading: what was missed, and how far one has read.
func (p *cast) reading() {
	fresh := p.w.dial(p.t, p.base, p.ann.token)
	a := fresh.says("sync", object{"conversations": []object{{"id": p.room, "afterRev": 0}, {"id": nobodys, "afterRev": 0}}}, "")
	if !strings.Contains(string(a.raw), "NOT_FOUND") {
		p.t.Errorf("sync of a conversation that is not: %s", a.raw)
	}
	fresh.says("sync", object{"conversations": make([]object, 51)}, "VALIDATION_ERROR")
	fresh.says("sync", object{"conversations": []object{}}, "")
	p.phone.says("mark_read", object{"conversationId": p.room, "seq": 2}, "")
	fresh.hears("read_updated", with(p.room))
	p.phone.says("mark_read", object{"conversationId": p.room, "seq": -1}, "VALIDATION_ERROR")
	p.phone.says("mark_read", object{"conversationId": p.room}, "VALIDATION_ERROR")
	fresh.Close()
	fresh.rest()
}

// conversations: what happens to them while they are not open.
func (p *cast) conversations() {
	other := p.ann.conversation()
	p.laptop.hears("conversation_updated", with(other))
	p.ann.must(http.MethodPatch, "/api/conversations/"+other, object{"title": "Gold"})
	p.laptop.hears("conversation_updated", with("Gold"))
	p.phone.send(other, missionSentence)
	p.laptop.hears("conversation_updated", with(`"lastSeq":2`))
	p.ann.must(http.MethodDelete, "/api/conversations/"+other, nil)
	p.laptop.hears("conversation_deleted", with(other))
	p.bobs.says("leave_conversation", object{"conversationId": p.room}, "")
	p.phone.hears("user_left_conversation", with(p.bobID))
	p.reads.says("leave_conversation", p.room, "")
	p.reads.says("leave_conversation", p.room, "") // again is no error
	p.reads.says("leave_conversation", object{}, "VALIDATION_ERROR")
}

// oddities: echoes, and what nobody has heard of.
func (p *cast) oddities() {
	for _, v := range []any{42, "n", 1.5, object{"a": []int{1}}, nil} {
		ch, err := p.phone.Emit("ping", v)
		if err != nil {
			p.t.Fatal(err)
		}
		want, _ := json.Marshal(v)
		if v == nil {
			want = []byte(`"pong"`)
		}
		got := <-ch
		if string(got) != string(want) {
			p.t.Errorf("ping %v gave %s", v, got)
		}
		p.w.acked(p.t, "ping", v, ack{Success: true, raw: got})
	}
	for _, name := range []string{"no_such_event", "__proto__", strings.Repeat("x", 1000)} {
		a, err := p.phone.ask(name, object{})
		if err != nil || a.Code != "VALIDATION_ERROR" {
			p.t.Errorf("%.20s gave %s, %v", name, a.raw, err)
		}
		if err := p.w.doc.check("sync_ack", a.raw); err != nil {
			p.t.Error(err)
		}
	}
}

// tokens: newer ones, dead ones, a tier that changes.
func (p *cast) tokens() {
	var fresh struct{ Token string }
	p.ann.must(http.MethodPost, "/api/auth/refresh", nil).into(p.t, &fresh)
	p.phone.says("refresh_auth", object{"token": fresh.Token}, "")
	p.phone.says("refresh_auth", object{"token": "x"}, "TOKEN_INVALID")
	p.phone.says("refresh_auth", object{"token": p.bob.token}, "TOKEN_INVALID")
	p.operator(func(ctx context.Context, u *server.Desk) error {
		tier := "premium"
		_, err := u.ChangeAccount(ctx, "ann", api.AccountChange{Tier: &tier})
		return err
	})
	p.phone.hears("tier_changed", with("premium"))
	var told api.Told
	p.eve.must(http.MethodPost, "/api/admin/notices", api.Notice{Message: "Back in five minutes.", Level: "warning"}).into(p.t, &told)
	p.phone.hears("system_message", with("five minutes"))
	p.w.turnedAway(p.t, p.base, "", "TOKEN_MISSING")
	p.w.turnedAway(p.t, p.base, "x.y.z", "TOKEN_INVALID")
}

// leaving: the session, the person, the server.
func (p *cast) leaving() {
	p.vic.must(http.MethodPost, "/api/auth/logout", nil)
	p.reads.hears("session_expired", with("SESSION_REVOKED"))
	p.w.turnedAway(p.t, p.base, p.vic.token, "SESSION_REVOKED")
	p.reads.rest()
	p.operator(func(ctx context.Context, u *server.Desk) error { _, err := u.Disable(ctx, "bob"); return err })
	p.bobs.hears("session_expired", with("ACCOUNT_DISABLED"))
	p.w.turnedAway(p.t, p.base, p.bob.token, "ACCOUNT_DISABLED")
	p.phone.hears("user_offline", with(p.bobID))
	p.bobs.rest()
	p.stop()
	for _, s := range []*listener{p.phone, p.laptop} {
		s.hears("server_draining", nil)
		s.rest()
	}
}
