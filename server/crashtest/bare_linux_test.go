package crashtest

import (
	"bufio"
	"context"
	"database/sql"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lxzan/gws"
	_ "modernc.org/sqlite"
)

// What the machine and the libraries take by themselves: a server of net/http,
// gws and SQLite with synchronous=FULL, and no application. It knows nobody,
// checks nothing, keeps one table without an index and tells no client what it
// missed. What BenchmarkServerRequests, BenchmarkServerLoad and
// BenchmarkServerCycle say is to be read beside it, taken on the same machine
// in the same hour.

// bareVariable makes this test's own binary the bare server, with its database
// in the folder it names.
const bareVariable = "COACH_BENCH_BARE"

// Before TestMain, which builds coach: the bare server has no use for it.
func init() { //nolint:gochecknoinits // this binary is another program then
	if folder := os.Getenv(bareVariable); folder != "" {
		bare(folder)
	}
}

// bare serves until it is killed; it never returns.
func bare(folder string) {
	err := func() error {
		messages, err := openBare(folder)
		if err != nil {
			return err
		}
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		fmt.Println(listener.Addr())
		return http.Serve(listener, messages.routes())
	}()
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// bareMessages is the one table, written by one connection.
type bareMessages struct{ insert *sql.Stmt }

func openBare(folder string) (*bareMessages, error) {
	db, err := sql.Open("sqlite", "file:"+folder+"/bare.db?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	if _, err := db.Exec("CREATE TABLE messages (id INTEGER PRIMARY KEY, text TEXT NOT NULL)"); err != nil {
		return nil, err
	}
	insert, err := db.Prepare("INSERT INTO messages (text) VALUES (?)")
	return &bareMessages{insert}, err
}

func (m *bareMessages) keep(text string) error {
	_, err := m.insert.Exec(text)
	return err
}

// barePage has the size of a list of 20 conversations, as BenchmarkServerRequests
// reads it.
var barePage = []byte(`{"conversations":["` + strings.Repeat("x", 6570) + `"]}`)

func (m *bareMessages) routes() http.Handler {
	routes := http.NewServeMux()
	routes.HandleFunc("GET /page", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(barePage)
	})
	routes.HandleFunc("POST /message", func(w http.ResponseWriter, r *http.Request) {
		text, err := io.ReadAll(r.Body)
		if err == nil {
			err = m.keep(string(text))
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(text)
	})
	room := &bareRoom{messages: m, sockets: map[*gws.Conn]bool{}}
	upgrader := gws.NewUpgrader(room, &gws.ServerOption{})
	routes.HandleFunc("GET /socket", func(w http.ResponseWriter, r *http.Request) {
		if socket, err := upgrader.Upgrade(w, r); err == nil {
			go socket.ReadLoop()
		}
	})
	return routes
}

// bareRoom is all sockets. Of a message that begins with b each of them hears, in
// a frame made once, which takes 125 bytes (RFC 6455, section 5.2); of any other,
// once it is kept, its sender; and see bareAsk.
type bareRoom struct {
	gws.BuiltinEventHandler
	messages *bareMessages
	mu       sync.Mutex
	sockets  map[*gws.Conn]bool
}

func (r *bareRoom) OnOpen(c *gws.Conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sockets[c] = true
}

func (r *bareRoom) OnClose(c *gws.Conn, _ error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.sockets, c)
}

func (r *bareRoom) OnMessage(c *gws.Conn, message *gws.Message) {
	defer func() { _ = message.Close() }()
	text := message.Bytes()
	if provider, ok := strings.CutPrefix(string(text), bareAsk); ok {
		go answerBare(c, provider)
		return
	}
	if text[0] != 'b' {
		if err := r.messages.keep(string(text)); err == nil {
			_ = c.WriteMessage(gws.OpcodeText, text)
		}
		return
	}
	frame := append([]byte{0x80 | byte(gws.OpcodeText), byte(len(text))}, text...)
	r.mu.Lock()
	defer r.mu.Unlock()
	for socket := range r.sockets {
		_, _ = socket.NetConn().Write(frame) // not by gws, which would start a goroutine for each
	}
}

// newBare starts the bare server in a process of its own.
func newBare(b *testing.B) *process {
	b.Helper()
	itself, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	s := &process{t: b, cmd: exec.Command(itself), log: newLogBook(), ended: make(chan struct{})}
	s.cmd.Env = []string{bareVariable + "=" + b.TempDir()}
	s.cmd.Stderr = os.Stderr
	told, tell, err := os.Pipe()
	if err != nil {
		b.Fatal(err)
	}
	defer told.Close()
	s.cmd.Stdout = tell
	err = s.cmd.Start()
	_ = tell.Close() // the process has its own
	if err != nil {
		b.Fatal(err)
	}
	go func() {
		s.err = s.cmd.Wait()
		close(s.ended)
	}()
	b.Cleanup(s.kill)
	if err := told.SetReadDeadline(time.Now().Add(patience)); err != nil {
		b.Fatal(err)
	}
	where, err := bufio.NewReader(told).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	s.base = "http://" + strings.TrimSpace(where)
	return s
}

