package engineio_test

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/elite-trading-coach/coach/server/engineio"
	"github.com/elite-trading-coach/coach/server/engineio/enginetest"
)

// However the network cuts a stream of frames, the same messages come out.
func TestFramesInAnyCuts(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // cuts need no secrets
	var stream []byte
	var want []string
	for i, size := range []int{0, 1, 117, 118, 119, 120, 4000, 4083, 4084, 4096, 65_000, 65_520, 65_540, 200_000} {
		text := fmt.Sprintf("%d:%s", i, strings.Repeat("x", size))
		stream = append(stream, enginetest.MaskedFrame(0x81, []byte("4"+text))...)
		want = append(want, "4"+text)
	}
	for name, longest := range map[string]int{"bytes": 3, "packets": 1400, "blocks": 70_000} {
		t.Run(name, func(t *testing.T) {
			onBothClocks(t, engineio.Options{}, func(t *testing.T, x *site) {
				s, _ := x.webSocketSession()
				go func() {
					rest := stream
					if longest < 100 { // the small frames are cut finely; the rest would take its time
						rest = rest[:600]
					}
					for len(rest) > 0 {
						n := min(1+random.IntN(longest), len(rest))
						if s.Raw(rest[:n]) != nil {
							return
						}
						rest = rest[n:]
					}
				}()
				count := len(want)
				if longest < 100 {
					count = 4
				}
				for _, text := range want[:count] {
					x.hear(s, text)
				}
			})
		})
	}
}

func TestClosingStatuses(t *testing.T) {
	for status, want := range map[int]int{
		1000: 1000, 1001: 1001, 1003: 1003, 1014: 1014, 3000: 3000, 4999: 4999,
		0: 1002, 999: 1002, 1004: 1002, 1005: 1002, 1006: 1002, 1015: 1002, 2999: 1002, 5000: 1002,
	} {
		onFakeClock(t, engineio.Options{}, func(t *testing.T, x *site) {
			s, _ := x.webSocketSession()
			go func() { _ = s.Frame(0x88, binary.BigEndian.AppendUint16(nil, uint16(status))) }()
			if got := x.wantClose(s); got != want {
				t.Errorf("%d was answered with %d, want %d", status, got, want)
			}
		})
	}
	for name, test := range map[string]struct {
		payload string
		want    int
	}{"half a status": {"\x03", 1002}, "reason not UTF-8": {"\x03\xe8\xff", 1007}, "reason": {"\x03\xe8bye", 1000}} {
		onFakeClock(t, engineio.Options{}, func(t *testing.T, x *site) {
			s, _ := x.webSocketSession()
			go func() { _ = s.Frame(0x88, []byte(test.payload)) }()
			if got := x.wantClose(s); got != test.want {
				t.Errorf("%s was answered with %d, want %d", name, got, test.want)
			}
		})
	}
}
