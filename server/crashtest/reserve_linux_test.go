package crashtest

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/elite-trading-coach/coach/server/api"
	"github.com/elite-trading-coach/coach/server/needs"
)

// TestWritesAreRefusedBeforeTheDiskIsFull takes the room from a server that is
// to leave some: it says no in time, reads go on, nothing of the database
// fails, and it goes on by itself when there is room.
func TestWritesAreRefusedBeforeTheDiskIsFull(t *testing.T) {
	small, err := mountSmall(t)
	if err != nil {
		needs.Absent(t, "mount", "no small file system can be mounted here (it takes root): "+err.Error())
	}
	server := newSite(t, "", "COACH_DATA_DIR="+small.folder(), "DISK_RESERVE_MIB=4").start()
	who := register(t, server.base, "trader")
	room := who.conversation("off")
	book := newLedger(1)
	book[0].add(room, "while there is room", false)
	life(t, who, book, -1, nil)

	filler := filepath.Join(small.folder(), "filler")
	if err := os.WriteFile(filler, make([]byte, 7<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	send := func(text string) error {
		return who.client.Post(t.Context(), "/api/messages", map[string]string{"conversationId": room, "content": text}, nil)
	}
	var no *api.RefusedError
	until(t, "writes are refused", func() bool { return errors.As(send("is there?"), &no) })
	plainlyUnavailable(t, ack{Error: no.Failure.Error, Code: no.Code, Retryable: no.Retryable})
	h, err := who.client.Health(t.Context(), "")
	if err != nil || h.Status != api.StatusDegraded || h.Checks["disk"].Status != api.StatusDegraded || h.Checks["db"].Status != api.StatusOK {
		t.Errorf("health says %+v, %v", h, err)
	}
	if rows := who.rows(room); len(rows) == 0 {
		t.Error("reads do not work")
	}
	who.dial().Close()

	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	until(t, "writes are taken", func() bool { return send("there is room again") == nil })
	healthy(t, who)
	for line, want := range map[string]int{"the disk is almost full": 1, "the disk has room again": 1, "takes no writes": 0, `"level":"WARN"`: 1 /* that limits are off */} {
		if got := server.log.containing(line); len(got) != want {
			t.Errorf("the log says %d times %q, want %d:\n%s", len(got), line, want, strings.Join(got, "\n"))
		}
	}
	server.unharmed()
}

// TestAServerStartsOnADiskThatIsAlmostFull: one that ended for whatever reason
// comes back and is read, though nothing is written.
func TestAServerStartsOnADiskThatIsAlmostFull(t *testing.T) {
	here := newSite(t, "", "DISK_RESERVE_MIB=4")
	server := here.start()
	who := register(t, server.base, "trader")
	room := who.conversation("off")
	message := map[string]string{"conversationId": room, "content": "while there is room"}
	who.post("/api/messages", message, nil)
	server.kill()

	here.env["DISK_RESERVE_MIB"] = "16777216" // more than any disk of these has
	server = here.start()
	who.client.BaseURL = server.base
	if rows := who.rows(room); len(rows) != 1 {
		t.Errorf("%d messages can be read, want 1", len(rows))
	}
	var no *api.RefusedError
	if err := who.client.Post(t.Context(), "/api/messages", message, nil); !errors.As(err, &no) {
		t.Errorf("a message is written: %v", err)
	}
	server.unharmed()
}
