package tui

import (
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"
)

func TestPagesAreReachedBy(t *testing.T) {
	for name, prepare := range map[string]func(*stage){
		"a number":              func(s *stage) { s.keys("4") },
		"tab":                   func(s *stage) { s.keys("tab tab tab") },
		"tab, round the corner": func(s *stage) { s.keys("shift+tab shift+tab shift+tab shift+tab shift+tab shift+tab") },
		"its name":              func(s *stage) { s.keys(":").types("users").keys("enter") },
		"an alias":              func(s *stage) { s.keys(":").types("accounts").keys("enter") },
		"the beginning of it":   func(s *stage) { s.keys(":").types("us").keys("enter") },
		"completion":            func(s *stage) { s.keys(":").types("us").keys("tab enter") },
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, aServer(), 80, 24)
			prepare(s)
			s.shows("E-MAIL", "ana@example.com")
		})
	}
	t.Run("its name with a filter", func(t *testing.T) {
		open(t, aServer(), 80, 24).keys(":").types("users tier=premium").keys("enter").shows("carla", "3 of 16").lacks("ana@")
	})
	t.Run("no name", func(t *testing.T) {
		open(t, aServer(), 80, 24).keys(":").types("nonsense").keys("enter").shows("There is no page or command nonsense", ":nonsense").keys("esc").lacks(":nonsense")
	})
	t.Run("two meanings", func(t *testing.T) {
		open(t, aServer(), 80, 24).keys(":").types("a").keys("enter").shows("There is no page or command a")
	})
}

func TestFilter(t *testing.T) {
	t.Run("OK", func(t *testing.T) {
		s := open(t, aServer(), 80, 24).keys("2 /").types("tier=premium queue<1k").keys("enter")
		s.shows("/tier=premium queue<1k", "of 16", "carla").lacks("ana  ")
		s.keys("esc").shows("ana  ").lacks("/tier")
	})
	t.Run("that does not parse is said and kept", func(t *testing.T) {
		s := open(t, aServer(), 120, 24).keys("2 /").types("tire=free").keys("enter")
		s.shows("There is no field tire", "/tire=free", "ana  ")
		s.keys("backspace backspace backspace backspace backspace backspace backspace backspace backspace").types("tier=free").keys("enter").shows("ana", "10 of 16")
	})
	t.Run("that nothing answers to", func(t *testing.T) {
		open(t, aServer(), 80, 24).keys("2 /").types("user=nobody").keys("enter").shows("Nothing answers to the filter user=nobody. Esc takes it away.")
	})
	t.Run("of the log is matched here", func(t *testing.T) {
		s := open(t, aServer(), 80, 24)
		for _, e := range logLines() {
			s.m.hear(e)
		}
		s.keys("8 /").types("level=error").keys("enter").shows("the provider refused", "1 lines").lacks("answer finished")
	})
	t.Run("where there are no rows", func(t *testing.T) {
		open(t, aServer(), 80, 24).keys("1 /").shows("There is nothing to filter here.")
	})
}

func TestSort(t *testing.T) {
	s := open(t, aServer(), 100, 30)
	first := func(want, head string) {
		t.Helper()
		lines := strings.Split(plainText(s.m.View()), "\n")
		if !strings.Contains(lines[6], want) || !strings.Contains(lines[5], head) {
			t.Errorf("the first row is %q under %q; want %s under %s", lines[6], lines[5], want, head)
		}
	}
	s.keys("2")
	first("paula", "AGE↓")
	s.keys("U")
	first("ana", "USER↑")
	s.keys("U")
	first("paula", "USER↓")
	s.keys("Q")
	first("300k", "QUEUE↓")
	s.keys(">")
	first("paula", "RTT↓")
	s.keys("<")
	first("300k", "QUEUE↓")
	if last := s.s.lists[len(s.s.lists)-1]; last.Sort != "-queue" {
		t.Errorf("the server was asked to sort by %q", last.Sort)
	}
}

func TestDrillingDownAndBack(t *testing.T) {
	s := open(t, aServer(), 100, 40).keys("2 down enter")
	s.shows("Connections › oscar 203.0.113.189", "send_message", "FORBIDDEN", "messages")
	s.keys("enter").shows("Connections › oscar 203.0.113.189 › user oscar", "oscar@example.com", "Sessions")
	s.keys("esc").shows("Recent events").keys("esc").shows("QUEUE").lacks("Recent events")
	t.Run("into a room", func(t *testing.T) {
		s := open(t, aServer(), 100, 40).keys("2 enter down down down down down down down down down down down down down enter")
		s.shows("› room 00000001", "delivered")
	})
	t.Run("into what has gone", func(t *testing.T) {
		server := aServer()
		s := open(t, server, 100, 30).keys("2")
		server.connections = nil
		s.keys("enter").shows("There is no such connection (any more).").keys("esc")
	})
}

