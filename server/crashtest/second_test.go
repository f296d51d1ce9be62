//go:build unix

package crashtest

import (
	"strings"
	"testing"
)

// TestASecondServerOnOneFileIsRefused starts a server where one runs already,
// after that one ended it may start.
func TestASecondServerOnOneFileIsRefused(t *testing.T) {
	t.Parallel()
	place := newSite(t, "")
	first := place.start()
	who := register(t, first.base, "trader")
	room := who.conversation("off")
	book := newLedger(1)
	book[0].add(room, "before", false)
	life(t, who, book, -1, nil)
	open := who.dial()

	second := place.launch()
	if code := second.wait(patience); code != 1 {
		t.Errorf("exit code %d, want 1", code)
	}
	said := second.log.containing("coach: another coach server is using ")
	if len(said) != 1 || !strings.Contains(said[0], "stop it first") {
		t.Errorf("the second server says\n%s", second.log)
	}

	if a, err := open.ask("join_conversation", room); err != nil || !a.Success {
		t.Errorf("a socket of the first is answered %+v, %v", a, err)
	}
	book[0].add(room, "after", false)
	life(t, who, book, -1, nil)
	first.unharmed()

	first.kill()
	who.moveTo(place.start())
	for _, problem := range book.check(room, who.rows(room)) {
		t.Error(problem)
	}
}