// BenchmarkServerBare is the bare server under what the other benchmarks of a
// whole server ask of coach, as often and as many at once. Its clients have less
// to do than coach's: they count what they hear, which is one short frame.
func BenchmarkServerBare(b *testing.B) {
	text := "long 2 MES at 6000, stop 5994, as the plan says"
	for _, part := range []struct {
		name string
		run  func(b *testing.B, s *process, all runs)
	}{
		{"page", func(b *testing.B, s *process, all runs) {
			all.bareRequests(b, s, http.MethodGet, "/page", "")
		}},
		{"post", func(b *testing.B, s *process, all runs) {
			all.bareRequests(b, s, http.MethodPost, "/message", `{"content":"`+text+`"}`)
		}},
		{"send/500-a-second", func(b *testing.B, s *process, all runs) {
			all.bareSends(b, s, bareLoad{sockets: 200, text: text, rate: 500, heard: 1, unit: "µs/message"})
		}},
		{"send/2000-a-second", func(b *testing.B, s *process, all runs) {
			all.bareSends(b, s, bareLoad{sockets: 400, text: text, rate: 2000, heard: 1, unit: "µs/message"})
		}},
		{"fanout/1000-at-10", func(b *testing.B, s *process, all runs) {
			all.bareSends(b, s, bareLoad{sockets: 1000, text: "b " + text, rate: 10, heard: 1000, unit: "µs/delivery"})
		}},
		{"fanout/100-at-50", func(b *testing.B, s *process, all runs) {
			all.bareSends(b, s, bareLoad{sockets: 100, text: "b " + text, rate: 50, heard: 100, unit: "µs/delivery"})
		}},
		{"cycle", func(b *testing.B, s *process, all runs) {
			all.bareCycles(b, s)
		}},
	} {
		b.Run(part.name, func(b *testing.B) {
			s, all := newBare(b), runs{}
			for range b.N {
				part.run(b, s, all)
			}
			all.report(b)
		})
	}
}

func (r runs) bareRequests(b *testing.B, s *process, method, path, body string) {
	b.Helper()
	transport := &http.Transport{MaxIdleConnsPerHost: 16, DisableCompression: true}
	defer transport.CloseIdleConnections()
	const requests = 4000
	used := s.cpu(b)
	inParallel(b, 8, requests, func(int) error {
		ask, err := http.NewRequestWithContext(b.Context(), method, s.base+path, strings.NewReader(body))
		if err != nil {
			return err
		}
		reply, err := transport.RoundTrip(ask)
		if err != nil {
			return err
		}
		defer reply.Body.Close()
		if reply.StatusCode != http.StatusOK {
			return fmt.Errorf("%s %s: %s", method, path, reply.Status)
		}
		_, err = io.Copy(io.Discard, reply.Body)
		return err
	})
	r.add("µs/request", float64((s.cpu(b)-used).Microseconds())/requests)
}

// bareLoad says who sends what: each text is heard by so many sockets.
type bareLoad struct {
	sockets, rate, heard int
	text, unit           string
}

func (r runs) bareSends(b *testing.B, s *process, load bareLoad) {
	b.Helper()
	const seconds = 10
	hearing := &bareClient{}
	var sockets []*gws.Conn
	for range load.sockets {
		c, err := dialBare(s, hearing)
		if err != nil {
			b.Fatal(err)
		}
		defer func() { _ = c.NetConn().Close() }()
		sockets = append(sockets, c)
	}
	// Each is in the room once it has been answered.
	for i, c := range sockets {
		if err := c.WriteString("here"); err != nil {
			b.Fatal(err)
		}
		hearing.await(b, int64(i+1))
	}
	hearing.heard.Store(0)
	used, began := s.cpu(b), time.Now()
	for i := range seconds * load.rate {
		time.Sleep(time.Until(began.Add(time.Second * time.Duration(i) / time.Duration(load.rate))))
		if err := sockets[i%len(sockets)].WriteString(load.text); err != nil {
			b.Fatal(err)
		}
	}
	all := int64(seconds * load.rate * load.heard)
	hearing.await(b, all)
	r.add("messages/s", seconds*float64(load.rate)/time.Since(began).Seconds())
	r.add(load.unit, float64((s.cpu(b)-used).Microseconds())/float64(all))
}

// bareCycles are sockets that connect, send, hear that it is kept, and leave.
func (r runs) bareCycles(b *testing.B, s *process) {
	b.Helper()
	const cycles = 2000
	used := s.cpu(b)
	inParallel(b, 8, cycles, func(int) error {
		hearing := &bareClient{first: make(chan struct{})}
		c, err := dialBare(s, hearing)
		if err != nil {
			return err
		}
		defer func() { _ = c.NetConn().Close() }()
		if err := c.WriteString("long 2 MES at 6000, stop 5994"); err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(b.Context(), patience)
		defer cancel()
		select {
		case <-hearing.first:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
	r.add("µs/cycle", float64((s.cpu(b)-used).Microseconds())/cycles)
}

// bareClient counts what its sockets hear.
type bareClient struct {
	gws.BuiltinEventHandler
	heard atomic.Int64
	first chan struct{} // if not nil, closed by the first
}

func (c *bareClient) await(b *testing.B, all int64) {
	b.Helper()
	for end := time.Now().Add(patience); c.heard.Load() < all; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			b.Fatalf("%d of %d were heard", c.heard.Load(), all)
		}
	}
}

func (c *bareClient) OnMessage(_ *gws.Conn, message *gws.Message) {
	_ = message.Close()
	if c.heard.Add(1) == 1 && c.first != nil {
		close(c.first)
	}
}

func dialBare(s *process, hearing gws.Event) (*gws.Conn, error) {
	c, _, err := gws.NewClient(hearing, &gws.ClientOption{Addr: strings.Replace(s.base, "http", "ws", 1) + "/socket"})
	if err != nil {
		return nil, err
	}
	go c.ReadLoop()
	return c, nil
}
