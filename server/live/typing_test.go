package live_test

import (
	"testing"
	"time"
)

func TestTypingIsToldToOthersAndEndsByItself(t *testing.T) {
	t.Parallel()
	_, b, id, va := heardByAnn(t)
	vb := b.connect(nil)
	vb.must("join_conversation", id)
	if who := read[struct{ UserID string }](t, va.next("user_joined_conversation").Data); who.UserID != b.actor.UserID {
		t.Fatalf("joined: %+v", who)
	}
	va.must("typing_start", map[string]string{"conversationId": id})
	vb.next("user_typing_start")
	began := time.Now()
	vb.next("user_typing_stop")
	if took := time.Since(began); took < 4*time.Second || took > 7*time.Second {
		t.Errorf("typing ended after %s, want about 5 s", took)
	}
	vb.must("typing", map[string]any{"conversationId": id, "isTyping": true})
	va.next("user_typing_start")
	vb.must("leave_conversation", id)
	va.next("user_typing_stop")
	va.next("user_left_conversation")
}

// Whichever way somebody enters, the others are told of the coming as of the
// going.
func TestComingIsToldWhicheverWaySomebodyEnters(t *testing.T) {
	_, b, id, va := heardByAnn(t)
	for name, payload := range map[string]any{
		"send_message":      map[string]string{"conversationId": id, "content": "here I am"},
		"sync":              map[string]any{"conversations": []map[string]string{{"id": id}}},
		"join_conversation": id,
	} {
		vb := b.connect(nil)
		vb.must(name, payload)
		if who := read[struct{ UserID string }](t, va.next("user_joined_conversation", "user_left_conversation").Data); who.UserID != b.actor.UserID {
			t.Errorf("%s: joined: %+v", name, who)
		}
		// It is told once, however often it is said, and for all devices.
		vb.must(name, payload)
		second := b.connect(nil)
		second.must(name, payload)
		second.must("leave_conversation", id)
		vb.must("leave_conversation", id)
		va.silent("user_left_conversation", "user_joined_conversation")
		vb.Close()
	}
}

// Somebody types on one of two devices: that the other goes, leaves or sends
// does not end it.
func TestTypingEndsWithTheDeviceThatTypes(t *testing.T) {
	_, b, id, va := heardByAnn(t)
	types, other := b.connect(nil), b.connect(nil)
	types.must("typing_start", map[string]string{"conversationId": id})
	va.next("user_typing_start")
	other.must("send_message", map[string]string{"conversationId": id, "content": "from the other one"})
	other.must("leave_conversation", id)
	va.silent("user_left_conversation", "user_typing_stop")
	other.must("join_conversation", id)
	other.Close()
	va.silent("user_left_conversation", "user_typing_stop")
	types.must("typing_stop", map[string]string{"conversationId": id})
	va.next("user_typing_stop")
}
