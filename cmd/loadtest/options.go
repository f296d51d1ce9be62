package loadtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/elite-trading-coach/coach/server/api"
)

// Options say what to run. Zero fields take the scenario's default.
type Options struct {
	URL         string // of the server, http(s)://host:port; not with Spawn
	Scenario    string // chat, idle, fanout, churn, mixed
	Connections int
	Duration    time.Duration // of the load, after every socket is there
	Ramp        time.Duration // over which the sockets connect
	Rate        float64       // messages a second, of all users together
	Stages      []Stage       // instead of Duration and Rate
	Room        int           // sockets in one conversation; 0: as the scenario has it
	Chaos       bool          // cut sockets, pause readers, and kill a spawned server
	Thresholds  []Threshold   // beside the defaults; on the same metric instead of them

	// Operator makes and removes the users; nil: they register, and delete
	// themselves.
	Operator *api.Client
	// Spawn starts a server of its own.
	Spawn *Spawn
	// OwnHost lets URL name a host that is not this machine.
	OwnHost bool
	// Progress is told how the run goes.
	Progress Progress
	// Build is written into the report.
	Build string
}

// Progress is where the run tells how it goes: Live rewrites one line, as on a
// terminal; otherwise there is a line every few seconds.
type Progress struct {
	Out  io.Writer // nil: nothing is told
	Live bool
}

// The defaults of the command.
const (
	DefaultConnections = 100
	DefaultDuration    = 10 * time.Second
	DefaultRamp        = 2 * time.Second
	DefaultRate        = 20.0
)

// FlagError is an option that cannot be; Flag is its name on the command line.
type FlagError struct{ Flag, Problem string }

func (e *FlagError) Error() string { return "--" + e.Flag + ": " + e.Problem }

// check says what is wrong with the options.
func (o Options) check(ctx context.Context) error {
	if err := o.checkNumbers(); err != nil {
		return err
	}
	if _, err := findScenario(o.Scenario); err != nil {
		return err
	}
	if o.Spawn != nil {
		return nil
	}
	return o.checkHost(ctx)
}

func (o Options) checkNumbers() error {
	switch {
	case o.Connections < 1 || o.Connections > 100_000:
		return &FlagError{"connections", fmt.Sprintf("%d sockets are not possible; 1 to 100000 are", o.Connections)}
	case len(o.Stages) == 0 && (o.Duration < time.Second || o.Duration > 24*time.Hour):
		return &FlagError{"duration", fmt.Sprintf("%s is not between 1s and 24h", o.Duration)}
	case o.Ramp < 0 || o.Ramp > time.Hour:
		return &FlagError{"ramp", fmt.Sprintf("%s is not between 0s and 1h", o.Ramp)}
	case o.Rate < 0 || o.Rate > maxRate:
		return &FlagError{"rate", fmt.Sprintf("%g/s is not between 0 and %d", o.Rate, int(maxRate))}
	case o.Room < 0 || o.Room > 1000:
		return &FlagError{"room", fmt.Sprintf("%d sockets in a conversation are not possible; 1 to 1000 are", o.Room)}
	}
	return nil
}

// checkHost refuses to flood strangers.
func (o Options) checkHost(ctx context.Context) error {
	u, err := url.Parse(o.URL)
	if err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https" || strings.Trim(u.Path, "/") != "" {
		return &FlagError{"url", fmt.Sprintf("%q is no http(s)://host:port", o.URL)}
	}
	if o.OwnHost {
		return nil
	}
	addresses, err := net.DefaultResolver.LookupIPAddr(ctx, u.Hostname())
	if err != nil {
		return &FlagError{"url", fmt.Sprintf("the host %s is not known", u.Hostname())}
	}
	for _, a := range addresses {
		if !a.IP.IsLoopback() {
			return &FlagError{"url", u.Hostname() + " is not this machine, and a load test looks like an attack; if the host is yours, say --i-own-this-host"}
		}
	}
	return nil
}

// stages is the schedule, and the rate that it begins at.
func (o Options) stages() ([]Stage, float64) {
	if len(o.Stages) > 0 {
		return o.Stages, 0
	}
	return []Stage{{For: o.Duration, To: o.Rate}}, o.Rate
}

// ErrInterrupted says that the run was broken off; its report covers what ran.
var ErrInterrupted = errors.New("interrupted: the report covers what ran until then")
