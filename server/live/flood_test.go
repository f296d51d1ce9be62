package live_test

import (
	"testing"
	"time"

	"github.com/elite-trading-coach/coach/server/socketio"
)

// What a flood is told is not kept for recovery: one client that sends without
// end would push out of the log what everybody else has missed.
func TestAFloodDoesNotFillTheRecoveryLog(t *testing.T) {
	d := newDesk(t, setup{limited: true, socket: socketio.Options{
		Recovery: socketio.RecoveryOptions{Window: time.Minute, MaxBytes: 1 << 20},
	}})
	v := d.person("trader").connect(nil)
	if first := v.next("connected"); first.Offset == "" {
		t.Fatal("recovery is off, so this test shows nothing")
	}
	for range 50 {
		v.ask("update_status", map[string]string{"status": "away"})
	}
	if told := v.next("rate_limited"); told.Offset != "" {
		t.Errorf("rate_limited has the offset %q, so it is kept", told.Offset)
	}
}
