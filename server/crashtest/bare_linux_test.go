package crashtest

import (
	"bufio"
	"database/sql"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
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

// bare serves until it is killed, or whoever started it is gone; it never returns.
func bare(folder string) {
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin) // ends with the other end of the pipe
		os.Exit(0)
	}()
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
	s.cmd.Stderr = s.log
	if _, err := s.cmd.StdinPipe(); err != nil { // for it to see when this process ends
		b.Fatal(err)
	}
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
		b.Fatalf("the bare server does not say where it listens: %v\n%s", err, s.log)
	}
	s.base = "http://" + strings.TrimSpace(where)
	return s
}
