package loadtest

import (
	"errors"
	"slices"
	"testing"
)

func TestThreshold(t *testing.T) {
	r := &Report{Connections: 10, Latencies: map[string]Latency{metricAck: {Count: 3, P99: 120.5}, metricAnswer: {}}}
	r.Sockets.StayedUpPercent, r.Checked.Lost = 99.5, 2
	for text, want := range map[string]Outcome{
		"ack.p99<100ms":   {Value: 120.5, Measured: true},
		"ack.p99 <= 0.2s": {Value: 120.5, Measured: true, Holds: true},
		"ack.count==3":    {Value: 3, Measured: true, Holds: true},
		"lost==0":         {Value: 2, Measured: true},
		"lost!=0":         {Value: 2, Measured: true, Holds: true},
		"up>=99%":         {Value: 99.5, Measured: true, Holds: true},
		"up>99.5":         {Value: 99.5, Measured: true},
		"answer.p50<1s":   {}, // nothing was measured, which proves nothing
		"answer.count==0": {Measured: true, Holds: true},
	} {
		t.Run(text, func(t *testing.T) {
			c, err := ParseThreshold(text)
			if err != nil {
				t.Fatal(err)
			}
			want.Threshold = text
			if got := c.against(r); got != want {
				t.Errorf("%+v, want %+v", got, want)
			}
		})
	}
}

func TestThresholdsThatCannotBe(t *testing.T) {
	for _, text := range []string{"", "lost", "lost=0", "ack.p99<100", "ack<100ms", "lost<5ms", "up>=x%", "lost==0 && up>1"} {
		var flag *FlagError
		if _, err := ParseThreshold(text); !errors.As(err, &flag) || flag.Flag != "threshold" {
			t.Errorf("%q gave %v, want a mistake in --threshold", text, err)
		}
	}
	for _, text := range []string{"acks.p99<100ms", "ack.p98<100ms", "losst==0"} {
		var unknown *UnknownError
		if _, err := ParseThreshold(text); !errors.As(err, &unknown) || !slices.Contains(unknown.Known, "ack.p99") {
			t.Errorf("%q gave %v, want the metrics there are", text, err)
		}
	}
}

func TestAGivenThresholdTakesTheDefaultsPlace(t *testing.T) {
	given, err := ParseThreshold("up>=50%")
	if err != nil {
		t.Fatal(err)
	}
	all, err := withDefaults([]Threshold{given})
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, c := range all {
		texts = append(texts, c.Text)
	}
	if want := []string{"up>=50%", "lost==0", "doubled==0", "reordered==0", "forged==0", "gaps==0"}; !slices.Equal(texts, want) {
		t.Errorf("%q, want %q", texts, want)
	}
}

func TestReadUsage(t *testing.T) {
	stat := "77 (a (strange) name) S 1 77 77 0 -1 4194560 1 0 0 0 150 25 0 0 20 0 9 0 100 1 2 3"
	status := "Name:\tcoach\nVmHWM:\t   2048 kB\nVmRSS:\t   1024 kB\n"
	got := readUsage(stat, status)
	if want := (usage{CPU: 175 * clockTick, RSS: 1 << 20, Peak: 2 << 20}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

func TestRolesAreDealtToEverySocket(t *testing.T) {
	names, _ := Scenarios()
	for _, name := range names {
		s, err := findScenario(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range []int{1, 7, 100} {
			if got := len(s.roles(n, 0)); got != n {
				t.Errorf("%s deals %d roles to %d sockets", name, got, n)
			}
		}
	}
	mixed, _ := findScenario("mixed")
	for _, r := range mixed.roles(10, 3) {
		if r.talks() && r.room != 3 {
			t.Errorf("a conversation has %d sockets, want 3", r.room)
		}
	}
}
