package main_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/elite-trading-coach/coach/server/needs"
)

// watching is a load test during which an operator's screen is open in every
// other turn.
type watching struct {
	sockets, rate int
	ramp          time.Duration
	turns         int // half of them with the screen open
	turn          time.Duration
}

// watched is what came of it.
type watched struct {
	keys          []time.Duration // from each key to what it puts on the screen, shortest first
	bytesPerTurn  []float64       // to the screen, a second
	alone, beside []second        // of the load without and with a screen, the turns' edges left out
	passed        bool
	acked, lost   int
}

// second is one of a report's.
type second struct {
	At     float64 `json:"atSeconds"`
	AckP50 float64 `json:"ackP50Ms"`
	AckP99 float64 `json:"ackP99Ms"`
}

// TestTheScreenBesideALoad is a small one, for every run of the tests: a page
// of the screen is as large, and its stream as busy, with many more sockets.
func TestTheScreenBesideALoad(t *testing.T) {
	w := watch(t, watching{sockets: 300, rate: 100, ramp: time.Second, turns: 2, turn: 4 * time.Second})
	if !w.passed || w.lost != 0 || w.acked < 700 {
		t.Errorf("passed: %t, %d acknowledged, %d lost", w.passed, w.acked, w.lost)
	}
	if most := slices.Max(w.bytesPerTurn); most < 500 || most > 100_000 {
		t.Errorf("the screen was sent %.0f bytes a second", most)
	}
	if len(w.keys) < 3 {
		t.Fatalf("only %d keys were answered", len(w.keys))
	}
	t.Logf("%d keys, the slower half from %s, the slowest %s; %.0f bytes/s", len(w.keys), w.keys[len(w.keys)/2], w.keys[len(w.keys)-1], slices.Max(w.bytesPerTurn))
}

// BenchmarkTheScreenBeside10000Sockets is the measurement of
// docs/performance.md. It needs `ulimit -n 20000` and three minutes.
func BenchmarkTheScreenBeside10000Sockets(b *testing.B) {
	for b.Loop() {
		w := watch(b, watching{sockets: 10_000, rate: 200, ramp: 25 * time.Second, turns: 14, turn: 10 * time.Second})
		if !w.passed {
			b.Error("the load test did not pass")
		}
		b.ReportMetric(float64(w.keys[len(w.keys)/2].Microseconds())/1000, "key-p50-ms")
		b.ReportMetric(float64(w.keys[len(w.keys)*99/100].Microseconds())/1000, "key-p99-ms")
		b.ReportMetric(float64(w.keys[len(w.keys)-1].Microseconds())/1000, "key-max-ms")
		b.ReportMetric(slices.Max(w.bytesPerTurn)/1000, "kB/s")
		for name, of := range map[string]func(second) float64{
			"p50": func(s second) float64 { return s.AckP50 }, "p99": func(s second) float64 { return s.AckP99 },
		} {
			b.ReportMetric(median(w.alone, of), "ack-"+name+"-alone-ms")
			b.ReportMetric(median(w.beside, of), "ack-"+name+"-watched-ms")
		}
		b.Logf("%d keys, %d and %d seconds compared; bytes/s by turn: %.0f", len(w.keys), len(w.alone), len(w.beside), w.bytesPerTurn)
	}
}

func median(seconds []second, of func(second) float64) float64 {
	values := make([]float64, 0, len(seconds))
	for _, s := range seconds {
		values = append(values, of(s))
	}
	slices.Sort(values)
	return values[len(values)/2]
}

// watch serves, loads and looks.
func watch(t testing.TB, o watching) (w watched) {
	t.Helper()
	binary, dir := buildCoach(t), shortDir(t)
	env := []string{"RATE_LIMITS=off", "PORT=" + freePort(t)}
	serveIn(t, binary, dir, env...)
	load := exec.Command(binary, "loadtest", "--json", "--connections", fmt.Sprint(o.sockets), "--ramp", o.ramp.String(),
		"--rate", fmt.Sprintf("%d/s", o.rate), "--duration", (time.Duration(o.turns) * o.turn).String())
	load.Dir, load.Env = dir, append(os.Environ(), env...)
	var report bytes.Buffer
	load.Stdout = &report
	told, err := load.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := load.Start(); err != nil {
		t.Fatal(err)
	}
	ended := sync.OnceValue(load.Wait)
	t.Cleanup(func() { _ = load.Process.Kill(); _ = ended() })
	lines := bufio.NewScanner(told)
	for lines.Scan() && !strings.Contains(lines.Text(), "of load") {
		t.Log(lines.Text())
	}
	go func() {
		_, _ = io.Copy(io.Discard, told) // ends with the process
	}()

	proxy := countingProxy(t, filepath.Join(dir, "coach_data", "admin", "admin.sock"), filepath.Join(dir, "p.sock"))
	var looks []span
	for n := range o.turns {
		until := time.After(o.turn)
		if n%2 == 0 {
			<-until
			continue
		}
		looks = append(looks, look(t, &w, proxy, exec.Command(binary, "admin", "--socket", proxy.path), until))
	}
	if err := ended(); err != nil {
		t.Fatalf("loadtest: %v\n%s", err, report.String())
	}
	w.read(t, report.Bytes(), looks)
	return w
}

type span struct{ from, to time.Time }

