package engineio_test

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/elite-trading-coach/coach/server/engineio"
	"github.com/elite-trading-coach/coach/server/engineio/enginetest"
)

// crashFrame announces a negative length; gws 1.8.9 panics on it before it has
// looked at the mask, outside of its own recovery.
const crashFrame = "\x81\xff" + "\xff\xff\xff\xff\xff\xff\xff\xff" + "\x00\x00\x00\x00"

func TestBrokenFramesClose(t *testing.T) {
	for name, test := range map[string]struct {
		bytes  []byte
		status int
	}{
		"negative length":       {[]byte(crashFrame), 0},
		"largest length":        {[]byte("\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00"), 1009},
		"not masked":            {[]byte("\x81\x02\x34a"), 1002},
		"reserved bit 1":        {enginetest.MaskedFrame(0xc1, []byte("4a")), 1002},
		"reserved bit 2":        {enginetest.MaskedFrame(0xa1, []byte("4a")), 1002},
		"reserved bit 3":        {enginetest.MaskedFrame(0x91, []byte("4a")), 1002},
		"reserved data opcode":  {enginetest.MaskedFrame(0x83, []byte("4a")), 1002},
		"reserved control":      {enginetest.MaskedFrame(0x8b, []byte("4a")), 1002},
		"stray continuation":    {enginetest.MaskedFrame(0x80, []byte("4a")), 1002},
		"text inside fragments": {append(enginetest.MaskedFrame(0x01, []byte("4a")), enginetest.MaskedFrame(0x81, []byte("4b"))...), 1002},
		"fragmented ping":       {enginetest.MaskedFrame(0x09, []byte("a")), 1002},
		"long ping":             {enginetest.MaskedFrame(0x89, make([]byte, 126)), 1002},
		"invalid UTF-8":         {enginetest.MaskedFrame(0x81, []byte("4\xff")), 1007},
		"half a rune":           {enginetest.MaskedFrame(0x81, []byte("4\xe2\x82")), 1007},
		"too large":             {[]byte("\x82\xff\x00\x00\x00\x00\x00\x0f\x42\x41\x00\x00\x00\x00"), 1009},
		"two gigabytes":         {[]byte("\x82\xff\x00\x00\x00\x00\x80\x00\x00\x00\x00\x00\x00\x00"), 1009},
	} {
		t.Run(name, func(t *testing.T) {
			onBothClocks(t, engineio.Options{}, func(t *testing.T, x *site) {
				bystander, _ := x.webSocketSession()
				s, _ := x.webSocketSession()
				go s.Raw(test.bytes) // a pipe blocks until it is read
				if status := x.wantClose(s); status != test.status {
					t.Errorf("status %d, want %d", status, test.status)
				}
				x.say(bystander, "4a")
				x.hear(bystander, "4a")
				waitFor(t, func() bool { return x.server.Len() == 1 })
			})
		})
	}
}

func TestFragments(t *testing.T) {
	onBothClocks(t, engineio.Options{}, func(t *testing.T, x *site) {
		s, _ := x.webSocketSession()
		euro := "€"
		for _, f := range []struct {
			first   byte
			payload string
		}{
			{0x01, "4a" + euro[:1]}, // a rune may be cut in two
			{0x89, "between"},
			{0x00, ""},
			{0x00, euro[1:]},
			{0x8a, "unasked pong"},
			{0x80, "z"},
		} {
			if err := s.Frame(f.first, []byte(f.payload)); err != nil {
				t.Fatal(err)
			}
			if f.first == 0x89 {
				opcode, got, err := s.Read()
				if err != nil || opcode != enginetest.OpPong || string(got) != "between" {
					t.Fatalf("opcode %x, %q, %v", opcode, got, err)
				}
			}
		}
		x.hear(s, "4a€z")
	})
}

func TestFragmentsTooLarge(t *testing.T) {
	onFakeClock(t, engineio.Options{MaxPayload: 1000}, func(t *testing.T, x *site) {
		s, _ := x.webSocketSession()
		go func() {
			first := byte(0x01)
			for s.Frame(first, []byte(strings.Repeat("4", 100))) == nil {
				first = 0
			}
		}()
		if status := x.wantClose(s); status != 1009 {
			t.Errorf("status %d", status)
		}
	})
}

func TestLargestMessage(t *testing.T) {
	onBothClocks(t, engineio.Options{MaxPayload: 100_000}, func(t *testing.T, x *site) {
		s, _ := x.webSocketSession()
		message := "4" + strings.Repeat("x", 99_999)
		x.say(s, message)
		x.hear(s, message)
	})
}

func TestPingIsAnsweredWithItsPayload(t *testing.T) {
	onBothClocks(t, engineio.Options{}, func(t *testing.T, x *site) {
		s, _ := x.webSocketSession()
		for _, payload := range []string{"", "hello", strings.Repeat("p", 125)} {
			if err := s.Ping(payload); err != nil {
				t.Fatal(err)
			}
			opcode, got, err := s.Read()
			if err != nil || opcode != enginetest.OpPong || string(got) != payload {
				t.Errorf("opcode %x, %q, %v", opcode, got, err)
			}
		}
	})
}

// The first frame may come in the same segment as the upgrade request.
func TestFrameRightBehindTheRequest(t *testing.T) {
	x := newSite(t, listenTCP(t), engineio.NewServer(engineio.Options{}, enginetest.Echo{}))
	conn, err := x.dial()
	if err != nil {
		t.Fatal(err)
	}
	s, err := enginetest.Upgrade(&eagerConn{conn, enginetest.MaskedFrame(0x81, []byte("4early"))}, path+"websocket", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	x.parseOpen(x.text(s))
	x.hear(s, "4early")
}

func TestCompressionIsNotNegotiated(t *testing.T) {
	onFakeClock(t, engineio.Options{}, func(t *testing.T, x *site) {
		s, err := x.trySocket("websocket", map[string][]string{
			"Sec-Websocket-Extensions": {"permessage-deflate; client_max_window_bits"},
		})
		if err != nil {
			t.Fatal(err)
		}
		x.parseOpen(x.text(s))
		message := "4" + strings.Repeat("a", 2000)
		x.say(s, message)
		x.hear(s, message) // Read refuses a frame with reserved bits
		synctest.Wait()
	})
}
