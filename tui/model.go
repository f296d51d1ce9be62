// Package tui is the admin screen of `coach admin`: what a server does, drawn
// in a terminal once a second, and the verbs of an operator, each with a
// question before it.
//
// It is one Bubble Tea program. [Model] owns everything that is on the screen;
// its parts are plain structs: the link that follows the server, the pages and
// what was opened from them (a stack of screens), the bar one types in, the
// dialog that asks. Update never waits: what takes time is made a command by
// work and comes back as a message, and whoever is not concerned any more drops
// it. The server filters, sorts and pages; this side holds what is in sight
// and a little more, so that ten thousand sockets cost no more than fifty.
//
// [Source] is the seam to the server. [Run] is the program, [Once] prints one
// page for scripts.
package tui

import (
	"cmp"
	"slices"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"github.com/elite-trading-coach/coach/server/api"
)

// Model is the screen.
type Model struct {
	work  *work
	theme *theme
	now   func() time.Time
	look  lookOnly

	cells, lines int
	link         link
	shot         api.Snapshot
	history      []api.Load
	pages        []page
	roots        []root   // the screen of each page, made once
	at           int      // the page on the screen
	above        []screen // what was opened from it
	bar          *bar     // nil: nobody types
	dialog       *dialog  // nil: nothing is asked
	help         *window  // nil: not on the screen
	note         note
	crash        crashed
	pulls        int // so many were asked for
	ticks        int
}

// lookOnly is why verbs are not offered: "" is no reason.
type lookOnly string

// note is the last thing worth saying, for some seconds.
type note struct {
	text  string
	tone  tone
	until time.Time
}

const noteLasts = 6 * time.Second

// newModel is the screen as it is before anything was drawn. first is what the
// server said when it was asked whether it is there.
func newModel(w *work, t *theme, o Options, first api.Snapshot) *Model {
	m := &Model{work: w, theme: t, now: o.now(), look: lookOnly(o.LookOnly), pages: pages()}
	for _, p := range m.pages {
		m.roots = append(m.roots, p.make())
	}
	m.snapped(first)
	return m
}

// ticked is the passing of a second.
type ticked struct{}

func (m *Model) tick() tea.Cmd { return m.work.after(time.Second, ticked{}) }

// Init is Bubble Tea's.
func (m *Model) Init() tea.Cmd { return tea.Batch(m.follow(), m.tick()) }

// Update is Bubble Tea's. It waits for nothing.
func (m *Model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.cells, m.lines = msg.Width, msg.Height
	case tea.KeyMsg:
		return m, m.press(msg)
	case ticked:
		return m, tea.Batch(m.tick(), m.second())
	case occurred:
		return m, m.happen(msg)
	case snapped:
		m.takeSnapshot(msg)
	case pulled:
		m.takePulled(msg)
	case done:
		return m, m.takeDone(msg)
	case crashed:
		m.crash = msg
		return m, tea.Quit
	}
	return m, nil
}

// second does what is due: the next try, a snapshot, what is on the screen.
func (m *Model) second() tea.Cmd {
	m.ticks++
	if m.note.text != "" && m.now().After(m.note.until) {
		m.note = note{}
	}
	switch m.link.state {
	case linkLost:
		if !m.now().Before(m.link.retryAt) {
			return m.follow()
		}
	case linkLive:
		if m.ticks%2 == 0 {
			return tea.Batch(m.snap(Source.Snapshot), m.top().pull(m))
		}
		return m.top().pull(m)
	}
	return nil
}

func (m *Model) takeSnapshot(s snapped) {
	switch {
	case s.number != m.link.number:
	case s.err != nil:
		m.lose(s.err)
	default:
		m.snapped(s.shot)
	}
}

func (m *Model) snapped(shot api.Snapshot) {
	if len(shot.History) > 0 {
		m.history = shot.History
	}
	m.shot = shot
	slices.SortStableFunc(m.shot.Tiers, func(a, b api.Tier) int { return cmp.Compare(rank(a.Name), rank(b.Name)) })
	if m.look == "" && shot.You.Scope == api.ScopeReadOnly {
		m.look = "This operator token may look and change nothing."
	}
}

func (m *Model) takePulled(p pulled) {
	if p.err != nil && broken(p.err) && m.link.state == linkLive {
		m.lose(p.err)
	}
	// Whoever asked may not be on top any more, and waits for it all the same.
	for _, s := range m.roots {
		s.take(p)
	}
	for _, s := range m.above {
		s.take(p)
	}
}

// historyKept is so many loads: those of the last minutes, one a second.
const historyKept = int(minutes / time.Second)

// hear takes one event of the stream in. What it says about lists is not
// needed: the one in sight is pulled every second.
func (m *Model) hear(e api.Event) {
	switch {
	case e.Load != nil:
		m.history = append(m.history, *e.Load)
		m.history = m.history[max(0, len(m.history)-historyKept):]
		if len(m.shot.Nodes) <= 1 { // of several, the next snapshot has the sum
			m.shot.Load = *e.Load
		}
	case e.Log != nil:
		for _, s := range m.roots {
			if book, ok := s.(*logbook); ok {
				book.add(*e.Log)
			}
		}
	}
}

func (m *Model) top() screen {
	if len(m.above) > 0 {
		return m.above[len(m.above)-1]
	}
	return m.roots[m.at]
}

// readOnly reports whether verbs are out of reach.
func (m *Model) readOnly() bool { return m.look != "" }

// say shows a note at the bottom.
func (m *Model) say(as tone, text string) {
	m.note = note{text, as, m.now().Add(noteLasts)}
}

// pullNow asks for what is on the screen at once.
func (m *Model) pullNow() tea.Cmd { return m.top().pull(m) }

// show puts a screen on top.
func (m *Model) show(s screen) tea.Cmd {
	m.above = append(m.above, s)
	return m.pullNow()
}

// back takes the top screen away; false = there is none above the page.
func (m *Model) back() bool {
	if len(m.above) == 0 {
		return false
	}
	m.above = m.above[:len(m.above)-1]
	return true
}

// open goes to a page.
func (m *Model) open(page int) tea.Cmd {
	m.at, m.above = page, nil
	return m.pullNow()
}
