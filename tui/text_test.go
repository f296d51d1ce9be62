package tui

import (
	"io"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/elite-trading-coach/coach/server/api"
)

func TestNumbersInWords(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{count(0), "0"},
		{count(999), "999"},
		{count(1000), "1 000"},
		{count(1_234_567), "1 234 567"},
		{count(-12_345), "-12 345"},
		{count(-999), "-999"},
		{short(0), "0"},
		{short(999.4), "999"},
		{short(1000), "1.0k"},
		{short(12_340), "12.3k"},
		{short(999_400), "999k"},
		{short(1_000_000), "1.0M"},
		{short(4e9), "4.0G"},
		{rate(0), "0.0"},
		{rate(45.26), "45.3"},
		{rate(12_000), "12.0k"},
		{size(0), "0 B"},
		{size(999), "999 B"},
		{size(64_000), "64.0 kB"},
		{size(412_000_000), "412 MB"},
		{size(3_000_000_000), "3.0 GB"},
		{span(-1), "0s"},
		{span(59.9), "59s"},
		{span(60), "1m"},
		{span(7200), "2h"},
		{span(47 * 3600), "47h"},
		{span(49 * 3600), "2d"},
		{ago(0.4), "now"},
		{ago(3), "3s"},
		{uptime(-time.Second), "0s"},
		{uptime(42 * time.Second), "42s"},
		{uptime(61 * time.Second), "1m 1s"},
		{uptime(3 * time.Hour), "3h 0m"},
		{uptime(76 * time.Hour), "3d 4h"},
		{millis(0), "-"},
		{millis(3.44), "3.4 ms"},
		{millis(120), "120 ms"},
		{millis(61_000), "61 s"},
		{dollars(0), "$0"},
		{dollars(2_000_000), "$2"},
		{dollars(2_500_000), "$2.50"},
	} {
		if c.got != c.want {
			t.Errorf("wrote %q, want %q", c.got, c.want)
		}
	}
}

func TestDollarsTyped(t *testing.T) {
	for text, want := range map[string]int64{"2": 2e6, "$2.50": 2.5e6, "0": 0, "0.000001": 1, "1 000": 1e9} {
		if got, ok := dollarsTyped(text); !ok || got != want {
			t.Errorf("%q is %d, %v; want %d", text, got, ok, want)
		}
	}
	for _, text := range []string{"", "-1", "1.0000001", "1,50", "two", ".5", "1e3", "99999999", "1.-5"} {
		if got, ok := dollarsTyped(text); ok {
			t.Errorf("%q is taken as %d", text, got)
		}
	}
}

func TestBars(t *testing.T) {
	at := func(second int, sockets int) api.Load {
		return api.Load{At: api.Time(time.Unix(int64(second), 0)), Sockets: sockets}
	}
	sockets := func(l api.Load) float64 { return float64(l.Sockets) }
	nan := math.NaN()
	sameNaN := cmp.Comparer(func(a, b float64) bool { return a == b || math.IsNaN(a) && math.IsNaN(b) })

	t.Run("the peak of each span is kept", func(t *testing.T) {
		// 5 minutes in 10 bars: 30 seconds each, from the clock's own half minutes.
		got := bars([]api.Load{at(600, 1), at(610, 9), at(620, 2), at(640, 4)}, 10, sockets)
		if diff := cmp.Diff([]float64{nan, nan, nan, nan, nan, nan, nan, nan, 9, 4}, got, sameNaN); diff != "" {
			t.Errorf("bars (-want +got):\n%s", diff)
		}
	})
	t.Run("bars move along and do not change", func(t *testing.T) {
		history := []api.Load{at(600, 3), at(629, 8), at(630, 5), at(659, 6)}
		early := bars(history, 10, sockets)
		later := bars(append(history, at(660, 1)), 10, sockets)
		if diff := cmp.Diff(early[1:], later[:9], sameNaN); diff != "" {
			t.Errorf("bars (-before +after):\n%s", diff)
		}
	})
	t.Run("what is too old is left out", func(t *testing.T) {
		if got := bars([]api.Load{at(0, 99), at(600, 1)}, 2, sockets); !cmp.Equal([]float64{nan, 1}, got, sameNaN) {
			t.Errorf("bars: %v", got)
		}
	})
	t.Run("nothing", func(t *testing.T) {
		if got := bars(nil, 10, sockets); got != nil {
			t.Errorf("bars: %v", got)
		}
	})
}

func TestSpark(t *testing.T) {
	for name, c := range map[string]struct {
		values []float64
		lines  int
		least  float64
		want   string
	}{
		"one line":                     {[]float64{0, 1, 2, 4, 8}, 1, 0, "▁▁▂▄█"},
		"two lines":                    {[]float64{1, 8, 16}, 2, 0, "  █\n▁██"},
		"a quiet server, a quiet line": {[]float64{1, 1}, 1, 8, "▁▁"},
		"unknown is blank":             {[]float64{math.NaN(), 8}, 1, 0, " █"},
		"zero is not unknown":          {[]float64{0, 0}, 1, 0, "▁▁"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := strings.Join(newTheme(Look{}, io.Discard).spark(c.values, c.lines, c.least), "\n"); got != c.want {
				t.Errorf("drew\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

func TestFitDropsTheLeastColumnsAndSharesTheRest(t *testing.T) {
	columns := []heading{{head: "A", width: 10, flex: 1}, {head: "B", width: 10, rank: 2}, {head: "C", width: 10, rank: 1}, {head: "D", width: 10, flex: 3}}
	names := func(cells int) (all string, sum int) {
		for _, c := range fit(columns, cells) {
			all += c.head
			sum += c.cells
		}
		return all, sum + gapOf(cells)*(len(all)-1)
	}
	for cells, want := range map[int]string{120: "ABCD", 43: "ABCD", 42: "ACD", 31: "AD", 9: "A"} {
		got, sum := names(cells)
		if got != want {
			t.Errorf("%d cells show %s, want %s", cells, got, want)
		}
		if cells > 9 && sum != cells {
			t.Errorf("%d cells are filled with %d", cells, sum)
		}
	}
}

func TestASCIIHoldsNothingElse(t *testing.T) {
	s := openWith(t, aServer(), Options{Look: Look{Palette: PalettePlain, ASCII: true}}, 100, 30)
	for _, keys := range []string{"1", "2", "2 x", "5", "6", "8", "2 enter", "2 ?"} {
		for i, r := range plainText(s.keys("esc " + keys).m.View()) {
			if r > '~' {
				t.Errorf("after %s: %q at %d", keys, r, i)
			}
		}
		s.keys("esc")
	}
}

func TestWithoutColourNothingIsColoured(t *testing.T) {
	s := openWith(t, aServer(), Options{Look: Look{Palette: PalettePlain}}, 100, 30)
	for _, page := range []string{"1", "2", "5", "7"} {
		view := s.keys(page).m.View()
		for _, colour := range []string{"[3", "[4", "[9", "[10", "38;", "48;"} {
			if strings.Contains(view, "\x1b"+colour) {
				t.Errorf("page %s has the sequence %q", page, colour)
			}
		}
	}
}
