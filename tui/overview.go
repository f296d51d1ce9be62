package tui

import (
	"fmt"
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"github.com/elite-trading-coach/coach/server/api"
)

// overview is the first page: what a glance should tell. It pulls nothing; the
// model follows the snapshot and the load anyway.
type overview struct{}

func (*overview) title() string                { return "Overview" }
func (*overview) pull(*Model) tea.Cmd          { return nil }
func (*overview) take(pulled)                  {}
func (*overview) press(*Model, string) tea.Cmd { return nil }
func (*overview) hints(m *Model) []hint {
	if m.readOnly() {
		return nil
	}
	return []hint{{"n", "notice to all"}}
}

func (*overview) status(c canvas) string {
	return c.paint(toneDim, "the last "+fmt.Sprint(int(minutes.Minutes()))+" minutes")
}

// tile is one figure: its name, its value now, its course, and what belongs
// to it.
type tile struct {
	name  string
	value string
	tone  tone
	of    func(api.Load) float64
	least float64 // the course fills its height from here on
	more  string
}

// From here on a figure is coloured: it is not wrong yet, but worth a look.
const (
	ackSeen, ackSlow           = 100, 1000         // ms
	databaseSeen, databaseSlow = 50, 500           // ms
	refusedSeen, refusedMany   = 1, 100            // a second
	queuedSeen, queuedMuch     = 1 << 20, 64 << 20 // bytes, of all sockets together
)

func (*overview) tiles(shot api.Snapshot) []tile {
	l := shot.Load
	return []tile{
		{"Connections", count(l.Sockets), toneStrong, func(l api.Load) float64 { return float64(l.Sockets) }, 10, count(l.Users) + " users, " + count(l.Rooms) + " rooms"},
		{"Messages/s", rate(l.MessagesPerSecond), toneStrong, func(l api.Load) float64 { return l.MessagesPerSecond }, 5, short(l.EventsPerSecond) + " events, " + short(l.RequestsPerSecond) + " requests"},
		{"Ack p99", millis(l.AckP99Ms), above(l.AckP99Ms, ackSeen, ackSlow), func(l api.Load) float64 { return l.AckP99Ms }, 10, "p50 " + millis(l.AckP50Ms)},
		{"Answers", count(l.AnswersInProgress), toneStrong, func(l api.Load) float64 { return float64(l.AnswersInProgress) }, 4, count(l.AnswersWaiting) + " waiting, first " + millis(l.FirstTextP50Ms)},
		{"CPU, of one core", fmt.Sprintf("%.0f %%", l.CPUPercent), toneStrong, func(l api.Load) float64 { return l.CPUPercent }, 100, count(l.Goroutines) + " goroutines"},
		{"Memory", size(l.MemoryBytes), toneStrong, func(l api.Load) float64 { return float64(l.MemoryBytes) }, 64 << 20, "heap " + size(l.HeapBytes)},
		{"Refused/s", rate(l.RefusedPerSecond), above(l.RefusedPerSecond, refusedSeen, refusedMany), func(l api.Load) float64 { return l.RefusedPerSecond }, 2, "by a limit"},
		{"Queued", size(l.QueuedBytes), above(float64(l.QueuedBytes), queuedSeen, queuedMuch), func(l api.Load) float64 { return float64(l.QueuedBytes) }, 64 << 10, "for clients to read"},
		databaseTile(shot.Database),
	}
}

func above(v, seen, bad float64) tone {
	switch {
	case v >= bad:
		return toneBad
	case v >= seen:
		return toneWarn
	}
	return toneStrong
}

// databaseTile has no course: the server keeps none.
func databaseTile(d api.Database) tile {
	value, as := millis(d.LatencyMs), above(d.LatencyMs, databaseSeen, databaseSlow)
	if d.LatencyMs < 0 {
		value, as = "no answer", toneBad
	}
	pool := fmt.Sprintf("%d of %d in use", d.InUse, d.MaxOpen)
	if d.Waits > 0 {
		pool += fmt.Sprintf(", %s waits", count(d.Waits))
	}
	return tile{name: "Database", value: value, tone: as, more: pool}
}

