package live_test

import (
	"testing"

	"github.com/elite-trading-coach/coach/server/chat"
)

func TestStatusesReachOthersInTheOrderChosen(t *testing.T) {
	d := newDesk(t, setup{})
	a, b := d.person("ann"), d.person("bob")
	a.invites(b, a.conversation("off"), chat.RoleMember)
	va, vb := a.connect(nil), b.connect(nil)
	va.next("user_online")
	chosen := []string{"away", "busy", "online"}
	const times = 300
	for i := range times {
		vb.must("update_status", map[string]string{"status": chosen[i%len(chosen)]})
	}
	for i := range times {
		got := read[struct{ Status string }](t, va.next("user_status_changed").Data)
		if want := chosen[i%len(chosen)]; got.Status != want {
			t.Fatalf("status %d is %s, want %s", i, got.Status, want)
		}
	}
}
