package loadtest

import (
	"fmt"
	"math"
	"os"
	"runtime"
	"time"
)

// fill puts everything that was counted into the report.
func (r *run) fill() {
	rep, rec := r.report, r.crowd.rec
	rep.Latencies = map[string]Latency{}
	for _, metric := range timed() {
		rep.Latencies[metric] = rec.latency(metric)
	}
	stayed := r.crowd.count(func(v *vu) bool { v.mu.Lock(); defer v.mu.Unlock(); return v.back && !v.fell })
	rep.Sockets = Sockets{
		Connected: rec.connects.Load(), There: r.crowd.count((*vu).isThere), StayedUpPercent: 100 * float64(stayed) / float64(len(r.crowd.vus)),
		Drops: rec.drops.Load(), FailedConnects: rec.failedConnects.Load(), Reconnects: rec.reconnects.Load(),
		Recovered: rec.recovered.Load(), Cuts: rec.cuts.Load(), Pauses: rec.pauses.Load(), Kills: rec.kills.Load(),
	}
	for _, c := range r.convs {
		rep.Messages.Unacked += int64(c.undecided())
	}
	m, seconds := &rep.Messages, max(rep.LoadSeconds, 1e-9)
	m.Planned, m.Sent, m.Acked, m.Refused = rec.planned.Load(), rec.sent.Load(), rec.acked.Load(), rec.refused.Load()
	m.Delivered, m.AckTimeouts, m.Events = rec.delivered.Load(), rec.ackTimeouts.Load(), rec.events.Load()
	m.AckedPerSecond, m.DeliveriesPerSecond = float64(m.Acked)/seconds, float64(m.Delivered)/seconds
	rep.Answers = Answers{Finished: rec.answered.Load(), Failed: rec.answersFailed.Load()}
	found := r.crowd.found
	rep.Checked.Lost, rep.Checked.Doubled, rep.Checked.Reordered = found.of(faultLost), found.of(faultDoubled), found.of(faultReordered)
	rep.Checked.Forged, rep.Checked.Gaps = found.of(faultForged), found.of(faultGap)
	rep.Findings, rep.Errors = found.told(), r.crowd.trouble()
	r.generator()
	r.spent()
	r.notes()
}

const (
	// lagTooMuch is how late a hundredth of the sends may leave before the
	// generator is said to be the bottleneck.
	lagTooMuch = 20 * time.Millisecond
	// cpuTooMuch is how much of all cores this process may use before it is.
	cpuTooMuch = 0.8
)

// generator judges this program.
func (r *run) generator() {
	rep := r.report
	g := Generator{Cores: runtime.GOMAXPROCS(0), LagP99: rep.Latencies[metricLag].P99, Because: []string{}}
	if rep.LoadSeconds > 0 {
		g.CPUPercent = 100 * r.cpu.Seconds() / rep.LoadSeconds
	}
	own, _ := processUsage(os.Getpid()) // zero where the system does not tell
	g.MemoryBytes = own.RSS
	if late := time.Duration(g.LagP99 * float64(time.Millisecond)); late > lagTooMuch {
		g.Because = append(g.Because, fmt.Sprintf("one send in a hundred left %s late or later", late.Round(time.Millisecond)))
	}
	if g.CPUPercent > 100*cpuTooMuch*float64(g.Cores) {
		g.Because = append(g.Because, fmt.Sprintf("it used %.0f %% of its %d cores", g.CPUPercent/float64(g.Cores), g.Cores))
	}
	g.Bottleneck = len(g.Because) > 0
	rep.Generator = g
}

// spent divides what the server used by what it did.
func (r *run) spent() {
	if r.connected == (usage{}) {
		return
	}
	rep := r.report
	used := max(0, r.done.CPU-r.connected.CPU)
	per := func(d time.Duration, n float64) float64 {
		if n <= 0 {
			return 0
		}
		return math.Round(float64(d.Microseconds())/n*10) / 10
	}
	rep.Server = &Server{
		CPUSeconds: used.Seconds(), CPUPercent: 100 * used.Seconds() / max(rep.LoadSeconds, 1e-9),
		CPUMicrosPerMessage: per(used, float64(rep.Messages.Acked)), CPUMicrosPerDelivery: per(used, float64(rep.Messages.Delivered)),
		CPUMicrosPerConnect: per(r.connected.CPU-r.idle.CPU, float64(len(r.crowd.vus))),
		CPUMicrosPerSocket:  per(used, float64(len(r.crowd.vus))*rep.LoadSeconds),
		RSSBytesBefore:      r.idle.RSS, RSSBytesConnected: r.connected.RSS, RSSBytesPeak: r.done.Peak,
		RSSBytesPerSocket: math.Round(float64(r.connected.RSS-r.idle.RSS) / float64(len(r.crowd.vus))),
	}
}

// notes says what the numbers alone do not.
func (r *run) notes() {
	rep := r.report
	rep.Notes = []string{}
	if rep.Messages.Refused > 0 {
		rep.Notes = append(rep.Notes, "Messages were refused, most likely by the tier's 120 a minute for each user: lower --rate, raise --connections, or serve with RATE_LIMITS=off.")
	}
	if rep.Checked.Conversations < len(r.convs) {
		rep.Notes = append(rep.Notes, "Not every conversation could be read in the end: those were not checked.")
	}
	if rep.Sockets.There < rep.Connections {
		rep.Notes = append(rep.Notes, fmt.Sprintf("%d sockets were away in the end; what they missed is owed to them and not counted as lost.", rep.Connections-rep.Sockets.There))
	}
	if rep.Chaos && r.server == nil {
		rep.Notes = append(rep.Notes, "The server is not ours to kill; with --spawn chaos does that too.")
	}
}

// judge holds the thresholds against the report.
func (r *Report) judge(thresholds []Threshold) {
	r.Passed = true
	for _, t := range thresholds {
		outcome := t.against(r)
		r.Passed = r.Passed && outcome.Holds
		r.Thresholds = append(r.Thresholds, outcome)
	}
}