func TestVerbs(t *testing.T) {
	const paula, ana, hugo = "0199c0de-1111-7000-8000-000000000015", "0199c0de-1111-7000-8000-000000000000", "0199c0de-1111-7000-8000-000000000007"
	for name, c := range map[string]struct {
		keys, text, then string
		did, said        string
	}{
		"disconnect":                  {"2 x y", "", "", "disconnect sock0015", "Disconnected paula."},
		"disconnect, by the button":   {"2 x right enter", "", "", "disconnect sock0015", "Disconnected paula."},
		"sign out":                    {"2 o y", "", "", "sign out " + paula, "2 sessions ended."},
		"disable":                     {"4 d y", "", "", "disable " + ana, "Disabled ana."},
		"enable":                      {"4 down down down down down down down d y", "", "", "enable " + hugo, "Enabled hugo."},
		"change the tier":             {"4 t down enter", "", "", "tier of " + ana + ": premium", "ana is premium now."},
		"lift all limits of somebody": {"4 l y", "", "", "lift user:" + ana + ` ""`, "Lifted the limits of ana."},
		"lift one limit":              {"7 down l y", "", "", `lift address:198.51.100.0/24 "signin"`, "Lifted signin of 198.51.100.9."},
		"stop an answer":              {"6 s y", "", "", "stop a2", "Stopped the answer to carla."},
		"notice":                      {"n", "Back in five minutes.", "enter", "announce Back in five minutes.", "Told 1 234 sockets"},
		"drain":                       {": d r a i n enter", "drain", "enter", "drain", "The server is draining."},
		"edit a limit":                {"5 down down right right enter backspace backspace", "45", "enter y", "messages of premium: 45", "premium, messages / minute: 45."},
		"edit a budget":               {"5 down down down down right enter backspace", "2.50", "enter y", "budget of free: 2500000", "free, budget / month: $2.50."},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, aServer(), 100, 30).keys(c.keys).types(c.text).keys(c.then)
			s.did(c.did).shows(c.said)
		})
	}
}

func TestVerbsAreNotMeantByAccident(t *testing.T) {
	for name, keys := range map[string]string{
		"enter alone": "2 x enter", "esc": "2 x esc", "n": "2 x n", "the button that leaves it": "2 x right left enter", "a wrong word": ": d r a i n enter y e s enter",
		"an empty notice": "n enter", "a limit that stays": "5 enter enter", "a limit that is no number": "5 enter x enter",
	} {
		t.Run(name, func(t *testing.T) { open(t, aServer(), 80, 24).keys(keys).did() })
	}
}

func TestReadOnly(t *testing.T) {
	t.Run("the operator is", func(t *testing.T) {
		server := aServer()
		server.shot.You.Scope = "read-only"
		s := open(t, server, 80, 24)
		s.shows("read-only").keys("2 x").shows("This operator token may look and change nothing.").lacks("leave it", "disconnect")
		s.keys("5 enter").did()
		s.keys("n").did().lacks("Notice to all")
	})
	t.Run("the screen is", func(t *testing.T) {
		s := openWith(t, aServer(), Options{LookOnly: "This screen was opened with --read-only."}, 80, 24)
		s.keys("2 x y").did().shows("This screen was opened with --read-only.")
	})
}

func TestHelpScrolls(t *testing.T) {
	s := open(t, aServer(), 80, 24).keys("2 ?")
	s.shows("disconnect", "Sort by").lacks("user~ana").keys("end").shows("user~ana").keys("?").shows("QUEUE").lacks("user~ana")
}

func TestKeysThatComeInOnePiece(t *testing.T) {
	s := open(t, aServer(), 80, 24)
	together := func(text string, paste bool) {
		s.run(s.m.press(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(text), Paste: paste}))
	}
	together("2/tier=premium", false)
	s.shows("/tier=premium", "QUEUE").keys("enter").shows("3 of 16")
	t.Run("are nothing where they were pasted", func(t *testing.T) {
		together("xy", true)
		s.did()
	})
	t.Run("are text where one types", func(t *testing.T) {
		s.keys("/")
		together(" user=carla", true)
		s.keys("enter").shows("1 of 16").did()
	})
}
