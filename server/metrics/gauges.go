package metrics

import "github.com/prometheus/client_golang/prometheus"

// Gauges are what is asked for when somebody looks. All funcs are set.
type Gauges struct {
	Sockets, Users, Rooms func() float64
	// OutboxBytes wait to be read by all clients together.
	OutboxBytes func() float64
	// AnswersInProgress are being written by this node.
	AnswersInProgress func() float64
	// Breakers is how the circuit breaker of each language model stands:
	// closed, half-open or open.
	Breakers func() map[string]string
	// BusConnected is 1 while this node and the others hear each other, or
	// where it is the only one.
	BusConnected func() float64
	// Draining is 1 from the order to stop.
	Draining func() float64
	// Pool is how the connections to the database stand.
	Pool func() Pool
	// DatabaseBytes is what it takes; -1: it cannot be told.
	DatabaseBytes func() float64
}

// Pool is how the connections to the database stand.
type Pool struct {
	InUse, Idle, Max int
	Waits            int64
	WaitedSeconds    float64
}

// Watch shows gauges. It is called once.
func (m *Metrics) Watch(g Gauges) {
	gauge := func(name, help string, read func() float64) {
		m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, read))
	}
	gauge("coach_sockets", "Sockets that are connected to this node.", g.Sockets)
	gauge("coach_users", "People who are connected to this node.", g.Users)
	gauge("coach_rooms", "Conversations that somebody on this node has open.", g.Rooms)
	gauge("coach_outbox_bytes", "Bytes that wait for clients to read them.", g.OutboxBytes)
	gauge("coach_answers_in_progress", "Answers that this node writes now.", g.AnswersInProgress)
	gauge("coach_bus_connected", "1 while this node and the others hear each other.", g.BusConnected)
	gauge("coach_draining", "1 from the order to stop.", g.Draining)
	gauge("coach_database_bytes", "What the database takes; -1 where it cannot be told.", g.DatabaseBytes)
	m.registry.MustRegister(newBreakers(g.Breakers))
	m.registry.MustRegister(poolCollector{
		read:        g.Pool,
		connections: prometheus.NewDesc("coach_database_connections", "Connections to the database, by state: in_use, idle.", []string{"state"}, nil),
		most:        prometheus.NewDesc("coach_database_connections_max", "How many there may be.", nil, nil),
		waits:       prometheus.NewDesc("coach_database_waits_total", "Times that somebody waited for a connection.", nil, nil),
		waited:      prometheus.NewDesc("coach_database_wait_seconds_total", "How long that was in all.", nil, nil),
	})
}

// poolCollector reads the pool once for all that is shown of it.
type poolCollector struct {
	read                             func() Pool
	connections, most, waits, waited *prometheus.Desc
}

// Describe implements prometheus.Collector.
func (c poolCollector) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{c.connections, c.most, c.waits, c.waited} {
		to <- d
	}
}

// Collect implements prometheus.Collector.
func (c poolCollector) Collect(to chan<- prometheus.Metric) {
	p := c.read()
	to <- prometheus.MustNewConstMetric(c.connections, prometheus.GaugeValue, float64(p.InUse), "in_use")
	to <- prometheus.MustNewConstMetric(c.connections, prometheus.GaugeValue, float64(p.Idle), "idle")
	to <- prometheus.MustNewConstMetric(c.most, prometheus.GaugeValue, float64(p.Max))
	to <- prometheus.MustNewConstMetric(c.waits, prometheus.CounterValue, float64(p.Waits))
	to <- prometheus.MustNewConstMetric(c.waited, prometheus.CounterValue, p.WaitedSeconds)
}
