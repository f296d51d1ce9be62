package crashtest

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/elite-trading-coach/coach/server/api"
	"github.com/elite-trading-coach/coach/server/socketio"
)

// The whole-server benchmarks: one binary, spawned as people run it, and what
// its process used of the CPU and of the memory, from /proc. What its clients
// use does not count. An iteration is a run; the median of all and how far the
// runs lie apart are reported, so give them some: -benchtime 3x.

// runs gathers the values of each run, by their unit.
type runs map[string][]float64

func (r runs) add(unit string, v float64) { r[unit] = append(r[unit], v) }

// report gives the median of each unit, and the widest spread of the units
// that a run is judged by, in percent of the median.
func (r runs) report(b *testing.B) {
	b.Helper()
	b.ReportMetric(0, "ns/op") // a run's length says nothing
	for unit, values := range r {
		slices.Sort(values)
		median := values[len(values)/2]
		b.ReportMetric(median, unit)
		if median != 0 && len(values) > 1 {
			b.ReportMetric(100*(values[len(values)-1]-values[0])/median, "±%("+unit+")")
		}
	}
}

// BenchmarkServerLoad runs `coach loadtest` against a server of its own. The
// run fails when the checker finds one message lost, doubled or out of order.
func BenchmarkServerLoad(b *testing.B) {
	for _, l := range []struct {
		name string
		args string
		tell func(r runs, rep report)
	}{
		{"send/500-a-second", "--scenario fanout --room 1 --connections 200 --duration 10s --rate 500/s", runs.sends},
		{"send/2000-a-second", "--scenario fanout --room 1 --connections 400 --duration 8s --rate 2000/s", runs.sends},
		{"fanout/1000-at-10", "--scenario fanout --room 1000 --connections 1000 --ramp 4s --duration 8s --rate 10/s", runs.deliveries},
		{"fanout/1000-at-100", "--scenario fanout --room 1000 --connections 1000 --ramp 4s --duration 5s --rate 100/s", runs.deliveries},
		{"fanout/100-at-50", "--scenario fanout --room 100 --connections 100 --duration 10s --rate 50/s", runs.deliveries},
	} {
		b.Run(l.name, func(b *testing.B) {
			all := runs{}
			for range b.N {
				l.tell(all, loadtest(b, l.args))
			}
			all.report(b)
		})
	}
}

// report is what is read of the report of `coach loadtest --json`.
type report struct {
	Messages struct {
		AckedPerSecond, DeliveriesPerSecond float64
		Acked, Delivered, Refused           int64
	}
	Latencies map[string]struct {
		P50 float64 `json:"p50Ms"`
		P99 float64 `json:"p99Ms"`
	}
	Generator struct {
		CPUPercent float64
		Because    []string
	}
	Server struct {
		CPUPercent, CPUMicrosPerMessage, CPUMicrosPerDelivery float64
		CPUMicrosPerConnect, CPUMicrosPerSocketSecond         float64
		RSSBytesPerSocket, RSSBytesConnected, RSSBytesPeak    float64
	}
}

func loadtest(b *testing.B, args string) (rep report) {
	b.Helper()
	cmd := exec.Command(os.Getenv(binaryVariable), append([]string{"loadtest", "--spawn", "--json"}, strings.Fields(args)...)...)
	cmd.Dir = b.TempDir()
	var out, problems bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problems
	if err := cmd.Run(); err != nil {
		b.Fatalf("%v\n%s%s", err, problems.String(), broken(out.Bytes()))
	}
	if err := json.Unmarshal(out.Bytes(), &rep); err != nil {
		b.Fatal(err)
	}
	if len(rep.Generator.Because) > 0 {
		b.Logf("the generator held it up: %s", rep.Generator.Because)
	}
	return rep
}

// broken is what a report says of thresholds that did not hold.
func broken(text []byte) string {
	var rep struct {
		Thresholds []struct {
			Threshold string
			Value     float64
			Holds     bool
		}
	}
	if json.Unmarshal(text, &rep) != nil {
		return string(text)
	}
	var out strings.Builder
	for _, t := range rep.Thresholds {
		if !t.Holds {
			fmt.Fprintf(&out, "%s does not hold: %v\n", t.Threshold, t.Value)
		}
	}
	return out.String()
}

func (r runs) sends(rep report) {
	r.add("µs/message", rep.Server.CPUMicrosPerMessage)
	r.add("messages/s", rep.Messages.AckedPerSecond)
	r.add("ack-p50-ms", rep.Latencies["ack"].P50)
	r.add("ack-p99-ms", rep.Latencies["ack"].P99)
	r.add("server-cpu-%", rep.Server.CPUPercent)
	r.add("generator-cpu-%", rep.Generator.CPUPercent)
}

func (r runs) deliveries(rep report) {
	r.add("µs/delivery", rep.Server.CPUMicrosPerDelivery)
	r.add("deliveries/s", rep.Messages.DeliveriesPerSecond)
	r.add("p99-ms", rep.Latencies["delivery"].P99)
}

