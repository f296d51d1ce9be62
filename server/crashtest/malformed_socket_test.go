//go:build unix

package crashtest

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/elite-trading-coach/coach/server/engineio/enginetest"
)

const socketPath = "/socket.io/?EIO=4&transport=websocket"

// upgraded opens a WebSocket and reads the server's first packet.
func upgraded(t *testing.T, server *process) *enginetest.Socket {
	t.Helper()
	ws, err := enginetest.Upgrade(rawDial(t, server), socketPath, nil)
	if err != nil {
		t.Fatal(err)
	}
	if text, err := ws.ReadText(); err != nil || !strings.HasPrefix(text, "0{") {
		t.Fatalf("the first packet is %q, %v", text, err)
	}
	return ws
}

// connected is upgraded, signed in, and greeted.
func connected(t *testing.T, server *process, who *person) *enginetest.Socket {
	t.Helper()
	ws := upgraded(t, server)
	auth, err := json.Marshal(map[string]string{"token": who.client.Token})
	if err != nil {
		t.Fatal(err)
	}
	if err := ws.Text("40" + string(auth)); err != nil {
		t.Fatal(err)
	}
	if text, err := ws.ReadText(); err != nil || !strings.HasPrefix(text, "40{") {
		t.Fatalf("CONNECT is answered %q, %v", text, err)
	}
	return ws
}

// settled sends nothing more and waits until the server has read all: it
// answers a last packet, or it has closed.
func settled(t *testing.T, sent string, ws *enginetest.Socket) {
	t.Helper()
	_ = ws.Text(`4299["ping","still there"]`)
	for {
		opcode, payload, err := ws.Read()
		if timedOut(err) {
			t.Errorf("%s: neither an answer nor an end", short(sent))
		}
		if err != nil || opcode == enginetest.OpClose || strings.HasPrefix(string(payload), "4399") {
			ws.Close()
			return
		}
	}
}

// brokenUpgrades ask for a WebSocket in ways that are not one.
func brokenUpgrades(t *testing.T, server *process, who *person) {
	const get, host = "GET " + socketPath + " HTTP/1.1\r\n", "Host: coach\r\n"
	const good = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAECAwQFBgcICQoLDA0ODw==\r\n"
	without := func(name string) string {
		var b strings.Builder
		for line := range strings.Lines(good) {
			if !strings.HasPrefix(line, name+":") {
				b.WriteString(line)
			}
		}
		return b.String()
	}
	for _, text := range []string{
		get + host + without("Connection") + "\r\n", get + host + without("Upgrade") + "\r\n", get + host + without("Sec-WebSocket-Version") + "\r\n",
		get + host + without("Sec-WebSocket-Version") + "Sec-WebSocket-Version: 99999999999999999999\r\n\r\n", get + host + without("Sec-WebSocket-Key") + "\r\n",
		get + host + without("Sec-WebSocket-Key") + "Sec-WebSocket-Key: x\r\n\r\n", get + host + without("Sec-WebSocket-Key") + "Sec-WebSocket-Key: " + strings.Repeat("A", 30_000) + "\r\n\r\n",
		get + host + without("Upgrade") + "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n",
		"GET " + socketPath + " HTTP/1.0\r\n" + host + good + "\r\n", "POST " + socketPath + " HTTP/1.1\r\n" + host + good + "Content-Length: 0\r\n\r\n",
		get + host + good + "Origin: http://elsewhere.example\r\n\r\n", get + host + good + "Origin: \x01\r\n\r\n", get + host + good + "Content-Length: 10\r\n\r\n",
		"GET /socket.io/?EIO=3&transport=websocket HTTP/1.1\r\n" + host + good + "\r\n", "GET /socket.io/?EIO=1e400&transport=websocket HTTP/1.1\r\n" + host + good + "\r\n",
		"GET /socket.io/?EIO=4&transport=carrier-pigeon HTTP/1.1\r\n" + host + good + "\r\n", "GET /socket.io/?EIO=4&transport=websocket&sid=%00%ff HTTP/1.1\r\n" + host + good + "\r\n",
		"GET /socket.io/?EIO=4&EIO=5&transport=websocket&transport=polling HTTP/1.1\r\n" + host + good + "\r\n", "GET /socket.io/%2e%2e/?EIO=4&transport=websocket HTTP/1.1\r\n" + host + good + "\r\n",
		get + host + good + "Sec-WebSocket-Protocol: " + strings.Repeat("a,", 10_000) + "\r\n\r\n", get + host + good + "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=1e400\r\n\r\n",
	} {
		noFault(t, text, exchangeOpen(t, server, text))
	}
}

