package socketio

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/elite-trading-coach/coach/server/engineio"
	"github.com/elite-trading-coach/coach/server/engineio/enginetest"
)

// A message as it goes to a room: about 700 bytes.
func benchMessage() map[string]any {
	return map[string]any{
		"id": "0199aa11-2233-7abc-8def-001122334455", "conversationId": "0199aa11-2233-7abc-8def-001122334456",
		"seq": 12, "rev": 40, "type": "ai", "status": "completed", "verdict": "diamond", "confidence": 72,
		"content": strings.Repeat("The stop is six points away, the target twelve. ", 10),
	}
}

func BenchmarkDecodeEvent(b *testing.B) {
	text := []byte(`217["send_message",{"conversationId":"0199aa11-2233-7abc-8def-001122334456","content":"long 2 MES at 6000, stop 5994, target 6012","clientMessageId":"a1"}]`)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := decodeText(text, 10); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecodeBinary(b *testing.B) {
	text := []byte(`51-["upload",{"name":"chart.png","data":{"_placeholder":true,"num":0},"tags":["a","b"]}]`)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := decodeText(text, 10); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkNewPacket(b *testing.B) {
	message := benchMessage()
	raw, err := json.Marshal(message)
	if err != nil {
		b.Fatal(err)
	}
	for name, arg := range map[string]any{"Value": message, "Raw": json.RawMessage(raw)} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				p, err := NewPacket("new_message", arg)
				if err != nil {
					b.Fatal(err)
				}
				p.run(rootNamespace)
			}
		})
	}
}

// One event to a room of 1000 clients over loopback WebSockets, until the last of them has read it.
func BenchmarkBroadcast1000(b *testing.B) {
	for name, recovery := range map[string]RecoveryOptions{
		"Plain": {}, "Recovery": {Window: time.Minute, MaxBytes: 64 << 20},
	} {
		b.Run(name, func(b *testing.B) { benchBroadcast(b, Options{Recovery: recovery}, 1000) })
	}
}

type joiner struct{ joined chan struct{} }

func (joiner) Connect(context.Context, Handshake) (Admission, error) { return Admission{}, nil }
func (j joiner) Connected(s *Socket)                                 { s.Join("room"); j.joined <- struct{}{} }
func (joiner) Event(*Socket, *Event)                                 {}
func (joiner) Drained(*Socket)                                       {}
func (joiner) Disconnected(*Socket, string)                          {}

func benchBroadcast(b *testing.B, o Options, sockets int) {
	j := joiner{joined: make(chan struct{}, sockets)}
	server := New(o)
	namespace := server.Of("/", j)
	ctx, cancel := context.WithCancel(context.Background())
	web := httptest.NewServer(http.Handler(server))
	var tasks sync.WaitGroup
	tasks.Go(func() { _ = server.Run(ctx) })
	p, err := NewPacket("new_message", benchMessage())
	if err != nil {
		b.Fatal(err)
	}
	heard := make(chan struct{}, sockets)
	var conns []net.Conn
	for range sockets {
		conn, err := dialRoom(web.Listener.Addr().String())
		if err != nil {
			b.Fatal(err)
		}
		conns = append(conns, conn)
		<-j.joined
		tasks.Go(func() { countFrames(conn, heard) })
	}
	b.ResetTimer()
	for b.Loop() {
		namespace.Broadcast("room", p, nil)
		for range sockets {
			<-heard
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(sockets), "ns/socket")
	cancel()
	for _, conn := range conns {
		conn.Close()
	}
	tasks.Wait()
	web.Close()
}

func dialRoom(addr string) (net.Conn, error) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	ws, err := enginetest.Upgrade(conn, "/socket.io/?EIO=4&transport="+engineio.WebSocket, nil)
	if err != nil {
		return nil, err
	}
	if _, err := ws.ReadText(); err != nil {
		return nil, err
	}
	if err := ws.Text("40"); err != nil {
		return nil, err
	}
	answer, err := ws.ReadText()
	if err == nil && !strings.HasPrefix(answer, "40") {
		err = fmt.Errorf("answer %q", answer)
	}
	return conn, err
}

// countFrames reads whole frames cheaply: header of four bytes, then the payload.
func countFrames(conn net.Conn, heard chan<- struct{}) {
	header := make([]byte, 4)
	payload := make([]byte, 4096)
	for {
		if _, err := io.ReadFull(conn, header); err != nil {
			return
		}
		length := int(header[2])<<8 | int(header[3])
		if length > len(payload) {
			return
		}
		if _, err := io.ReadFull(conn, payload[:length]); err != nil {
			return
		}
		heard <- struct{}{}
	}
}

func BenchmarkJoinLeave(b *testing.B) {
	server := New(Options{})
	namespace := server.Of("/", joiner{})
	s := &Socket{namespace: namespace, conn: &conn{server: server}}
	b.ReportAllocs()
	for b.Loop() {
		s.Join("conversation:1")
		s.Leave("conversation:1")
	}
}