func (o *overview) draw(c canvas) []string {
	const across, gap = 3, 3
	tiles := o.tiles(c.model.shot)
	below := append(tierLines(c), nodeLines(c)...)
	height := o.height(c, len(below))
	each := (c.rowCells() + gap) / across
	var lines []string
	for row := 0; row < len(tiles); row += across {
		drawn := make([][]string, across)
		for i := range drawn {
			drawn[i] = tiles[row+i].draw(c, each-gap, height)
		}
		for i := range drawn[0] {
			line := "  "
			for _, t := range drawn {
				line += t[i] + blank(each-width(t[i]))
			}
			lines = append(lines, strings.TrimRight(line, " "))
		}
	}
	return append(lines, below...)
}

// height is how many lines a course has: what the tables below leave.
func (*overview) height(c canvas, below int) int {
	const rows, fixed = 3, 3 // a tile's name, its notes, the line between
	return max(1, min(5, (c.lines-below)/rows-fixed))
}

func (t tile) draw(c canvas, cells, height int) []string {
	name := c.paint(toneDim, t.name)
	value := c.paint(t.tone, t.value)
	lines := []string{name + blank(cells-width(t.name)-width(t.value)) + value}
	if t.of == nil {
		lines = append(lines, databaseLines(c, cells, height)...)
	} else {
		for _, line := range c.spark(bars(c.model.history, cells, t.of), height, t.least) {
			lines = append(lines, c.paint(toneCourse, line))
		}
	}
	return append(lines, c.paint(toneDim, c.clip(t.more, cells)), "")
}

// databaseLines stand where other tiles have their course.
func databaseLines(c canvas, cells, height int) []string {
	d := c.model.shot.Database
	lines := make([]string, height)
	text := d.Kind
	if d.SizeBytes >= 0 {
		text += ", " + size(d.SizeBytes)
	}
	lines[0] = c.clip(text, cells)
	if height > 1 && d.MaxOpen > 0 {
		lines[height-1] = c.paint(toneCourse, c.gauge(d.InUse, d.MaxOpen, cells))
	}
	return lines
}

// tierLines are the tiers in a few words.
func tierLines(c canvas) []string {
	columns := []heading{{head: "TIER", width: 12}, {head: "ACCOUNTS", width: 10, right: true}, {head: "CONNECTED", width: 10, right: true}, {head: "SOCKETS", width: 9, right: true}, {head: "REFUSED", width: 9, right: true}}
	cells := min(c.rowCells(), 64)
	fitted := fit(columns, cells)
	lines := []string{c.headLine(fitted, "", cells)}
	for _, t := range c.model.shot.Tiers {
		sum := int64(0)
		for _, n := range t.Refused {
			sum += n
		}
		lines = append(lines, c.rowLine(fitted, []cell{
			tierCell(t.Name),
			{count(t.Accounts), toneText},
			quietZero(count(t.Users), float64(t.Users)),
			quietZero(count(t.Sockets), float64(t.Sockets)), quietZero(count(sum), float64(sum)),
		}, cells, c.blankPaper()))
	}
	return lines
}

// nodeLines are the nodes, where there are several.
func nodeLines(c canvas) []string {
	nodes := c.model.shot.Nodes
	if len(nodes) < 2 {
		return nil
	}
	columns := []heading{{head: "NODE", width: 14, flex: 1}, {head: "VERSION", width: 10}, {head: "UP", width: 8, right: true}, {head: "SOCKETS", width: 9, right: true}, {head: "MSG/S", width: 7, right: true}, {head: "ACK P99", width: 8, right: true}, {head: "CPU", width: 6, right: true}}
	cells := min(c.rowCells(), 96)
	fitted := fit(columns, cells)
	lines := []string{"", c.headLine(fitted, "", cells)}
	for _, n := range nodes {
		lines = append(lines, c.rowLine(fitted, []cell{
			nodeCell(n),
			{n.Version, toneDim},
			{uptime(c.now.Sub(time.Time(n.StartedAt))), toneDim},
			{count(n.Load.Sockets), toneText},
			{rate(n.Load.MessagesPerSecond), toneText},
			{millis(n.Load.AckP99Ms), above(n.Load.AckP99Ms, ackSeen, ackSlow)},
			{fmt.Sprintf("%.0f %%", n.Load.CPUPercent), toneText},
		}, cells, c.blankPaper()))
	}
	return lines
}

func nodeCell(n api.Node) cell {
	marks := []string{n.Name}
	as := toneText
	if n.Self {
		marks, as = append(marks, "(this one)"), toneStrong
	}
	if !n.Load.Ready {
		marks, as = append(marks, "not ready"), toneWarn
	}
	return cell{strings.Join(marks, " "), as}
}
