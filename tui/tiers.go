package tui

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/charmbracelet/bubbles/textinput"
	tea "github.com/charmbracelet/bubbletea"

	"github.com/elite-trading-coach/coach/server/api"
)

// tiers is the page of limits: a line for each, a column for each tier, and
// beside every limit how often it refused somebody. A limit is edited where it
// stands.
type tiers struct {
	window     // the cursor is the limit
	across int // the tier
	input  *textinput.Model
	wrong  string // what is wrong with what was typed
}

// knob is one limit of every tier.
type knob struct {
	name    string
	refused string // its name among refusals
	read    func(api.Limits) int64
	change  func(int64) api.LimitsChange
	write   func(int64) string
	parse   func(string) (int64, bool)
}

func knobs() []knob {
	number := func(name, refused string, read func(api.Limits) int, set func(*api.LimitsChange, *int)) knob {
		return knob{name, refused, func(l api.Limits) int64 { return int64(read(l)) }, func(n int64) api.LimitsChange {
			var change api.LimitsChange
			value := int(n)
			set(&change, &value)
			return change
		}, count[int64], wholeNumber}
	}
	return []knob{
		number("requests / 15 min", "requests", func(l api.Limits) int { return l.Requests15m }, func(c *api.LimitsChange, n *int) { c.Requests15m = n }),
		number("burst / second", "burst", func(l api.Limits) int { return l.BurstPerSecond }, func(c *api.LimitsChange, n *int) { c.BurstPerSecond = n }),
		number("messages / minute", "messages", func(l api.Limits) int { return l.MessagesPerMinute }, func(c *api.LimitsChange, n *int) { c.MessagesPerMinute = n }),
		number("answers / day", "answers", func(l api.Limits) int { return l.AnswersPerDay }, func(c *api.LimitsChange, n *int) { c.AnswersPerDay = n }),
		{"budget / month", "budget", func(l api.Limits) int64 { return l.BudgetMonthMicros }, func(n int64) api.LimitsChange { return api.LimitsChange{BudgetMonthMicros: &n} }, dollars, dollarsTyped},
		number("uploads / 15 min", "uploads", func(l api.Limits) int { return l.Uploads15m }, func(c *api.LimitsChange, n *int) { c.Uploads15m = n }),
		number("sockets at once", "sockets", func(l api.Limits) int { return l.Sockets }, func(c *api.LimitsChange, n *int) { c.Sockets = n }),
		number("members of a room", "members", func(l api.Limits) int { return l.Members }, func(c *api.LimitsChange, n *int) { c.Members = n }),
	}
}

func wholeNumber(text string) (int64, bool) {
	n, err := strconv.ParseInt(strings.ReplaceAll(text, " ", ""), 10, 32)
	return n, err == nil && n >= 0
}

// dollarsTyped reads dollars with at most six digits behind the point.
func dollarsTyped(text string) (int64, bool) {
	whole, cents, _ := strings.Cut(strings.TrimPrefix(strings.ReplaceAll(text, " ", ""), "$"), ".")
	if len(cents) > 6 || strings.ContainsAny(whole+cents, "+-") || len(whole) > 7 {
		return 0, false
	}
	n, err := strconv.ParseInt(whole+cents+strings.Repeat("0", 6-len(cents)), 10, 64)
	return n, err == nil && whole != ""
}

func (*tiers) title() string        { return "Tiers" }
func (*tiers) pull(*Model) tea.Cmd  { return nil } // the snapshot has them
func (*tiers) take(pulled)          {}
func (*tiers) status(canvas) string { return "" }

func (t *tiers) hints(m *Model) []hint {
	switch {
	case m.readOnly():
		return nil
	case t.input != nil:
		return []hint{{"enter", "change it"}, {"esc", "leave it"}}
	}
	return []hint{{"enter", "edit"}, {"arrows", "move"}}
}

// typing is where keys go while a limit is edited; false = none is.
func (t *tiers) typing(m *Model, key tea.KeyMsg) (cmd tea.Cmd, mine bool) {
	if t.input == nil {
		return nil, false
	}
	switch key.String() {
	case "esc":
		t.input = nil
	case "enter":
		return t.entered(m), true
	default:
		t.wrong = ""
		typed, _ := t.input.Update(key) // its commands only make a cursor blink
		t.input = &typed
	}
	return nil, true
}

