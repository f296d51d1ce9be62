package tui

import (
	"fmt"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"github.com/elite-trading-coach/coach/server/api"
)

// crowded is a server with so many sockets.
func crowded(sockets int) *scripted {
	s := aServer()
	s.connections = nil
	for i := range sockets {
		s.connections = append(s.connections, api.Connection{
			ID: fmt.Sprintf("sock%06d", i), Username: fmt.Sprintf("user%06d", i), Tier: "free", Address: "203.0.113.9", Transport: "websocket",
			PacketsIn: uint64(i), ConnectedAt: before(time.Duration(sockets-i) * time.Second), AgeSeconds: float64(sockets - i), UserAgent: "Firefox/142.0",
		})
	}
	return s
}

func TestRowsComeAsOneScrolls(t *testing.T) {
	s := open(t, crowded(250), 80, 24).keys("2")
	s.shows("user000000", "250")
	for range 20 {
		s.keys("pgdown")
	}
	s.keys("end").shows("user000249").lacks("user000000")
	if asked := len(s.s.lists); asked < 3 || asked > 6 {
		t.Errorf("250 rows were asked for in %d pages of %d", asked, pageRows)
	}
	s.keys("home").shows("user000000")
}

func TestOnlyWhatIsInSightIsPulledAgain(t *testing.T) {
	s := open(t, crowded(250), 80, 24).keys("2")
	for range 20 {
		s.keys("pgdown")
	}
	s.keys("end")
	before := len(s.s.lists)
	for range 3 {
		s.run(s.m.second())
	}
	for _, l := range s.s.lists[before:] {
		if l.Cursor == "" {
			t.Errorf("the first page was pulled again: %+v", l)
		}
	}
	if len(s.s.lists)-before != 3 {
		t.Errorf("%d pulls in three seconds", len(s.s.lists)-before)
	}
}

func TestTheSelectedRowIsFollowed(t *testing.T) {
	server := crowded(30)
	s := open(t, server, 80, 24).keys("2 down down down")
	s.shows("▌ user000003")
	server.connections = server.connections[2:] // two above it leave
	s.run(s.m.second())
	s.shows("▌ user000003").lacks("user000000")
	server.connections = server.connections[10:] // and it, too
	s.run(s.m.second())
	s.lacks("user000003").shows("▌ user")
}

func TestRowsThatLeaveShortenTheList(t *testing.T) {
	server := crowded(250)
	s := open(t, server, 80, 24).keys("2")
	for range 20 {
		s.keys("pgdown")
	}
	server.connections = server.connections[:40]
	for range 3 {
		s.keys("home")
		s.run(s.m.second())
	}
	s.keys("end").shows("user000039", "40")
}

func TestAnswersToFormerQuestionsAreDropped(t *testing.T) {
	s := open(t, aServer(), 80, 24)
	late := s.m.open(1)                         // the connections are asked for
	s.keys("/").types("user=ana").keys("enter") // and then fewer of them
	s.shows("1 of 16")
	s.run(late)
	s.shows("1 of 16").lacks("ben")
}

func TestAScreenThatIsLeftIsAnsweredAllTheSame(t *testing.T) {
	s := open(t, aServer(), 80, 24)
	late := s.m.open(1) // the connections are asked for,
	s.keys("3")         // and left before they are there
	s.run(late)
	s.keys("2").shows("ana", "16")
	s.s.connections = s.s.connections[:3]
	s.run(s.m.second())
	s.lacks("paula").shows("carla")
}

func TestTextOfOthersStaysInItsCell(t *testing.T) {
	server := aServer()
	server.connections[0].Username = "\x1b[31mred\x07\n\u202eevil" + "長長長長長長長長長長長長長長長長"
	server.connections[0].UserAgent = "\x1b]0;title\x07"
	server.shot.Nodes[0].Name = "\x1b[2Jnode"
	s := open(t, server, 160, 50).keys("2 end")
	view := s.m.View()
	for _, bad := range []string{"\x1b[31m", "\x1b[2J", "\x07", "\u202e", "\x1b]0;"} {
		if strings.Contains(view, bad) {
			t.Errorf("the screen holds %q", bad)
		}
	}
	hold(t, "hostile-160x50", view, 160, 50)
	s.keys("enter")
	hold(t, "hostile-detail-160x50", s.m.View(), 160, 50)
}

func BenchmarkKeyWith10000Rows(b *testing.B) {
	server := crowded(10_000)
	s := open(b, server, 160, 50).keys("2")
	l, _ := s.m.top().(*list[api.Connection])
	for l.more {
		l.cursor = len(l.rows) - 1
		s.run(l.near(s.m))
	}
	if len(l.rows) != 10_000 {
		b.Fatalf("%d rows", len(l.rows))
	}
	var keys []tea.KeyMsg
	for _, name := range []string{"up", "pgup", "home", "end", "down"} {
		keys = append(keys, keyOf(name))
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		s.m.Update(keys[i%len(keys)])
		s.m.View()
	}
}

func BenchmarkPullWith10000Rows(b *testing.B) {
	server := crowded(10_000)
	s := open(b, server, 160, 50).keys("2")
	l, _ := s.m.top().(*list[api.Connection])
	for l.more {
		l.cursor = len(l.rows) - 1
		s.run(l.near(s.m))
	}
	page := api.Page[api.Connection]{Items: l.rows[:pageRows], NextCursor: "x", Matched: 10_000, Total: 10_000}
	b.ReportAllocs()
	for b.Loop() {
		l.page, l.waiting = 0, 7
		s.m.Update(pulled{number: 7, value: page})
		s.m.View()
	}
}