// exchangeOpen is exchange for what may succeed and then stay open.
func exchangeOpen(t *testing.T, server *process, text string) answer {
	t.Helper()
	conn := rawDial(t, server)
	defer conn.Close()
	_, _ = conn.Write([]byte(text))
	_ = conn.SetReadDeadline(time.Now().Add(2 * time.Second))
	head := make([]byte, 512)
	n, _ := conn.Read(head)
	var a answer
	_, _ = fmt.Sscanf(string(head[:n]), "HTTP/1.1 %d", &a.status)
	a.body = string(head[:n])
	return a
}

// brokenPolls are long-polling requests of no session, and bad packets.
func brokenPolls(t *testing.T, server *process, _ *person) {
	post := func(query, body string) string {
		return fmt.Sprintf("POST /socket.io/?EIO=4&transport=polling%s HTTP/1.1\r\nHost: coach\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s", query, len(body), body)
	}
	for _, text := range []string{
		post("", "40"), post("&sid=x", "40"), post("&sid="+strings.Repeat("a", 10_000), "40"), post("&sid=%ff", "\x1e\x1e"),
		"GET /socket.io/?EIO=4&transport=polling&sid=x HTTP/1.1\r\nHost: coach\r\nConnection: close\r\n\r\n", "GET /socket.io/?EIO=4&transport=polling&j=1e400&b64=1 HTTP/1.1\r\nHost: coach\r\nConnection: close\r\n\r\n",
		"DELETE /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: coach\r\nConnection: close\r\n\r\n", "OPTIONS /socket.io/ HTTP/1.1\r\nHost: coach\r\nOrigin: null\r\nConnection: close\r\n\r\n",
	} {
		noFault(t, text, exchange(t, server, text))
	}
	for _, body := range []string{"", "\x1e", "\x1e\x1e\x1e", "9", "4", "b", "b!!!!", "bAAAA", "0{}", "1", "2", "2probe", "5", "6", "40{", "42[", "\xff\xfe", "4\x00", strings.Repeat("2\x1e", 50_000), strings.Repeat("a", 1_000_001), noise(5, 3000)} {
		open := exchange(t, server, "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: coach\r\nConnection: close\r\n\r\n")
		var v struct{ Sid string }
		if err := json.Unmarshal([]byte(strings.TrimPrefix(open.body, "0")), &v); err != nil || v.Sid == "" {
			t.Fatalf("a poll is opened with %q", open.body)
		}
		text := post("&sid="+v.Sid, body)
		noFault(t, text, exchange(t, server, text))
	}
}

// brokenFrames are WebSocket frames that the protocol forbids, or cut off.
func brokenFrames(t *testing.T, server *process, who *person) {
	for _, frame := range []string{
		"\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff", // a length of 2^64-1: a library of ours once ended the process over it
		"\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00", "\x81\xff\x80\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", "\x81\xff\x00\x00\x00\x00\x7f\xff\xff\xff\x00\x00\x00\x00",
		"\x82\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x02\x03\x04", "\x89\xff\xff\xff\xff\xff\xff\xff\xff\xff", "\x88\xff\xff\xff\xff\xff\xff\xff\xff\xff",
		"\x81\xfe\xff\xff", "\x81\x01A", "\x81\x80", "\x81\x80\x01\x02\x03", "\xf1\x80\x01\x02\x03\x04", "\xc1\x80\x01\x02\x03\x04", "\x83\x80\x01\x02\x03\x04", "\x8f\x80\x01\x02\x03\x04",
		"\x09\x80\x01\x02\x03\x04", "\x08\x80\x01\x02\x03\x04", "\x89\xfe\x00\x7e\x01\x02\x03\x04" + strings.Repeat("a", 126), "\x80\x80\x01\x02\x03\x04", "\x00\x80\x01\x02\x03\x04",
		"\x01\x81\x00\x00\x00\x00A\x01\x81\x00\x00\x00\x00B", "\x81\x82\x00\x00\x00\x00\xff\xfe", "\x88\x81\x00\x00\x00\x00A", "\x88\x82\x00\x00\x00\x00\x03\xed", "\x88\x84\x00\x00\x00\x00\x03\xe8\xff\xfe",
		"\x88\x82\x00\x00\x00\x00\xff\xff", strings.Repeat("\x01\x80\x00\x00\x00\x00", 1), "\x01\x80\x00\x00\x00\x00" + strings.Repeat("\x00\x80\x00\x00\x00\x00", 50_000),
		strings.Repeat("\x89\x80\x00\x00\x00\x00", 20_000), "GET / HTTP/1.1\r\n\r\n", noise(6, 5000), noise(7, 70_000),
	} {
		for _, open := range []func() *enginetest.Socket{
			func() *enginetest.Socket { return upgraded(t, server) }, func() *enginetest.Socket { return connected(t, server, who) },
		} {
			ws := open()
			// The server may have closed before it has read everything.
			_ = ws.Raw([]byte(frame))
			if half, ok := ws.Conn.(*net.TCPConn); ok {
				_ = half.CloseWrite()
			}
			if _, err := ws.ReadClose(); err != nil {
				t.Errorf("%s: %v", short(fmt.Sprintf("% x", frame)), err)
			}
			ws.Close()
		}
	}
}

