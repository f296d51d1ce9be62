package socketio_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/elite-trading-coach/coach/server/socketio"
	"github.com/elite-trading-coach/coach/server/socketio/socketiotest"
)

// suite prepares the application of the public protocol suite.
func suite(s *socketio.Server) {
	s.Of("/", socketiotest.Suite{})
	s.Of("/custom", socketiotest.Suite{})
}

func onSuite(t *testing.T, test func(t *testing.T, x *site)) {
	t.Helper()
	onFakeClock(t, socketiotest.SuiteOptions(), suite, test)
}

func TestConformanceConnect(t *testing.T) {
	for name, c := range map[string]struct{ say, prefix, auth string }{
		"Main":               {`40`, `40{"sid":"`, `42["auth",{}]`},
		"MainPayload":        {`40{"token":"123"}`, `40{"sid":"`, `42["auth",{"token":"123"}]`},
		"Custom":             {`40/custom,`, `40/custom,{"sid":"`, `42/custom,["auth",{}]`},
		"CustomWithoutComma": {`40/custom`, `40/custom,{"sid":"`, `42/custom,["auth",{}]`},
		"CustomPayload":      {`40/custom,{"token":"abc"}`, `40/custom,{"sid":"`, `42/custom,["auth",{"token":"abc"}]`},
	} {
		t.Run(name, func(t *testing.T) {
			onSuite(t, func(t *testing.T, x *site) {
				p := x.open()
				p.say(c.say)
				answer := p.next()
				if !strings.HasPrefix(answer, c.prefix) {
					t.Fatalf("answer %q, want %s…", answer, c.prefix)
				}
				var keys map[string]string
				if err := json.Unmarshal([]byte(answer[strings.IndexByte(answer, '{'):]), &keys); err != nil {
					t.Fatal(err)
				}
				if len(keys) != 1 || keys["sid"] == "" {
					t.Errorf("answer %q, want a sid and nothing else", answer)
				}
				p.hear(c.auth)
			})
		})
	}
}

func TestConformanceUnknownNamespace(t *testing.T) {
	onSuite(t, func(t *testing.T, x *site) {
		p := x.open()
		p.say(`40/random`)
		p.hear(`44/random,{"message":"Invalid namespace"}`)
		p.say(`40/random,{"a":1}`, `40`)
		p.hear(`44/random,{"message":"Invalid namespace"}`)
		p.hearConnect()
	})
}

func TestConformanceFirstPacketMustBeConnect(t *testing.T) {
	for name, packet := range map[string]string{
		"Garbage": `4abc`, "Event": `42["message"]`, "Ack": `430[]`, "Disconnect": `41`, "ConnectError": `44{"message":"x"}`,
		"BinaryEvent": `451-["a",{"_placeholder":true,"num":0}]`, "EventOfUnknownNamespace": `42/random,["a"]`,
		"Empty": `4`, "ConnectArray": `40[]`,
	} {
		t.Run(name, func(t *testing.T) {
			onSuite(t, func(t *testing.T, x *site) {
				p := x.open()
				p.say(packet)
				if name == "BinaryEvent" {
					p.sayBinary([]byte{1})
				}
				p.hearClose()
			})
		})
	}
}

func TestConformanceConnectTimeout(t *testing.T) {
	onSuite(t, func(t *testing.T, x *site) {
		start := time.Now()
		first := x.open()
		time.Sleep(300 * time.Millisecond) // the bubble's clock
		second := x.open()
		inside, _ := x.enter(``)
		inside.hear(`42["auth",{}]`)
		done := make(chan time.Duration, 2)
		for _, p := range []*peer{first, second} {
			go func() {
				p.hearClose()
				done <- time.Since(start)
			}()
		}
		go func() {
			for {
				if _, err := inside.read(); err != nil {
					return
				}
			}
		}()
		if took := <-done; took != time.Second {
			t.Errorf("closed after %v, want 1s", took)
		}
		if took := <-done; took != 1300*time.Millisecond {
			t.Errorf("closed after %v, want 1.3s", took)
		}
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if n := x.server.Engine().Len(); n != 1 {
			t.Errorf("%d sessions, want the one that entered", n)
		}
		inside.lose()
	})
}

