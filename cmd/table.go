package cmd

import (
	"io"
	"strings"
	"text/tabwriter"
)

// table prints rows in columns. Its cells may come from strangers.
type table struct{ w *tabwriter.Writer }

func newTable(w io.Writer) table {
	return table{tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)}
}

func (t table) row(cells ...string) {
	for i, cell := range cells {
		cells[i] = printable(cell)
	}
	// A failing writer shows at flush.
	_, _ = io.WriteString(t.w, strings.TrimRight(strings.Join(cells, "\t"), "\t")+"\n")
}

func (t table) flush() error { return t.w.Flush() }