// brokenPackets are well framed and wrong inside.
func brokenPackets(t *testing.T, server *process, who *person) {
	room := who.conversation("off")
	deep := strings.Repeat("[", 400_000)
	packets := []string{
		"", "7", "x", "0", "1", "2", "2probe", "3", "5", "6", "4", "49", "4x", "40", "40{", "40{}", "40[]", "40/other,", "40/" + strings.Repeat("a", 100_000) + ",", "41", "42", "42[", "42[]", "42{}", "42[1]", "42[null]",
		"42[\"send_message\"", "421", "42-1[\"ping\"]", "4299999999999999999999[\"ping\"]", "42/other,[\"ping\"]", "43", "431[]", "43[]", "44", "44{}", "45", "451", "451-", "451-[]", "45-[\"x\"]", "459999999999-[\"x\"]",
		`451-["x",{"_placeholder":true,"num":0}]`, `451-["x",{"_placeholder":true,"num":1e400}]`, `451-["x",{"_placeholder":true,"num":-1}]`, `4211-["x",{"_placeholder":true,"num":0}]`, "461-[]", "46", "47",
		"420[\"ping\",1e400]", "420[\"ping\"," + deep, "420[\"ping\"," + deep + strings.Repeat("]", len(deep)) + "]", `420["` + strings.Repeat("a", 500_000) + `"]`, "420[\"a\\u0000b\"]", "420[\"\\ud800\"]",
		"420[\"connect\"]", "420[\"disconnect\"]", "420[\"error\"]", "420[\"__proto__\",{\"__proto__\":{\"x\":1}}]",
	}
	for _, event := range []string{
		"send_message", "edit_message", "delete_message", "join_conversation", "leave_conversation", "typing_start", "typing_stop", "typing", "update_status", "get_online_users", "stop_ai", "regenerate", "sync",
		"mark_read", "refresh_auth", "ping", "no_such_event",
	} {
		for _, payload := range []string{
			"1e400", "null", "true", "-1", `""`, `"x"`, "[]", "[[[]]]", "{}", deep[:1000] + strings.Repeat("]", 1000), `{"conversationId":1e400,"messageId":1e400,"afterRev":1e400,"seq":1e400,"conversations":1e400,"status":1e400,"token":1e400}`,
			`{"conversationId":"\u0000","messageId":"\u0000","content":"\u0000","token":"\u0000","status":"\u0000","clientMessageId":"\u0000"}`, `{"conversations":[null,{},1,{"id":null,"afterRev":-1}]}`,
			`{"conversationId":"` + room + `","content":"` + "\\ud800" + `","seq":-1,"afterRev":-9223372036854775808,"isTyping":"yes","clientMessageId":"` + strings.Repeat("a", 70) + `"}`,
			`{"conversationId":"` + room + `","content":"` + strings.Repeat("a", 10_001) + `","seq":9223372036854775807,"afterRev":9223372036854775807}`,
		} {
			packets = append(packets, `420["`+event+`",`+payload+`]`)
		}
		packets = append(packets, `420["`+event+`"]`)
	}
	for _, packet := range packets {
		ws := connected(t, server, who)
		_ = ws.Text(packet)
		settled(t, packet, ws)
	}
	for _, binary := range []string{"", "\x04", "4", noise(8, 1000)} {
		ws := connected(t, server, who)
		_ = ws.Binary([]byte(binary))
		settled(t, binary, ws)
	}
}

// slowness is what only begins: headers that trickle, sockets that never sign
// in, attachments that never come, connections that say nothing.
func slowness(t *testing.T, server *process, who *person) {
	for range 100 {
		rawDial(t, server) // and nothing more, until the test ends
	}
	attachment := connected(t, server, who)
	if err := attachment.Text(`451-["send_message",{"_placeholder":true,"num":0}]`); err != nil {
		t.Fatal(err)
	}
	trickle := rawDial(t, server)
	write(t, trickle, "GET /api/health HTTP/1.1\r\nHost: coach\r\nX-Slow: ")
	silent := upgraded(t, server)
	if _, err := silent.ReadClose(); err != nil {
		t.Errorf("a socket that never joins a namespace: %v", err)
	}
	// One byte now and then does not keep the connection: the whole header has
	// ten seconds.
	began := time.Now()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for range tick.C {
		if _, err := trickle.Write([]byte("a")); err != nil {
			return
		}
		_ = trickle.SetReadDeadline(time.Now().Add(time.Millisecond))
		if _, err := trickle.Read(make([]byte, 1)); err != nil && !errors.Is(err, net.ErrClosed) && !timedOut(err) {
			return
		}
		if time.Since(began) > 15*time.Second {
			t.Error("a header that trickles keeps its connection")
			return
		}
	}
}
