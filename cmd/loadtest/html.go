package loadtest

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"math"
	"strings"
)

//go:embed report.html
var page string

// WriteHTML writes the report as one page that needs nothing else.
func (r *Report) WriteHTML(w io.Writer) error {
	t, err := template.New("report").Funcs(template.FuncMap{
		"ms": millis, "timed": timed, "mib": func(b int64) string { return fmt.Sprintf("%.1f MiB", mib(b)) },
		"kib":  func(b float64) string { return fmt.Sprintf("%.1f KiB", b/1024) },
		"num":  func(v float64) string { return fmt.Sprintf("%.1f", v) },
		"some": func(l Latency) bool { return l.Count > 0 },
		"join": func(list []string) string { return strings.Join(list, ", and ") },
	}).Parse(page)
	if err != nil {
		return fmt.Errorf("read the report's page: %w", err)
	}
	return t.Execute(w, struct {
		*Report
		Charts []chart
	}{r, r.charts()})
}

// The size of a chart's drawing, in SVG units.
const (
	chartWidth  = 640.0
	chartHeight = 180.0
)

// chart is lines over the seconds of the run.
type chart struct {
	Title, Unit string
	Lines       []line
	Marks       []mark // of the vertical axis
	Ends        string // the last second, under the horizontal one
}

type line struct{ Name, Class, Points string }

type mark struct {
	Y    float64
	Text string
}

func (r *Report) charts() []chart {
	pick := func(get func(Second) float64) []float64 {
		values := make([]float64, len(r.Seconds))
		for i, s := range r.Seconds {
			values[i] = get(s)
		}
		return values
	}
	return []chart{
		r.chart("Messages a second", "", map[string][]float64{
			"sent": pick(func(s Second) float64 { return float64(s.Sent) }), "acked": pick(func(s Second) float64 { return float64(s.Acked) }),
		}, "sent", "acked"),
		r.chart("Deliveries a second", "", map[string][]float64{"delivered": pick(func(s Second) float64 { return float64(s.Delivered) })}, "delivered"),
		r.chart("Acknowledgement", "ms", map[string][]float64{
			"p50": pick(func(s Second) float64 { return s.AckP50 }), "p99": pick(func(s Second) float64 { return s.AckP99 }),
		}, "p50", "p99"),
		r.chart("Delivery", "ms", map[string][]float64{
			"p50": pick(func(s Second) float64 { return s.DeliveryP50 }), "p99": pick(func(s Second) float64 { return s.DeliveryP99 }),
		}, "p50", "p99"),
		r.chart("Sockets connected", "", map[string][]float64{"up": pick(func(s Second) float64 { return float64(s.Up) })}, "up"),
	}
}

// chart draws lines in the order of names.
func (r *Report) chart(title, unit string, values map[string][]float64, names ...string) chart {
	top := 0.0
	for _, list := range values {
		for _, v := range list {
			top = max(top, v)
		}
	}
	top = roundUp(top)
	c := chart{Title: title, Unit: unit}
	for i, name := range names {
		c.Lines = append(c.Lines, line{Name: name, Class: fmt.Sprintf("line%d", i), Points: points(values[name], top)})
	}
	for _, share := range []float64{0, 0.5, 1} {
		c.Marks = append(c.Marks, mark{Y: chartHeight * (1 - share), Text: strings.TrimSuffix(fmt.Sprintf("%.1f", top*share), ".0")})
	}
	if n := len(r.Seconds); n > 0 {
		c.Ends = fmt.Sprintf("%.0f s", r.Seconds[n-1].At)
	}
	return c
}

func points(values []float64, top float64) string {
	var b strings.Builder
	for i, v := range values {
		x := chartWidth * float64(i) / float64(max(1, len(values)-1))
		fmt.Fprintf(&b, "%.1f,%.1f ", x, chartHeight*(1-v/top))
	}
	return b.String()
}

// roundUp gives a top of the axis that is easily read: 1, 2 or 5 times a power
// of ten.
func roundUp(v float64) float64 {
	if v <= 0 {
		return 1
	}
	unit := math.Pow(10, math.Floor(math.Log10(v)))
	for _, f := range []float64{1, 2, 5} {
		if v <= f*unit {
			return f * unit
		}
	}
	return 10 * unit
}