// BenchmarkServerIdle is what sockets cost that are signed in and say nothing:
// memory once they have settled, their heartbeats, and what is left of the
// memory when all have gone. COACH_BENCH_SOCKETS says how many; the files a
// process may open bound them.
func BenchmarkServerIdle(b *testing.B) {
	all := runs{}
	for range b.N {
		all.idles(b, socketsWanted(b))
	}
	all.report(b)
}

func socketsWanted(b *testing.B) int {
	b.Helper()
	text := cmp.Or(os.Getenv("COACH_BENCH_SOCKETS"), "19000")
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		b.Fatalf("COACH_BENCH_SOCKETS=%q is no number of sockets", text)
	}
	return n
}

func (r runs) idles(b *testing.B, n int) {
	b.Helper()
	const (
		settling  = 60 * time.Second // the heap is collected and given back meanwhile
		heartbeat = 25 * time.Second // as the server has it by default
	)
	h := newHouse(b, "RATE_LIMITS=off")
	threads := h.goroutines(b)
	before, _ := h.server.memoryNow(b)
	used := h.server.cpu(b)
	var mu sync.Mutex
	var clients []*socketio.Client
	inParallel(b, 16, n, func(i int) error {
		ctx, cancel := context.WithTimeout(b.Context(), patience)
		defer cancel()
		c, err := socketio.Dial(ctx, h.server.base, h.ticket(i), deaf{})
		if err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		clients = append(clients, c)
		return nil
	})
	r.add("µs/connect", float64((h.server.cpu(b)-used).Microseconds())/float64(n))
	time.Sleep(settling)
	now, _ := h.server.memoryNow(b)
	r.add("KiB/socket", (now-before)*1024/float64(n))
	r.add("goroutines/socket", float64(h.goroutines(b)-threads)/float64(n))
	used = h.server.cpu(b)
	time.Sleep(2 * heartbeat)
	r.add("µs/heartbeat", float64((h.server.cpu(b)-used).Microseconds())/float64(2*n))
	for _, c := range clients {
		c.Close()
		<-c.Done()
	}
	clients = nil
	time.Sleep(2*time.Minute + settling) // connection state recovery forgets them, too
	after, _ := h.server.memoryNow(b)
	r.add("MiB-before", before)
	r.add("MiB-with-all", now)
	r.add("MiB-after", after)
	h.server.kill()
}

// deaf hears nothing of what the server says.
type deaf struct{}

func (deaf) Event(string, []json.RawMessage) {}
func (deaf) Closed(error)                    {}

// BenchmarkServerStart is from the start of the process to the first healthy
// reply, and its memory then.
func BenchmarkServerStart(b *testing.B) {
	b.Run("new-database", func(b *testing.B) {
		all := runs{}
		for range b.N {
			all.starts(b, newSite(b, ""))
		}
		all.report(b)
	})
	b.Run("existing-database", func(b *testing.B) {
		all, p := runs{}, newSite(b, "")
		all.starts(b, p)
		clear(all)
		for range b.N {
			all.starts(b, p)
		}
		all.report(b)
	})
}

func (r runs) starts(b *testing.B, p *site) {
	b.Helper()
	p.env["PORT"] = strconv.Itoa(freePort(b))
	base := "http://127.0.0.1:" + p.env["PORT"]
	began := time.Now()
	s := p.launch()
	for !firstReply(base) {
		if time.Since(began) > patience {
			b.Fatalf("the server does not start\n%s", s.log)
		}
		time.Sleep(time.Millisecond)
	}
	r.add("ms", float64(time.Since(began).Microseconds())/1000)
	now, _ := s.memoryNow(b)
	r.add("MiB", now)
	s.kill()
}

func firstReply(base string) bool {
	reply, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Get(base + "/api/health")
	if err != nil {
		return false
	}
	defer reply.Body.Close()
	return reply.StatusCode == http.StatusOK
}

// BenchmarkServerRequests is what requests cost over HTTP/1.1, with sign-in
// checked and limits counted.
func BenchmarkServerRequests(b *testing.B) {
	h := newHouse(b)
	path := h.conversations[0]
	for _, ask := range []struct {
		name string
		do   func(i int) error
	}{
		{"list-conversations", func(i int) error {
			return h.people[i%len(h.people)].client.Get(b.Context(), "/api/conversations?limit=20", nil)
		}},
		{"50-messages", func(i int) error {
			return h.people[0].client.Get(b.Context(), "/api/conversations/"+path+"/messages?limit=50", nil)
		}},
		{"post-message", func(i int) error {
			n := i % len(h.people)
			return h.people[n].client.Post(b.Context(), "/api/messages", map[string]string{"conversationId": h.conversations[n], "content": "long 2 MES at 6000, stop 5994, as the plan says"}, nil)
		}},
	} {
		b.Run(ask.name, func(b *testing.B) {
			all := runs{}
			const requests = 4000
			for range b.N {
				spent := h.server.cpu(b)
				inParallel(b, 8, requests, ask.do)
				all.add("µs/request", float64((h.server.cpu(b)-spent).Microseconds())/requests)
			}
			all.report(b)
		})
	}
}

