package crashtest

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/elite-trading-coach/coach/server/api"
)

// disk is where the records are, on which space can end and come back.
type disk interface {
	folder() string
	fill(t *testing.T, server *process)
	free(t *testing.T, server *process)
}

// TestAFullDiskRefusesWritesAndLosesNothing ends the space under a running
// server in two ways: by the bound on the size of files, which can be set
// everywhere, and by a small file system that is really full, where this
// process may mount one.
func TestAFullDiskRefusesWritesAndLosesNothing(t *testing.T) {
	t.Run("AtTheBoundOfFiles", func(t *testing.T) {
		t.Parallel()
		runOutOfSpace(t, fileBound{t.TempDir()})
	})
	small, err := mountSmall(t)
	if err != nil {
		t.Logf("not on a full file system, because none can be mounted here: %v", err)
		return
	}
	t.Run("OnAFullFileSystem", func(t *testing.T) { runOutOfSpace(t, small) })
}

func runOutOfSpace(t *testing.T, d disk) {
	place := newSite(t, "", "COACH_DATA_DIR="+d.folder(), "DISK_RESERVE_MIB=0")
	server := place.start()
	who := register(t, server.base, "trader")
	rooms := []string{who.conversation("mention"), who.conversation("off")}
	book := newLedger(3)
	more := func(n int) {
		for i, s := range book {
			for range n {
				text, asks := fmt.Sprintf("%s says %d", s.name, len(s.entries)), len(s.entries)%10 == 0
				if asks {
					text += ", @coach how much may I lose?"
				}
				s.add(rooms[(i+len(s.entries))%2], text, asks && (i+len(s.entries))%2 == 0)
			}
		}
	}
	more(30)
	life(t, who, book, -1, nil)
	open := who.dial() // from before, through it all

	d.fill(t, server)
	more(500)
	refusals := insist(t, who, book)
	afterwards := func() []string { return server.log.containing("the database takes no writes") }
	if lines := len(afterwards()); lines == 0 || lines > refusals/3 {
		t.Errorf("%d refusals, and the log says so %d times", refusals, lines)
	}
	readsWork(t, who, book, rooms)

	d.free(t, server)
	healthy(t, who)
	for _, s := range book {
		s.forgetUntried()
	}
	more(20)
	life(t, who, book, -1, nil)
	if a, err := open.ask("join_conversation", rooms[0]); err != nil || !a.Success {
		t.Errorf("the socket that was open all the time is answered %+v, %v", a, err)
	}
	answersEnd(t, who, rooms)
	for _, room := range rooms {
		for _, problem := range book.check(room, who.rows(room)) {
			t.Error(problem)
		}
	}
	if n := len(server.log.containing("the database takes writes again")); n != len(afterwards()) {
		t.Errorf("the log says %d times that writes fail and %d times that they work again", len(afterwards()), n)
	}
	server.unharmed()
}

// insist has every sender go on until it was refused three times in a row for
// the same message, and counts the refusals.
func insist(t *testing.T, who *person, book ledger) int {
	t.Helper()
	const enough = 3
	refused := make([]int, len(book))
	var senders sync.WaitGroup
	for i, s := range book {
		socket := who.dial()
		senders.Go(func() {
			defer socket.Close()
			for _, e := range s.owed() {
				s.try(e)
				for range enough {
					a, err := socket.ask("send_message", e.payload())
					if err != nil {
						t.Errorf("%s: %v", e.id, err)
						return
					}
					if a.Success {
						s.note(e, a.Message)
						break
					}
					plainlyUnavailable(t, a)
					refused[i]++
				}
				if !e.acked {
					return
				}
			}
			t.Errorf("%s was never refused", s.name)
		})
	}
	senders.Wait()
	total := 0
	for _, n := range refused {
		total += n
	}
	err := who.client.Post(t.Context(), "/api/messages", book[0].owed()[0].payload(), nil)
	var no *api.RefusedError
	if !errors.As(err, &no) || no.Status != http.StatusServiceUnavailable {
		t.Errorf("POST /api/messages: %v", err)
		return total
	}
	plainlyUnavailable(t, ack{Error: no.Failure.Error, Code: no.Code, Retryable: no.Retryable})
	return total + 1
}