func TestConformanceDisconnect(t *testing.T) {
	t.Run("Main", func(t *testing.T) {
		onSuite(t, func(t *testing.T, x *site) {
			p, _ := x.enter(``)
			p.hear(`42["auth",{}]`)
			p.say(`41`)
			for range 3 {
				if got, err := p.ws.ReadText(); err != nil || got != "2" {
					t.Fatalf("heard %q, %v; want a ping", got, err)
				}
				p.say("3")
			}
			// The client may come back on the same connection.
			p.say(`40`)
			p.hearConnect()
			p.hear(`42["auth",{}]`)
		})
	})
	t.Run("Custom", func(t *testing.T) {
		onSuite(t, func(t *testing.T, x *site) {
			p, _ := x.enter(``)
			p.hear(`42["auth",{}]`)
			p.say(`40/custom`)
			if got := p.next(); !strings.HasPrefix(got, `40/custom,{"sid":"`) {
				t.Fatalf("heard %q", got)
			}
			p.hear(`42/custom,["auth",{}]`)
			p.say(`41/custom`, `42/custom,["message","late"]`, `42["message","message to main namespace"]`)
			p.hear(`42["message-back","message to main namespace"]`)
		})
	})
}

func TestConformanceMessages(t *testing.T) {
	onSuite(t, func(t *testing.T, x *site) {
		p, _ := x.enter(``)
		p.hear(`42["auth",{}]`)
		for _, c := range [][2]string{
			{`42["message",1,"2",{"3":[true]}]`, `42["message-back",1,"2",{"3":[true]}]`},
			{`42456["message-with-ack",1,"2",{"3":[false]}]`, `43456[1,"2",{"3":[false]}]`},
			{`420["message-with-ack"]`, `430[]`},
			{`42["message"]`, `42["message-back"]`},
			{`42["message",{"__proto__":{"admin":true}},"<\u2028é&>"]`, `42["message-back",{"__proto__":{"admin":true}},"<\u2028é&>"]`},
		} {
			p.say(c[0])
			p.hear(c[1])
		}
		p.say(`452-["message",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]`)
		p.sayBinary([]byte{1, 2, 3}, []byte{4, 5, 6})
		p.hear(`452-["message-back",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]`, "b\x01\x02\x03", "b\x04\x05\x06")
		p.say(`452-789["message-with-ack",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]`)
		p.sayBinary([]byte{1, 2, 3}, nil)
		p.hear(`462-789[{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]`, "b\x01\x02\x03", "b")
		p.say(`451-["message",[{"deep":[{"num":0,"_placeholder":true}]}]]`)
		p.sayBinary([]byte("x"))
		p.hear(`451-["message-back",[{"deep":[{"num":0,"_placeholder":true}]}]]`, "bx")
	})
}

func TestConformanceInvalidFormatCloses(t *testing.T) {
	for name, packet := range map[string]string{
		"UnknownType": `4abc`, "PayloadObject": `42{}`, "BadAckID": `42abc["message-with-ack",1,"2",{"3":[false]}]`,
		"SecondConnect": `40`, "ConnectErrorFromClient": `44{"message":"x"}`, "NamespaceNotEntered": `42/custom,["message"]`,
	} {
		t.Run(name, func(t *testing.T) {
			onSuite(t, func(t *testing.T, x *site) {
				p, _ := x.enter(``)
				p.hear(`42["auth",{}]`)
				p.say(packet)
				p.hearClose()
			})
		})
	}
}

func TestConformancePolling(t *testing.T) {
	onSuite(t, func(t *testing.T, x *site) {
		sid := x.openPolling()
		want := func(status int, body string, wantStatus int, wantBody string) {
			t.Helper()
			if status != wantStatus || body != wantBody {
				t.Fatalf("got %d %q, want %d %q", status, body, wantStatus, wantBody)
			}
		}
		say := func(body string) {
			t.Helper()
			status, answer := x.post(sid, body)
			want(status, answer, http.StatusOK, "ok")
		}
		say(`40`)
		status, body := x.poll(sid)
		if status != http.StatusOK || !strings.HasPrefix(body, `40{"sid":"`) {
			t.Fatalf("got %d %q", status, body)
		}
		if !strings.Contains(body, `42["auth",{}]`) {
			status, body = x.poll(sid)
			want(status, body, http.StatusOK, `42["auth",{}]`)
		}
		say("42[\"message\",1]\x1e427[\"message-with-ack\",2]")
		status, body = x.poll(sid)
		want(status, body, http.StatusOK, "42[\"message-back\",1]\x1e437[2]")
		say("451-8[\"message-with-ack\",{\"_placeholder\":true,\"num\":0}]\x1ebAQID")
		status, body = x.poll(sid)
		want(status, body, http.StatusOK, "461-8[{\"_placeholder\":true,\"num\":0}]\x1ebAQID")
		say(`42{}`)
		status, _ = x.poll(sid)
		for status == http.StatusOK { // the close packet may be picked up first
			status, _ = x.poll(sid)
		}
		if status != http.StatusBadRequest {
			t.Fatalf("status %d after a malformed packet, want 400", status)
		}
	})
}
