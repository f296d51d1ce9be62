package main_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/elite-trading-coach/coach/server/needs"
)

// TestAdminScreenByRealKeys drives `coach admin` in tmux as an operator does, beside a real server.
func TestAdminScreenByRealKeys(t *testing.T) {
	needs.Program(t, "tmux", "tmux")
	binary, dir := buildCoach(t), shortDir(t)
	stop := serveIn(t, binary, dir)
	coachIn(t, binary, dir, "user", "create", "--email", "ana@example.com", "--username", "ana")
	term := newTerminal(t, dir)

	term.types(binary+" admin", "Enter").shows("● live", "Connections", "Memory")
	term.types("4").shows("ana@example.com", "offline")
	term.types("d").shows("Disable ana").types("y").shows("Disabled ana.", "disabled")
	term.types("/").types("tire=free", "Enter").shows("There is no field tire").types("Escape")
	term.types("Enter").shows("Users › user ana", "Limits").types("Escape").shows("E-MAIL")
	term.types("9").shows("user.disable")

	term.resizes(60, 16).shows("This terminal is 60 by 16").resizes(160, 50).shows("1 Overview", "user.disable")

	stop()
	term.shows("Lost the server at", "● away")
	serveIn(t, binary, dir)
	term.shows("● live")

	term.types("q").leftClean()
	term.types(binary+" admin", "Enter").shows("● live")
	term.tmux("run-shell", "kill -TERM $(pgrep -P #{pane_pid})")
	term.leftClean()
}

// shortDir is a folder whose path leaves room for the names of Unix sockets.
func shortDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "coach") //nolint:usetesting // t.TempDir's path can be too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// serveIn starts a server on dir, with more of an environment, and waits until
// it answers; stop ends it.
func serveIn(t testing.TB, binary, dir string, env ...string) (stop func()) {
	t.Helper()
	server := exec.Command(binary, "serve")
	server.Dir, server.Env = dir, append(append(os.Environ(), "PORT=0"), env...)
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Wait() }()
	stop = func() {
		_ = server.Process.Signal(os.Interrupt)
		<-ended
		ended <- nil // whoever asks again
	}
	t.Cleanup(stop)
	eventually(t, func() (string, bool) {
		once := exec.Command(binary, "admin", "--once")
		once.Dir = dir
		out, err := once.CombinedOutput()
		return string(out), err == nil
	})
	return stop
}

func coachIn(t *testing.T, binary, dir string, args ...string) {
	t.Helper()
	c := exec.Command(binary, args...)
	c.Dir, c.Stdin = dir, strings.NewReader("Plan-the-trade-1\n")
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("coach %v: %v\n%s", args, err, out)
	}
}

// eventually waits until look is content, for so long as a busy machine may need.
func eventually(t testing.TB, look func() (seen string, ok bool)) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		seen, ok := look()
		if ok {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("it did not come to that; the last look:\n%s", seen)
		}
	}
}

// terminal is a shell in a tmux of its own.
type terminal struct {
	t      *testing.T
	socket string
}

func newTerminal(t *testing.T, dir string) *terminal {
	t.Helper()
	term := &terminal{t, filepath.Join(dir, "tmux")}
	term.tmux("-f", "/dev/null", "new-session", "-d", "-x", "100", "-y", "30", "-c", dir, "env PS1=prompt: LC_ALL=C.UTF-8 sh")
	t.Cleanup(func() { _ = exec.Command("tmux", "-S", term.socket, "kill-server").Run() })
	return term
}

func (term *terminal) tmux(args ...string) string {
	term.t.Helper()
	out, err := exec.Command("tmux", append([]string{"-u", "-S", term.socket}, args...)...).CombinedOutput()
	if err != nil {
		term.t.Fatalf("tmux %v: %v\n%s", args, err, out)
	}
	return string(out)
}

// types presses keys, named as tmux names them.
func (term *terminal) types(keys ...string) *terminal {
	term.t.Helper()
	term.tmux(append([]string{"send-keys"}, keys...)...)
	return term
}

func (term *terminal) resizes(cells, lines int) *terminal {
	term.t.Helper()
	term.tmux("resize-window", "-x", fmt.Sprint(cells), "-y", fmt.Sprint(lines))
	return term
}

// shows waits until all of wants are on the screen.
func (term *terminal) shows(wants ...string) *terminal {
	term.t.Helper()
	eventually(term.t, func() (string, bool) {
		seen := term.tmux("capture-pane", "-p")
		for _, want := range wants {
			if !strings.Contains(seen, want) {
				return fmt.Sprintf("%q is not in\n%s", want, seen), false
			}
		}
		return seen, true
	})
	return term
}

// leftClean holds that the shell has its terminal back as it was.
func (term *terminal) leftClean() {
	term.t.Helper()
	eventually(term.t, func() (string, bool) {
		state := strings.TrimSpace(term.tmux("display-message", "-p", "#{alternate_on} #{cursor_flag} #{pane_current_command}"))
		return state, state == "0 1 sh"
	})
	term.types("clear; stty -a | grep -o -w -e '-*echo' -e '-*icanon'; echo 'so ''far'", "Enter").shows("so far")
	if seen := term.tmux("capture-pane", "-p"); strings.Contains(seen, "-echo") || strings.Contains(seen, "-icanon") {
		term.t.Errorf("the terminal is still raw:\n%s", seen)
	}
}
