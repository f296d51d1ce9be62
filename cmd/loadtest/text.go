package loadtest

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// Text is the report for a person at a terminal.
func (r *Report) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, %d sockets of %d users at %s", r.Scenario, r.Connections, r.Users, r.URL)
	if r.Database != "" {
		b.WriteString(", on " + r.Database)
	}
	fmt.Fprintf(&b, ", %.1f s of load", r.LoadSeconds)
	if r.Chaos {
		fmt.Fprintf(&b, ", with chaos (%d cuts, %d pauses, %d kills)", r.Sockets.Cuts, r.Sockets.Pauses, r.Sockets.Kills)
	}
	b.WriteString("\n\n")
	r.times(&b)
	r.sums(&b)
	for _, f := range r.Findings {
		fmt.Fprintf(&b, "  %s: %s\n", f.Kind, f.Text)
	}
	for _, t := range r.Errors {
		fmt.Fprintf(&b, "  %d × %s\n", t.Count, t.Text)
	}
	r.machines(&b)
	r.verdicts(&b)
	return b.String()
}

func (r *Report) times(b io.Writer) {
	t := tabwriter.NewWriter(b, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintln(t, "\tcount\tp50\tp90\tp99\tp99.9\tmax\t") // to a buffer, which cannot fail; so below
	for _, metric := range timed() {
		l := r.Latencies[metric]
		if l.Count == 0 {
			continue
		}
		_, _ = fmt.Fprintf(t, "%s\t%d\t%s\t%s\t%s\t%s\t%s\t\n", metric, l.Count, millis(l.P50), millis(l.P90), millis(l.P99), millis(l.P999), millis(l.Max))
	}
	_ = t.Flush()
}

func (r *Report) sums(b io.Writer) {
	m, s, c := r.Messages, r.Sockets, r.Checked
	lines := []string{
		fmt.Sprintf("sockets     %d of %d there in the end, %.2f %% stayed up; %d drops, %d reconnects (%d recovered), %d failed attempts",
			s.There, r.Connections, s.StayedUpPercent, s.Drops, s.Reconnects, s.Recovered, s.FailedConnects),
		fmt.Sprintf("messages    %d planned, %d acked (%.1f/s), %d refused, %d never acked; %d delivered (%.1f/s)",
			m.Planned, m.Acked, m.AckedPerSecond, m.Refused, m.Unacked, m.Delivered, m.DeliveriesPerSecond),
		fmt.Sprintf("answers     %d finished, %d failed", r.Answers.Finished, r.Answers.Failed),
		fmt.Sprintf("checked     %d messages in %d conversations: %d lost, %d doubled, %d reordered, %d forged, %d gaps",
			c.Rows, c.Conversations, c.Lost, c.Doubled, c.Reordered, c.Forged, c.Gaps),
	}
	_, _ = fmt.Fprintln(b, "\n"+strings.Join(lines, "\n"))
}

func (r *Report) machines(b io.Writer) {
	if s := r.Server; s != nil {
		_, _ = fmt.Fprintf(b, "server      %.0f %% of a core; %.0f µs of CPU a message, %.0f µs a delivery, %.0f µs to connect a socket; %.1f MiB, %.1f KiB a socket\n",
			s.CPUPercent, s.CPUMicrosPerMessage, s.CPUMicrosPerDelivery, s.CPUMicrosPerConnect, mib(s.RSSBytesConnected), s.RSSBytesPerSocket/1024)
	}
	g := r.Generator
	_, _ = fmt.Fprintf(b, "generator   %.0f %% of %d cores, %.1f MiB, sends left %s late (p99)\n", g.CPUPercent/float64(max(g.Cores, 1)), g.Cores, mib(g.MemoryBytes), millis(g.LagP99))
	if g.Bottleneck {
		_, _ = fmt.Fprintf(b, "\nThis program was the bottleneck: %s. Its figures are worse than the server's: use another machine for it, or ask for less.\n",
			strings.Join(g.Because, ", and "))
	}
	for _, note := range r.Notes {
		_, _ = fmt.Fprintf(b, "note        %s\n", note)
	}
}

func mib(bytes int64) float64 { return float64(bytes) / (1 << 20) }

func (r *Report) verdicts(b io.Writer) {
	_, _ = fmt.Fprintln(b)
	for _, o := range r.Thresholds {
		mark := "ok    "
		if !o.Holds {
			mark = "BROKEN"
		}
		_, _ = fmt.Fprintf(b, "%s  %s (%s)\n", mark, o.Threshold, o.Reading())
	}
}

// Reading is what was measured.
func (o Outcome) Reading() string {
	metric, stat, _ := strings.Cut(strings.FieldsFunc(o.Threshold, func(c rune) bool { return strings.ContainsRune(" <>=!", c) })[0], ".")
	switch {
	case !o.Measured:
		return "never measured"
	case stat != "" && stat != "count":
		return millis(o.Value)
	case metric == "up":
		return fmt.Sprintf("%.2f %%", o.Value)
	}
	return strings.TrimSuffix(fmt.Sprintf("%.1f", o.Value), ".0")
}
