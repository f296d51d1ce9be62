package live_test

import (
	"strings"
	"testing"
)

// What an earlier server of this kind did wrong over sockets; the numbers are
// those of the list of its faults.

// Faults 1 to 3: any event with any payload, a ping with a number, a truthy
// first argument where none was expected, ended that server.
func TestFault1to3_NoPayloadOfAnyEventDoesHarm(t *testing.T) {
	d := newDesk(t, setup{})
	v := d.person("trader").connect(nil)
	events := []string{
		"send_message", "edit_message", "delete_message", "join_conversation", "leave_conversation", "typing_start",
		"typing_stop", "typing", "update_status", "get_online_users", "stop_ai", "regenerate", "sync", "mark_read",
		"refresh_auth", "no_such_event", "",
	}
	payloads := []any{
		nil, true, 1e300, -1, "", "x",
		[]any{},
		[]any{[]any{nil}},
		map[string]any{},
		map[string]any{"conversationId": 5},
		map[string]any{"messageId": map[string]any{}},
		map[string]any{"conversations": "x"},
		map[string]any{"token": []any{}},
		map[string]any{"__proto__": map[string]any{"role": "admin"}},
		strings.Repeat("x", 5000),
		map[string]any{"conversationId": "\u0000", "messageId": "\u0000", "content": "\u0000", "status": "\u0000", "seq": -1},
	}
	for _, name := range events {
		for _, payload := range payloads {
			if a := v.ask(name, payload); !a.Success && a.Code == "" {
				t.Errorf("%s %.60v: refused without a code", name, payload)
			}
		}
	}
	v.must("update_status", map[string]string{"status": "away"})
}

// Fault 64: the end of one device's socket does not make a person offline who
// is there with another.
func TestFault64_APersonWithTwoDevicesStaysOnline(t *testing.T) {
	d := newDesk(t, setup{})
	a, b := d.person("ann"), d.person("bob")
	id := a.conversation("off")
	a.invites(b, id, "member")
	va := a.connect(nil)
	first, second := b.connect(nil), b.connect(nil)
	va.next("user_online")
	first.Close()
	for d.live.SocketsOf(b.actor.UserID) != 1 {
		second.must("typing_stop", map[string]string{"conversationId": id})
	}
	second.must("update_status", map[string]string{"status": "busy"})
	va.next("user_status_changed")
	if got := va.must("get_online_users", nil).Users; len(got) != 1 || got[0].UserID != b.actor.UserID {
		t.Fatalf("online users after one of two devices went: %+v", got)
	}
}
