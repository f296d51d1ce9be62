package journal_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/elite-trading-coach/coach/server/auth"
)

// funded writes the plan of a funded account as it stood on the morning.
func (p *place) funded(a auth.Actor, kind, more string) {
	p.t.Helper()
	noonNow := p.now
	p.now = noon.Add(-3 * time.Hour)
	p.put(a, fmt.Sprintf("account: {equity: 50000, drawdown: {kind: %s, amount: 2500%s}}", kind, more))
	p.now = noonNow
}

func (p *place) room(a auth.Actor) string {
	p.t.Helper()
	d, err := p.DeskOf(context.Background(), a.UserID)
	if err != nil {
		p.t.Fatal(err)
	}
	if d.Session.DrawdownRoom == nil {
		return "unknown"
	}
	return d.Session.DrawdownRoom.String()
}

// peaked is ten MES that stood at +$1 500 when a part was sold, and ended at
// +$200.
const peaked = `{"instrument":"MES","side":"long","stop":5990,"fills":[{"side":"buy","quantity":10,"price":6000,"at":"2026-03-10T14:30:00Z"},
	{"side":"sell","quantity":1,"price":6030,"at":"2026-03-10T14:40:00Z"},{"side":"sell","quantity":8,"price":6001,"at":"2026-03-10T14:50:00Z"},
	{"side":"sell","quantity":1,"price":6002,"at":"2026-03-10T14:55:00Z"}]}`

func TestDrawdownRoom(t *testing.T) {
	evening := noon.Add(6 * time.Hour)
	for _, test := range []struct {
		name, kind, more string
		now              time.Time
		want             string
	}{
		{"intraday, vector 4", "intraday", "", noon, "1200"},
		{"intraday, the evening after", "intraday", "", evening, "1200"},
		{"intraday, locked", "intraday", ", lockAt: 48000", noon, "2200"},
		{"end of day, vector 5, before the close", "endOfDay", "", noon, "2700"},
		{"end of day, vector 5, after the close", "endOfDay", "", evening, "2500"},
		{"static", "static", "", evening, "2700"},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := open(t)
			ann := p.trader("ann")
			p.funded(ann, test.kind, test.more)
			if room := p.room(ann); room != "unknown" {
				t.Errorf("nobody kept a journal yet, and the room is %s", room)
			}
			p.add(ann, peaked)
			p.now = test.now
			if room := p.room(ann); room != test.want {
				t.Errorf("room %s, want %s", room, test.want)
			}
		})
	}
}

// What the rule knows reaches the answer: the room bounds the size.
func TestDrawdownRoomBoundsTheIdea(t *testing.T) {
	onBoth(t, func(p *place) {
		ann := p.trader("ann")
		p.funded(ann, "intraday", "")
		p.add(ann, `{"instrument":"MES","side":"long","quantity":10,"entry":6000,"exit":5952,"openedAt":"2026-03-10T14:30:00Z","closedAt":"2026-03-10T14:40:00Z"}`)
		if room := p.room(ann); room != "100" {
			p.t.Fatalf("room %s, want 100", room)
		}
		a := p.said(ann, "long 4 MES at 6000, stop 5994, target 6012")
		if a.Verdict == "diamond" || !strings.Contains(a.Text, "drawdown") && !strings.Contains(a.Text, "Drawdown") {
			p.t.Errorf("%s\n%s", a.Verdict, a.Text)
		}
	})
}

func TestDrawdownIsNotTalkedDown(t *testing.T) {
	lost := `{"instrument":"MES","side":"long","quantity":10,"entry":6000,"exit":%s,"openedAt":"2026-03-10T14:30:00Z","closedAt":"2026-03-10T14:40:00Z"}`
	t.Run("TouchedOnce", func(t *testing.T) {
		p := open(t)
		ann := p.trader("ann")
		p.funded(ann, "static", "")
		p.add(ann, fmt.Sprintf(lost, "5950")) // −2 500: the floor
		p.add(ann, `{"instrument":"MES","side":"long","quantity":10,"entry":6000,"exit":6020,"openedAt":"2026-03-10T15:30:00Z","closedAt":"2026-03-10T15:40:00Z"}`)
		if room := p.room(ann); room != "0" {
			t.Errorf("a floor that was touched has room %s", room)
		}
	})
	t.Run("MoreEquityCountsTomorrow", func(t *testing.T) {
		p := open(t)
		ann := p.trader("ann")
		p.funded(ann, "static", "")
		p.add(ann, fmt.Sprintf(lost, "5960")) // −2 000
		p.put(ann, "account: {equity: 52000, drawdown: {kind: static, amount: 2500}}")
		if room := p.room(ann); room != "500" {
			t.Errorf("today %s, want 500", room)
		}
		p.now = noon.Add(6 * time.Hour)
		if room := p.room(ann); room != "4500" {
			t.Errorf("tomorrow %s, want 4500: 52 000 over the floor of 47 500", room)
		}
	})
	t.Run("LessEquityLowersNoFloor", func(t *testing.T) {
		p := open(t)
		ann := p.trader("ann")
		p.funded(ann, "endOfDay", "")
		p.add(ann, fmt.Sprintf(lost, "5960"))
		p.put(ann, "account: {equity: 48000, drawdown: {kind: endOfDay, amount: 2500}}")
		if room := p.room(ann); room != "500" {
			t.Errorf("room %s, want 500", room)
		}
	})
	t.Run("TheRuleTakenAwayStandsToday", func(t *testing.T) {
		p := open(t)
		ann := p.trader("ann")
		p.funded(ann, "static", "")
		p.add(ann, fmt.Sprintf(lost, "5960"))
		p.put(ann, "account: {equity: 50000}")
		if room := p.room(ann); room != "500" {
			t.Errorf("room %s, want 500", room)
		}
	})
}
