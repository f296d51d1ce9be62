package tui

import (
	"context"
	"strings"

	"github.com/charmbracelet/bubbles/textinput"
	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"
)

// dialog asks before something is done. It lies over the screen, and takes all
// keys until it is answered.
type dialog struct {
	title string
	says  []string // what will happen, in sentences
	yes   string   // the word on the button that does it

	choices []string // one of them is picked; none: yes or no
	picked  int
	input   *textinput.Model         // text is wanted; nil: none
	check   func(text string) string // what is wrong with it, "" = nothing
	problem string
	sure    bool // the button that does it is chosen, not the one that leaves it

	// do does it; with is the text, or the choice.
	do func(ctx context.Context, s Source, with string) (said string, err error)
}

// done is how it went.
type done struct {
	said string
	err  error
}

// pressDialog answers the dialog, or types into it.
func (m *Model) pressDialog(key tea.KeyMsg) tea.Cmd {
	d := m.dialog
	switch name := key.String(); {
	case name == "esc":
		m.dialog = nil
	case name == "enter":
		return m.enterDialog()
	case d.input != nil:
		d.problem = ""
		typed, _ := d.input.Update(key) // its commands only make a cursor blink
		d.input = &typed
	case len(d.choices) > 0:
		d.pick(name)
	case name == "y":
		return m.carryOut("")
	case name == "n" || name == "q":
		m.dialog = nil
	case strings.Contains(" left right tab h l ", " "+name+" "):
		d.sure = !d.sure
	}
	return nil
}

func (d *dialog) pick(key string) {
	step := map[string]int{"up": -1, "k": -1, "shift+tab": -1, "down": 1, "j": 1, "tab": 1}[key]
	d.picked = (d.picked + step + len(d.choices)) % len(d.choices)
}

func (m *Model) enterDialog() tea.Cmd {
	d := m.dialog
	switch {
	case d.input != nil:
		text := strings.TrimSpace(d.input.Value())
		if d.problem = d.check(text); d.problem != "" {
			return nil
		}
		return m.carryOut(text)
	case len(d.choices) > 0:
		return m.carryOut(d.choices[d.picked])
	case d.sure:
		return m.carryOut("")
	}
	m.dialog = nil
	return nil
}

// carryOut does what was asked about.
func (m *Model) carryOut(with string) tea.Cmd {
	do := m.dialog.do
	m.dialog = nil
	if m.link.state != linkLive {
		m.say(toneBad, "Not done: there is no connection to the server.")
		return nil
	}
	m.say(toneDim, "Asking the server…")
	return m.work.do(func(ctx context.Context, s Source) tea.Msg {
		said, err := do(ctx, s, with)
		return done{said, err}
	})
}

func (m *Model) takeDone(d done) tea.Cmd {
	if d.err != nil {
		m.say(toneBad, "Not done: "+plainly(d.err))
		return nil
	}
	m.say(toneGood, d.said)
	return m.pullNow()
}

// box is the dialog, framed.
func (d *dialog) box(c canvas) []string {
	inner := min(60, c.cells-8)
	var lines []string
	for _, say := range d.says {
		lines = append(lines, wrap(clean(say), inner)...)
	}
	lines = append(lines, "")
	lines = append(lines, d.middle(c, inner)...)
	lines = append(lines, d.buttons(c))
	return c.framed(d.title, lines, inner)
}

func (d *dialog) middle(c canvas, cells int) []string {
	var lines []string
	for i, choice := range d.choices {
		p := c.paperOf(i, d.picked)
		lines = append(lines, p.before+p.inks[toneText].paint(c.left(choice, cells-2)))
	}
	if d.input != nil {
		lines = append(lines, c.paint(toneAccent, "> ")+c.typed(*d.input, "", cells-2))
		lines = append(lines, c.paint(toneBad, c.clip(d.problem, cells)))
	}
	if len(lines) > 0 && d.input == nil {
		lines = append(lines, "")
	}
	return lines
}

func (d *dialog) buttons(c canvas) string {
	if d.input != nil || len(d.choices) > 0 {
		return c.paint(toneStrong, "enter") + " " + d.yes + "   " + c.paint(toneStrong, "esc") + " leave it"
	}
	yes, no := "  "+d.yes+"  ", "  leave it  "
	if d.sure {
		return c.selected[toneAccent].paint(c.mark+d.yes+"  ") + "  " + c.paint(toneDim, no) + c.paint(toneDim, "  y does it, esc leaves it")
	}
	return c.paint(toneDim, yes) + "  " + c.selected[toneAccent].paint(c.mark+"leave it  ") + c.paint(toneDim, "  y does it, esc leaves it")
}

// framed draws a frame around lines of at most inner cells.
func (t *theme) framed(title string, lines []string, inner int) []string {
	edge := func(text string) string { return t.paint(toneFaint, text) }
	title = t.clip(title, inner-2)
	top := edge(t.topLeft+t.rule) + " " + t.paint(toneStrong, title) + " " +
		edge(strings.Repeat(t.rule, max(0, inner-width(title)-1))+t.topRight)
	box := []string{top}
	for _, line := range lines {
		box = append(box, edge(t.wall)+" "+t.left(line, inner)+" "+edge(t.wall))
	}
	return append(box, edge(t.bottomLeft+strings.Repeat(t.rule, inner+2)+t.bottomRight))
}

// over lays a box over the middle of lines.
func over(lines, box []string, cells int) []string {
	if len(box) == 0 {
		return lines
	}
	down, right := max(0, (len(lines)-len(box))/2), max(0, (cells-width(box[0]))/2)
	for i, line := range box {
		if down+i >= len(lines) {
			break
		}
		below := lines[down+i] + blank(cells-width(lines[down+i]))
		lines[down+i] = ansi.Cut(below, 0, right) + line + ansi.Cut(below, right+width(line), cells)
	}
	return lines
}
