package tui

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/elite-trading-coach/coach/server/api"
)

// Format is how [Once] prints.
type Format string

// The formats.
const (
	FormatPlain Format = "plain" // columns for people, without colours
	FormatJSON  Format = "json"  // what the server answered
)

// Print says what [Once] prints.
type Print struct {
	Page   string // a name of [PageNames]
	Format Format
	List   api.List // of a page that is a list
	Now    time.Time
}

// PageNames are the pages that can be printed.
func PageNames() []string {
	var names []string
	for _, p := range pages() {
		names = append(names, p.name)
	}
	return names
}

// Once writes one page to w. Its errors are those of the source, explained.
func Once(ctx context.Context, w io.Writer, s Source, p Print) error {
	for _, known := range pages() {
		if known.name != p.Page {
			continue
		}
		value, rows, err := known.make().print(ctx, s, p)
		if err != nil {
			return Explain(err)
		}
		if p.Format == FormatJSON {
			encoder := json.NewEncoder(w)
			encoder.SetIndent("", "  ")
			return encoder.Encode(value)
		}
		return printRows(w, rows)
	}
	return fmt.Errorf("there is no page %q to print; there are %s", p.Page, strings.Join(PageNames(), ", "))
}

// printRows writes rows in columns, two spaces apart.
func printRows(w io.Writer, rows [][]string) error {
	var widths []int
	for _, row := range rows {
		for i, text := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], width(text))
		}
	}
	var out strings.Builder
	for _, row := range rows {
		var line strings.Builder
		for i, text := range row {
			line.WriteString(text + blank(widths[i]-width(text)+2))
		}
		out.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	_, err := io.WriteString(w, out.String())
	return err
}

func (l *list[T]) print(ctx context.Context, s Source, p Print) (any, [][]string, error) {
	page, err := l.pullOne(ctx, s, p.List)
	if err != nil {
		return nil, nil, err
	}
	heads := make([]string, len(l.columns))
	for i, c := range l.columns {
		heads[i] = c.head
	}
	rows := [][]string{heads}
	for _, item := range page.Items {
		row := make([]string, len(l.columns))
		for i, c := range l.cells(item) {
			row[i] = clean(c.text)
		}
		rows = append(rows, row)
	}
	return page, rows, nil
}

func (o *overview) print(ctx context.Context, s Source, p Print) (any, [][]string, error) {
	shot, err := s.Snapshot(ctx)
	if err != nil {
		return nil, nil, err
	}
	rows := [][]string{{"node", clean(nodeName(shot)), clean(shot.Build.Version)}}
	for _, t := range o.tiles(shot) {
		rows = append(rows, []string{strings.ToLower(t.name), t.value, t.more})
	}
	for _, n := range shot.Nodes {
		rows = append(rows, []string{"node " + clean(n.Name), count(n.Load.Sockets) + " sockets", "up " + uptime(p.Now.Sub(time.Time(n.StartedAt)))})
	}
	return shot, rows, nil
}

func (t *tiers) print(ctx context.Context, s Source, _ Print) (any, [][]string, error) {
	shot, err := s.Snapshot(ctx)
	if err != nil {
		return nil, nil, err
	}
	heads := []string{"LIMIT"}
	for _, tier := range shot.Tiers {
		heads = append(heads, strings.ToUpper(clean(tier.Name)), "REFUSED")
	}
	rows := [][]string{heads}
	for _, k := range knobs() {
		row := []string{k.name}
		for _, tier := range shot.Tiers {
			row = append(row, k.write(k.read(tier.Limits)), count(tier.Refused[k.refused]))
		}
		rows = append(rows, row)
	}
	return shot.Tiers, rows, nil
}

// print takes the lines that a stream begins with: all that come before its
// second load, which is a second after the first.
func (b *logbook) print(ctx context.Context, s Source, p Print) (any, [][]string, error) {
	if err := b.check(p.List.Filter); err != nil {
		return nil, nil, err
	}
	b.refilter(p.List.Filter)
	loads := 0
	for e, err := range s.Events(ctx) {
		if err != nil {
			return nil, nil, err
		}
		if e.Load != nil {
			loads++
		}
		if loads == 2 {
			break
		}
		if e.Log != nil {
			b.add(*e.Log)
		}
	}
	lines := b.shown[max(0, len(b.shown)-p.List.Limit):]
	var rows [][]string
	for _, l := range lines {
		rows = append(rows, []string{moment(l.At, p.Now.Location()), l.Level, strings.TrimSpace(clean(l.Message + "  " + l.Fields))})
	}
	return lines, rows, ctx.Err()
}