// look opens the screen, and presses keys until the turn is nearly over.
func look(t testing.TB, w *watched, proxy *proxy, screen *exec.Cmd, until <-chan time.Time) span {
	t.Helper()
	began, before := time.Now(), proxy.bytes.Load()
	term := newPTY(t, screen)
	defer term.close()
	term.await("● live", time.Now())
	term.press("2")
	term.await("CLIENT", time.Now())
	typed := ""
	pause := time.NewTicker(200 * time.Millisecond) // as a person types
	defer pause.Stop()
	for {
		select {
		case <-pause.C:
		case <-until:
			took := time.Since(began)
			w.bytesPerTurn = append(w.bytesPerTurn, float64(proxy.bytes.Load()-before)/took.Seconds())
			slices.Sort(w.keys)
			return span{began, time.Now()}
		}
		// A filter that is typed, a letter at a time, and given up again: what
		// was typed so far can only be on the screen when its key was answered.
		switch {
		case typed == "":
			term.press("/")
			typed = "q"
		case len(typed) == 12:
			term.press("\x1b")
			typed = ""
			continue
		default:
			typed += string('a' + rune(len(typed)))
		}
		at := time.Now()
		term.press(typed[len(typed)-1:])
		if took := term.await(typed, at); len(typed) > 1 { // one letter alone may stand anywhere
			w.keys = append(w.keys, took)
		}
	}
}

// read takes apart what the load test printed.
func (w *watched) read(t testing.TB, report []byte, looks []span) {
	t.Helper()
	var r struct {
		StartedAt                time.Time
		RampSeconds, LoadSeconds float64
		Passed                   bool
		Messages                 struct{ Acked int }
		Checked                  struct{ Lost int }
		Seconds                  []second
	}
	if err := json.Unmarshal(report, &r); err != nil {
		t.Fatal(err)
	}
	w.passed, w.acked, w.lost = r.Passed, r.Messages.Acked, r.Checked.Lost
	const edge = 2 * time.Second // of coming and going, in which a second holds both
	for _, s := range r.Seconds {
		at := r.StartedAt.Add(time.Duration(s.At * float64(time.Second)))
		settled := r.RampSeconds + edge.Seconds()
		if s.At < settled || s.At > r.RampSeconds+r.LoadSeconds || s.AckP99 == 0 {
			continue
		}
		in, near := false, false
		for _, l := range looks {
			in = in || at.After(l.from.Add(edge)) && at.Before(l.to)
			near = near || at.After(l.from.Add(-edge/2)) && at.Before(l.to.Add(edge))
		}
		switch {
		case in:
			w.beside = append(w.beside, s)
		case !near:
			w.alone = append(w.alone, s)
		}
	}
}

// proxy carries an admin socket and counts what the server says over it.
type proxy struct {
	path  string
	bytes atomic.Int64
}

func countingProxy(t testing.TB, server, path string) *proxy {
	t.Helper()
	p := &proxy{path: path}
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	var carrying sync.WaitGroup
	t.Cleanup(func() { _ = l.Close(); carrying.Wait() })
	carrying.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			carrying.Go(func() { p.carry(client, server) })
		}
	})
	return p
}

func (p *proxy) carry(client net.Conn, path string) {
	defer client.Close()
	server, err := net.Dial("unix", path)
	if err != nil {
		return
	}
	go func() {
		_, _ = io.Copy(server, client)
		_ = server.Close()
	}()
	_, _ = io.Copy(client, io.TeeReader(server, counter{&p.bytes}))
}

type counter struct{ n *atomic.Int64 }

func (c counter) Write(p []byte) (int, error) { c.n.Add(int64(len(p))); return len(p), nil }

// pty is a program on a terminal of its own.
type pty struct {
	t      testing.TB
	master *os.File
	cmd    *exec.Cmd
	read   chan struct{} // closed when all was read

	mu    sync.Mutex // guards what follows
	fresh []byte     // since the last key
	news  chan struct{}
}

func newPTY(t testing.TB, cmd *exec.Cmd) *pty {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		needs.Absent(t, "terminal", "no pseudo-terminal can be opened: "+err.Error())
	}
	fd := int(master.Fd())
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 50, Col: 160}); err != nil {
		t.Fatal(err)
	}
	slave, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
	cmd.Env = append(os.Environ(), "TERM=tmux-256color", "LC_ALL=C.UTF-8") // which is asked nothing at the start
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = slave.Close()
	p := &pty{t: t, master: master, cmd: cmd, read: make(chan struct{}), news: make(chan struct{}, 1)}
	go p.listen()
	return p
}

func (p *pty) listen() {
	defer close(p.read)
	part := make([]byte, 64<<10)
	for {
		n, err := p.master.Read(part)
		if err != nil {
			return // EIO: the program has gone
		}
		p.mu.Lock()
		p.fresh = append(p.fresh, part[:n]...)
		p.mu.Unlock()
		select {
		case p.news <- struct{}{}:
		default:
		}
	}
}

// press sends keys; what was on the screen before is forgotten.
func (p *pty) press(keys string) {
	p.t.Helper()
	p.mu.Lock()
	p.fresh = nil
	p.mu.Unlock()
	if _, err := io.WriteString(p.master, keys); err != nil {
		p.t.Fatal(err)
	}
}

// await waits until text is drawn and says how long after at that was.
func (p *pty) await(text string, at time.Time) time.Duration {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for {
		p.mu.Lock()
		seen := string(p.fresh)
		p.mu.Unlock()
		if strings.Contains(seen, text) {
			return time.Since(at)
		}
		select {
		case <-p.news:
		case <-ctx.Done():
			p.t.Fatalf("%q was never drawn, but %.2000q", text, seen)
		}
	}
}

// close leaves the screen as a person does.
func (p *pty) close() {
	_, _ = io.WriteString(p.master, "\x1b\x03")
	_ = p.cmd.Process.Signal(os.Interrupt)
	_ = p.cmd.Wait()
	_ = p.master.Close()
	<-p.read
}

func freePort(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err := errors.Join(err, l.Close()); err != nil {
		t.Fatal(err)
	}
	return port
}