// BenchmarkServerCycle is a socket that connects, signs in, joins, sends and
// leaves.
func BenchmarkServerCycle(b *testing.B) {
	h := newHouse(b)
	all := runs{}
	const cycles = 2000
	for range b.N {
		spent := h.server.cpu(b)
		inParallel(b, 8, cycles, func(i int) error { return h.cycle(b.Context(), i) })
		all.add("µs/cycle", float64((h.server.cpu(b)-spent).Microseconds())/cycles)
	}
	all.report(b)
}

// house is a server with people, each in a conversation of their own, some
// hundred messages in the first.
type house struct {
	server        *process
	operator      *api.Client
	people        []*person
	conversations []string
}

func newHouse(b *testing.B, env ...string) *house {
	b.Helper()
	folder, err := os.MkdirTemp("", "coach-bench") //nolint:usetesting // shorter than a test's own: a socket's path is bounded
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = os.RemoveAll(folder) })
	// Only what the log says at LOG_LEVEL=info tells where the server listens.
	p := newSite(b, "", append([]string{"RATE_LIMITS=on", "LOG_LEVEL=info", "ADMIN_SOCKET=" + folder + "/a.sock"}, env...)...)
	operator := api.OverSocket(p.env["ADMIN_SOCKET"])
	h := &house{server: p.start(), operator: operator}
	b.Cleanup(operator.HTTP.CloseIdleConnections)
	many := 1_000_000
	if _, err := operator.EditTier(b.Context(), "enterprise", api.LimitsChange{
		Requests15m: &many, BurstPerSecond: &many, MessagesPerMinute: &many, Sockets: &many,
	}); err != nil {
		b.Fatal(err)
	}
	made, err := operator.CreateTestUsers(b.Context(), api.NewTestUsers{Count: 64, Tier: "enterprise"})
	if err != nil {
		b.Fatal(err)
	}
	// As load generators ask, not browsers: nothing packed.
	transport := &http.Transport{MaxIdleConnsPerHost: 16, DisableCompression: true}
	b.Cleanup(transport.CloseIdleConnections)
	for _, u := range made.Users {
		one := &person{b, &api.Client{BaseURL: h.server.base, Token: u.Token, HTTP: &http.Client{Transport: transport}, Timeout: patience}}
		h.people = append(h.people, one)
		h.conversations = append(h.conversations, one.conversation("off"))
		for range 19 {
			one.conversation("off")
		}
	}
	for i := range 200 {
		h.people[0].post("/api/messages", map[string]string{"conversationId": h.conversations[0], "content": fmt.Sprintf("message %d, of the usual length that one has", i)}, nil)
	}
	return h
}

func (h *house) ticket(i int) map[string]string {
	return map[string]string{"token": h.people[i%len(h.people)].client.Token}
}

func (h *house) goroutines(b *testing.B) int {
	b.Helper()
	s, err := h.operator.Snapshot(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	return s.Load.Goroutines
}

// cycle is one of BenchmarkServerCycle; it ends when the server knows that the
// socket has left.
func (h *house) cycle(ctx context.Context, i int) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	c, err := socketio.Dial(ctx, h.server.base, h.ticket(i), deaf{})
	if err != nil {
		return err
	}
	defer func() { c.Close(); <-c.Done() }()
	where := h.conversations[i%len(h.people)]
	if err := told(ctx, c, "join_conversation", map[string]any{"conversationId": where}); err != nil {
		return err
	}
	if err := told(ctx, c, "send_message", map[string]string{"conversationId": where, "content": "long 2 MES at 6000, stop 5994"}); err != nil {
		return err
	}
	return told(ctx, c, "leave_conversation", map[string]string{"conversationId": where})
}

// told sends an event and waits until it is acknowledged as done.
func told(ctx context.Context, c *socketio.Client, name string, payload any) error {
	heard := make(chan ack, 1)
	if err := c.Emit(name, payload, func(args []json.RawMessage) {
		var a ack
		if len(args) > 0 {
			_ = json.Unmarshal(args[0], &a) // not a success, then
		}
		heard <- a
	}); err != nil {
		return err
	}
	select {
	case a := <-heard:
		if !a.Success {
			return fmt.Errorf("%s was refused: %s", name, a.Error)
		}
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%s: %w", name, errNoAck)
	}
}

// inParallel calls do for 0 to n-1, from some goroutines.
func inParallel(b *testing.B, width, n int, do func(i int) error) {
	b.Helper()
	next := make(chan int)
	var workers sync.WaitGroup
	for range width {
		workers.Go(func() {
			for i := range next {
				if err := do(i); err != nil {
					b.Error(err)
				}
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	workers.Wait()
}

// cpu is what the process has used (proc(5), utime and stime), in steps of
// 10 ms.
func (s *process) cpu(b *testing.B) time.Duration {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.cmd.Process.Pid))
	if err != nil {
		b.Fatal(err)
	}
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	var user, system int64
	if _, err := fmt.Sscan(fields[11], &user); err != nil {
		b.Fatal(err)
	}
	if _, err := fmt.Sscan(fields[12], &system); err != nil {
		b.Fatal(err)
	}
	return time.Duration(user+system) * 10 * time.Millisecond
}
