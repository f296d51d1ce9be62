package tui

import (
	"context"
	"time"

	tea "github.com/charmbracelet/bubbletea"
)

// screen is what fills the space between header and footer. Screens lie on a
// stack: enter puts one on top, esc takes it off again.
type screen interface {
	title() string
	// status is what stands at the right of the title.
	status(c canvas) string
	// pull asks for what the screen shows, or is nil where it need not.
	pull(m *Model) tea.Cmd
	// take is handed an answer to pull.
	take(p pulled)
	// press handles a key that is nobody else's.
	press(m *Model, key string) tea.Cmd
	// hints are the screen's keys, the weightiest first.
	hints(m *Model) []hint
	// draw returns at most c.lines lines of at most c.cells cells.
	draw(c canvas) []string
}

// root is the screen of a page, which can be printed as well.
type root interface {
	screen
	// print returns what the server answers, and the rows of it.
	print(ctx context.Context, s Source, p Print) (value any, rows [][]string, err error)
}

// filtered is a screen whose rows can be filtered.
type filtered interface {
	filter() string
	// check says what is wrong with a filter.
	check(text string) error
	refilter(text string)
	// fields are what a filter may name.
	fields() []string
}

// canvas is where a screen draws.
type canvas struct {
	*theme
	cells, lines int
	now          time.Time
	model        *Model
}

// rowCells are what a row has between the mark before it and the margin behind.
func (c canvas) rowCells() int { return c.cells - 3 }

// hint is a key and what it does.
type hint struct{ key, does string }

// pulled is an answer to the pull of that number.
type pulled struct {
	number int
	value  any
	err    error
}

// puller is a screen's pulls: one at a time, so many ticks apart, and answers
// of former ones are dropped.
type puller struct {
	every   int // ticks from one to the next
	ticks   int // since the last
	waiting int // the number of the one on its way, 0 = none
	err     error
	known   bool // something was answered once
}

// ask is nil while an answer is on its way, or too soon.
func (p *puller) ask(m *Model, f func(ctx context.Context, s Source) (any, error)) tea.Cmd {
	p.ticks++
	if p.waiting != 0 || (p.known && p.ticks < p.every) {
		return nil
	}
	p.ticks = 0
	m.pulls++
	number := m.pulls
	p.waiting = number
	return m.work.do(func(ctx context.Context, s Source) tea.Msg {
		value, err := f(ctx, s)
		return pulled{number, value, err}
	})
}

// mine reports whether an answer is to the pull on its way, which it ends.
func (p *puller) mine(answer pulled) bool {
	if answer.number != p.waiting {
		return false
	}
	p.waiting, p.err = 0, answer.err
	p.known = p.known || answer.err == nil
	return true
}

// soon makes the next ask a real one, and drops what is on its way.
func (p *puller) soon() { p.waiting, p.ticks = 0, p.every }