func (t *tiers) press(m *Model, key string) tea.Cmd {
	if t.move(key, len(knobs())) {
		return nil
	}
	switch key {
	case "left", "h":
		t.across = clamp(t.across-1, len(m.shot.Tiers))
	case "right", "l":
		t.across = clamp(t.across+1, len(m.shot.Tiers))
	case "enter", "e":
		t.edit(m)
	}
	return nil
}

func (t *tiers) edit(m *Model) {
	if m.readOnly() {
		m.say(toneWarn, string(m.look))
		return
	}
	if t.across >= len(m.shot.Tiers) {
		return
	}
	k := knobs()[t.cursor]
	input := newInput(k.write(k.read(m.shot.Tiers[t.across].Limits)))
	t.input, t.wrong = &input, ""
}

// entered asks whether the new limit is meant.
func (t *tiers) entered(m *Model) tea.Cmd {
	k, tier := knobs()[t.cursor], m.shot.Tiers[t.across]
	n, ok := k.parse(t.input.Value())
	switch {
	case !ok:
		t.wrong = "A limit is a whole number from 0 on; a budget is dollars, such as 2 or 2.50."
		return nil
	case n == k.read(tier.Limits):
		t.input = nil
		return nil
	}
	t.input = nil
	return m.ask(askLimit(k, tier, n))
}

func askLimit(k knob, tier api.Tier, n int64) *dialog {
	before := k.write(k.read(tier.Limits))
	return &dialog{
		title: "Limit of " + tier.Name, yes: "change",
		says: []string{fmt.Sprintf("%s: from %s to %s. It takes effect within a second, also on open sockets.", k.name, before, k.write(n))},
		do: func(ctx context.Context, s Source, _ string) (string, error) {
			_, err := s.EditTier(ctx, tier.Name, k.change(n))
			return fmt.Sprintf("%s, %s: %s.", tier.Name, k.name, k.write(n)), err
		},
	}
}

func (t *tiers) draw(c canvas) []string {
	all := c.model.shot.Tiers
	t.show(len(knobs()), len(knobs()))
	const label = 20
	each := min(30, (c.cells-label-2)/max(1, len(all)))
	head, accounts, online := "  "+c.left("", label), "  "+c.paint(toneDim, c.left("accounts", label)), "  "+c.paint(toneDim, c.left("connected", label))
	for _, tier := range all {
		head += c.paint(tierCell(tier.Name).tone, c.left(strings.ToUpper(tier.Name), each))
		accounts += c.left(count(tier.Accounts), each)
		online += c.left(count(tier.Users)+c.paint(toneDim, socketsOver(tier, each)), each)
	}
	lines := []string{head, accounts, online, "", "  " + c.paint(toneDim, c.left("LIMIT", label)+refusals(each))}
	for i, k := range knobs() {
		line := c.paperOf(i, t.cursor).before + c.paint(toneText, c.left(k.name, label))
		for j, tier := range all {
			line += t.cell(c, k, tier, place{i, j, each})
		}
		lines = append(lines, line)
	}
	if t.wrong != "" {
		lines = append(lines, "", "  "+c.paint(toneBad, t.wrong))
	}
	return lines
}

// roomy is how many cells of a tier have room for words.
const roomy = 24

// refusals says what stands beside a limit.
func refusals(cells int) string {
	if cells < roomy {
		return "-n: it refused n times since the start"
	}
	return "and how often it refused since the start"
}

// socketsOver is what users are connected over, as far as there is room.
func socketsOver(tier api.Tier, cells int) string {
	if cells < roomy {
		return " / " + count(tier.Sockets)
	}
	return " over " + count(tier.Sockets) + " sockets"
}

// place is a field of the page: its limit, its tier, and its cells.
type place struct{ down, across, cells int }

func (t *tiers) cell(c canvas, k knob, tier api.Tier, at place) string {
	here := at.down == t.cursor && at.across == t.across
	if here && t.input != nil {
		return c.left(c.typed(*t.input, "", at.cells-1), at.cells)
	}
	value := k.write(k.read(tier.Limits))
	more := ""
	if n := tier.Refused[k.refused]; n > 0 {
		more = "  " + count(n) + " refused"
		if at.cells < roomy {
			more = "  -" + short(float64(n))
		}
	}
	if here {
		return c.selected[toneStrong].paint(value) + c.left(c.paint(toneWarn, more), at.cells-width(value))
	}
	return c.left(value+c.paint(toneWarn, more), at.cells)
}
