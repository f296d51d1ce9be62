package tui

import (
	"slices"
	"strings"

	"github.com/charmbracelet/bubbles/cursor"
	"github.com/charmbracelet/bubbles/textinput"
	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"
)

// bar is the line at the bottom that one types in: a command after ":", a
// filter after "/".
type bar struct {
	sign    string
	input   textinput.Model
	names   []string          // what can be completed
	means   map[string]string // the name behind each alias
	filters filtered          // nil: it is a command
	problem string            // what is wrong with what was entered
}

// longest is how much can be typed, in characters.
const longest = 1000

func newInput(text string) textinput.Model {
	input := textinput.New()
	input.Prompt = ""
	input.CharLimit = longest
	input.Cursor.SetMode(cursor.CursorStatic) // a blinking one would draw for nothing
	input.SetValue(text)
	input.CursorEnd()
	input.Focus()
	return input
}

func commandBar(pages []page) *bar {
	b := &bar{sign: ":", input: newInput(""), means: map[string]string{}}
	for _, p := range pages {
		b.knows(p.name, append(p.aliases, p.name)...)
	}
	for _, name := range []string{"notice", "drain", "help"} {
		b.knows(name, name)
	}
	b.knows("quit", "quit", "q")
	return b
}

func (b *bar) knows(name string, also ...string) {
	b.names = append(b.names, name)
	for _, alias := range also {
		b.means[alias] = name
	}
}

func filterBar(s filtered) *bar {
	return &bar{sign: "/", input: newInput(s.filter()), filters: s, names: s.fields()}
}

// meant is the command behind what was typed: a name, an alias, or the
// beginning of exactly one name; "" = none.
func (b *bar) meant(typed string) string {
	typed = strings.ToLower(typed)
	if name, ok := b.means[typed]; ok {
		return name
	}
	var found []string
	for _, name := range b.names {
		if strings.HasPrefix(name, typed) {
			found = append(found, name)
		}
	}
	if len(found) != 1 {
		return ""
	}
	return found[0]
}

func (b *bar) press(key tea.KeyMsg) {
	b.problem = ""
	if key.String() == "tab" {
		if rest := b.rest(); rest != "" {
			b.input.SetValue(b.input.Value() + rest)
			b.input.CursorEnd()
		}
		return
	}
	b.input, _ = b.input.Update(key) // its commands only make a cursor blink
}

// rest is what tab would add to the last word, "" for nothing.
func (b *bar) rest() string {
	text := b.input.Value()
	last := text[strings.LastIndexByte(text, ' ')+1:]
	if last == "" || (b.filters == nil && last != text) {
		return ""
	}
	at := slices.IndexFunc(b.names, func(name string) bool { return strings.HasPrefix(name, strings.ToLower(last)) })
	if at < 0 {
		return ""
	}
	return b.names[at][len(last):]
}

// draw is one line: what was typed, what tab would add, and at the right what
// is wrong.
func (b *bar) draw(c canvas) string {
	hint, as := "", toneDim
	switch {
	case b.problem != "":
		hint, as = b.problem, toneBad
	case b.filters != nil && b.input.Value() == "":
		hint = "fields: " + strings.Join(b.names, " ")
	case b.filters != nil:
		if err := b.filters.check(b.input.Value()); err != nil {
			hint = plainly(err)
		}
	}
	typed := b.typed(c, max(20, c.cells-width(hint)-8))
	hint = c.clip(hint, c.cells-width(typed)-5)
	return " " + c.paint(toneAccent, b.sign) + typed + blank(c.cells-width(typed)-width(hint)-3) + c.paint(as, hint)
}

// typed is the text with the cursor in it, of which cells are shown.
func (b *bar) typed(c canvas, cells int) string {
	return c.typed(b.input, c.paint(toneFaint, b.rest()), cells)
}

// typed draws an input: the cursor stays in sight, ghost stands behind it.
func (t *theme) typed(input textinput.Model, ghost string, cells int) string {
	text := []rune(clean(input.Value()))
	at := min(input.Position(), len(text))
	under, after := " ", ""
	if at < len(text) {
		under, after = string(text[at]), string(text[at+1:])
	}
	before := string(text[:at])
	if over := width(before) + 1 - cells; over > 0 {
		before = ansi.TruncateLeft(before, over+1, t.more)
	}
	return t.clip(before+t.cursor.paint(under)+after+ghost, cells)
}
