package tui

import (
	"fmt"
	"strings"
	"time"
)

// The smallest terminal that everything has room on.
const (
	leastCells = 80
	leastLines = 24
)

// View is Bubble Tea's: head, title, the screen, foot.
func (m *Model) View() string {
	switch {
	case m.cells == 0:
		return "" // the size is not known yet
	case m.cells < leastCells || m.lines < leastLines:
		return strings.Join(m.tooSmall(), "\n")
	}
	c := m.canvas()
	lines := m.head(c)
	body := c
	body.lines = m.lines - len(lines) - 2
	drawn := m.body(body)
	for len(drawn) < body.lines {
		drawn = append(drawn, "")
	}
	lines = append(lines, drawn[:body.lines]...)
	lines = append(lines, c.paint(toneFaint, strings.Repeat(c.rule, c.cells)), m.foot(c))
	return strings.Join(lines, "\n")
}

func (m *Model) canvas() canvas {
	return canvas{theme: m.theme, cells: m.cells, lines: m.lines, now: m.now(), model: m}
}

// body is the screen, with what lies over it.
func (m *Model) body(c canvas) []string {
	if m.help != nil {
		return m.drawHelp(c)
	}
	drawn := m.top().draw(c)
	if m.dialog == nil {
		return drawn
	}
	for len(drawn) < c.lines {
		drawn = append(drawn, "")
	}
	return over(drawn, m.dialog.box(c), c.cells)
}

// tooSmall says what is needed, on whatever there is.
func (m *Model) tooSmall() []string {
	text := fmt.Sprintf("This terminal is %d by %d; coach admin needs %d by %d. Make it larger, or print a page with coach admin --once. q quits.",
		m.cells, m.lines, leastCells, leastLines)
	lines := wrap(text, max(1, m.cells-2))
	lines = lines[:min(len(lines), max(1, m.lines))]
	before := max(0, (m.lines-len(lines))/2)
	all := make([]string, before, m.lines)
	for _, line := range lines {
		all = append(all, " "+line)
	}
	for len(all) < m.lines {
		all = append(all, "")
	}
	return all
}

// head is who answers, the pages, and where one is.
func (m *Model) head(c canvas) []string {
	lines := []string{m.nameLine(c)}
	lines = append(lines, m.tabs(c)...)
	if banner := m.banner(c); banner != "" {
		lines = append(lines, banner)
	}
	return append(lines, m.titleLine(c), "")
}

func (m *Model) nameLine(c canvas) string {
	state := m.state(c)
	left := " " + c.paint(toneAccent, "coach") + "  " + c.paint(toneStrong, clean(nodeName(m.shot)))
	parts := []string{clean(m.shot.Build.Version)}
	for _, n := range m.shot.Nodes {
		if n.Self {
			parts = append(parts, "up "+uptime(c.now.Sub(time.Time(n.StartedAt))))
		}
	}
	if others := len(m.shot.Nodes) - 1; others > 0 {
		parts = append(parts, fmt.Sprintf("%d more nodes", others))
	}
	left += c.paint(toneDim, "  "+strings.Join(parts, " "+c.between+" "))
	return c.spread(left, state+" ")
}

// spread puts one text at the left and one at the right; the left one yields.
func (c canvas) spread(left, right string) string {
	left = c.clip(left, c.cells-width(right)-1)
	return left + blank(c.cells-width(left)-width(right)) + right
}

// state is who looks, and whether what is seen is true now.
func (m *Model) state(c canvas) string {
	who := c.paint(toneDim, clean(m.shot.You.Name))
	if m.readOnly() {
		who += c.paint(toneWarn, " read-only")
	}
	switch m.link.state {
	case linkLive:
		if !m.shot.Load.Ready {
			return who + "  " + c.paint(toneWarn, c.dot+" not ready")
		}
		return who + "  " + c.paint(toneGood, c.dot+" live")
	case linkOpening:
		return who + "  " + c.paint(toneDim, c.dot+" connecting")
	}
	return who + "  " + c.paint(toneBad, c.dot+" away")
}

// tabs are the pages, and under them a rule that is heavy under the one on the
// screen.
func (m *Model) tabs(c canvas) []string {
	var names, rule strings.Builder
	names.WriteString(" ")
	rule.WriteString(c.paint(toneFaint, c.rule))
	gap, numbered := 2, c.cells >= 110
	for i, p := range m.pages {
		text, as := p.title, toneDim
		if numbered {
			text = fmt.Sprintf("%d %s", i+1, p.title)
		}
		line := c.rule
		if i == m.at {
			as, line = toneAccent, c.heavy
		}
		names.WriteString(c.paint(as, text) + blank(gap))
		inked := c.paint(toneFaint, strings.Repeat(c.rule, width(text)))
		if i == m.at {
			inked = c.paint(toneAccent, strings.Repeat(line, width(text)))
		}
		rule.WriteString(inked + c.paint(toneFaint, strings.Repeat(c.rule, gap)))
	}
	rest := c.cells - width(rule.String())
	return []string{names.String(), rule.String() + c.paint(toneFaint, strings.Repeat(c.rule, max(0, rest)))}
}

// banner says that the connection is lost, and what happens next.
func (m *Model) banner(c canvas) string {
	var text string
	switch m.link.state {
	case linkLost:
		wait := max(0, m.link.retryAt.Sub(c.now)).Round(time.Second)
		text = fmt.Sprintf("%s Lost the server at %s. Next try in %s, r tries now: %s", c.warning, m.link.since.In(c.now.Location()).Format(time.TimeOnly), wait, plainly(m.link.err))
	case linkRefused:
		text = fmt.Sprintf("%s The server refuses this operator: %s r tries again, q quits.", c.warning, plainly(m.link.err))
	case linkOpening:
		if m.link.tries == 0 {
			return ""
		}
		text = c.warning + " Connecting again…"
	default:
		return ""
	}
	return " " + c.paint(toneWarn, c.clip(text, c.cells-2))
}

// titleLine is the way one came, and the screen's own words.
func (m *Model) titleLine(c canvas) string {
	steps := []string{m.roots[m.at].title()}
	for _, s := range m.above {
		steps = append(steps, s.title())
	}
	last := len(steps) - 1
	left := " "
	for i, step := range steps {
		if i < last {
			left += c.paint(toneDim, step+" "+c.step+" ")
			continue
		}
		left += c.paint(toneStrong, step)
	}
	return c.spread(left, m.top().status(c)+" ")
}

// foot is the bar while somebody types, else the keys, else the last note.
func (m *Model) foot(c canvas) string {
	if m.bar != nil {
		return m.bar.draw(c)
	}
	note := c.paint(m.note.tone, m.note.text)
	if m.note.text != "" {
		return c.spread(" "+c.clip(note, c.cells-2), "")
	}
	if m.help != nil {
		return c.hints([]hint{{"up down", "scroll"}, {"any other key", "back"}}, c.cells)
	}
	always := c.hints([]hint{{":", "go to"}, {"?", "help"}, {"q", "quit"}}, c.cells)
	return c.spread(c.hints(m.top().hints(m), c.cells-width(always)), always)
}

// hints are as many keys as there is room for.
func (c canvas) hints(all []hint, cells int) string {
	line := ""
	for _, h := range all {
		next := " " + c.paint(toneAccent, h.key) + " " + c.paint(toneDim, h.does) + " "
		if width(line)+width(next) > cells {
			break
		}
		line += next
	}
	return line
}