// internals are what a refusal must not carry.
var internals = regexp.MustCompile(`(?i)sql|disk|i/o|/|postgres|pgx|tx|connect`)

func plainlyUnavailable(t *testing.T, a ack) {
	t.Helper()
	if a.Code != "UNAVAILABLE" || !a.Retryable {
		t.Errorf("refused with %s, retryable %t: %s", a.Code, a.Retryable, a.Error)
	}
	if !strings.HasSuffix(a.Error, ".") || internals.MatchString(a.Error) {
		t.Errorf("%q is no plain sentence", a.Error)
	}
}

// readsWork checks what a server that can only read still does, and that it
// says how it is.
func readsWork(t *testing.T, who *person, book ledger, rooms []string) {
	t.Helper()
	for _, room := range rooms {
		for _, problem := range book.check(room, who.rows(room)) {
			if !strings.HasPrefix(problem, "answer ") { // those wait
				t.Errorf("while full: %s", problem)
			}
		}
	}
	who.dial().Close()
	h, err := who.client.Health(t.Context(), "")
	if err != nil || h.Status != api.StatusDegraded || h.Checks["db"].Status != api.StatusDegraded || !strings.Contains(h.Checks["db"].Message, "no writes") {
		t.Errorf("health says %+v, %v", h, err)
	}
	if h, err := who.client.Health(t.Context(), "ready"); err != nil || h.Status == api.StatusDown {
		t.Errorf("ready says %+v, %v: reads still work", h, err)
	}
}

// healthy waits until health is ok: the server finds that out by itself.
func healthy(t *testing.T, who *person) {
	t.Helper()
	until(t, "health is ok", func() bool {
		h, err := who.client.Health(t.Context(), "")
		return err == nil && h.Status == api.StatusOK
	})
}

// until waits for something that no signal tells of.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("not within %s: %s", patience, what)
		}
	}
}

// fileBound is a folder in which, when it is full, no file can be written
// beyond its first page (RLIMIT_FSIZE).
type fileBound struct{ dir string }

func (f fileBound) folder() string { return f.dir }

func (f fileBound) fill(t *testing.T, server *process) { f.bound(t, server, 4096) }

func (f fileBound) free(t *testing.T, server *process) { f.bound(t, server, unix.RLIM_INFINITY) }

func (f fileBound) bound(t *testing.T, server *process, bytes uint64) {
	t.Helper()
	var limit unix.Rlimit
	pid := server.cmd.Process.Pid
	if err := unix.Prlimit(pid, unix.RLIMIT_FSIZE, nil, &limit); err != nil {
		t.Fatal(err)
	}
	limit.Cur = min(bytes, limit.Max)
	if err := unix.Prlimit(pid, unix.RLIMIT_FSIZE, &limit, nil); err != nil {
		t.Fatal(err)
	}
}

// smallFS is a file system of a few megabytes in memory.
type smallFS struct{ dir string }

func mountSmall(t *testing.T) (smallFS, error) {
	t.Helper()
	d := smallFS{t.TempDir()}
	if err := syscall.Mount("coach-test", d.dir, "tmpfs", 0, "size=12m"); err != nil {
		return d, err
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(d.dir, 0); err != nil {
			t.Errorf("unmount %s: %v", d.dir, err)
			_ = syscall.Unmount(d.dir, syscall.MNT_DETACH)
		}
	})
	return d, nil
}

func (d smallFS) folder() string { return d.dir }

func (d smallFS) filler() string { return filepath.Join(d.dir, "filler") }

// fill leaves room for a few messages more, so that the end comes in the
// middle of one.
func (d smallFS) fill(t *testing.T, _ *process) {
	t.Helper()
	f, err := os.Create(d.filler())
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	n, err := io.CopyN(f, zeros{}, 64<<20)
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("after %d bytes: %v", n, err)
	}
	if err := f.Truncate(n - 64<<10); err != nil {
		t.Fatal(err)
	}
}

func (d smallFS) free(t *testing.T, _ *process) {
	t.Helper()
	if err := os.Remove(d.filler()); err != nil {
		t.Fatal(err)
	}
}

// zeros never ends.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }
