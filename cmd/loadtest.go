package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"net/url"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/elite-trading-coach/coach/cmd/loadtest"
	"github.com/elite-trading-coach/coach/configs"
	"github.com/elite-trading-coach/coach/server"
	"github.com/elite-trading-coach/coach/server/api"
)

// The exit codes of loadtest beside the usual ones.
const (
	exitThreshold   = 99  // the run is sound, and a threshold is broken
	exitInterrupted = 130 // as shells say it of SIGINT
)

// loadFlags is what the command line says of a load test.
type loadFlags struct {
	o                               loadtest.Options
	rate, stages, tokenFile, report string
	thresholds                      []string
	spawn, asJSON                   bool
}

func newLoadtest(a *app) *cobra.Command {
	var f loadFlags
	c := &cobra.Command{
		Use:   "loadtest",
		Short: "Let virtual users loose on a server, and prove that it loses nothing",
		Long: "Sends over real Socket.IO at a set rate, times everything from the moment it was meant to happen, and in the\n" +
			"end holds what was sent, acknowledged, delivered and stored against each other. Beside a server in the same\n" +
			"folder it makes its own users through the admin socket, and removes them. See docs/loadtest.md.\n\n" +
			"Scenarios:\n" + scenarioHelp() +
			"\nExit code 0: every threshold holds; 99: one is broken; 130: interrupted, the report covers what ran; anything\n" +
			"else: the test itself failed.",
		Example: "  coach loadtest\n" +
			"  coach loadtest --scenario fanout --connections 1000 --ramp 10s --duration 1m --rate 20/s\n" +
			"  coach loadtest --spawn --chaos --threshold 'ack.p99<250ms' --report report.html",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return a.loadtest(c, f) },
	}
	flags := c.Flags()
	flags.SortFlags = false
	flags.StringVar(&f.o.URL, "url", "", "server to test (default: the one this configuration would start)")
	flags.StringVar(&f.o.Scenario, "scenario", "chat", "what the users do: "+strings.Join(scenarioNames(), ", "))
	flags.IntVar(&f.o.Connections, "connections", loadtest.DefaultConnections, "sockets")
	flags.DurationVar(&f.o.Duration, "duration", loadtest.DefaultDuration, "length of the load, after every socket is there")
	flags.StringVar(&f.rate, "rate", fmt.Sprintf("%g/s", loadtest.DefaultRate), "messages of all users together, as 5/s or 300/m")
	flags.DurationVar(&f.o.Ramp, "ramp", loadtest.DefaultRamp, "time over which the sockets connect")
	flags.StringVar(&f.stages, "stages", "", "instead of duration and rate: 30s:50/s,1m:200/s, in straight lines from 0/s")
	flags.IntVar(&f.o.Room, "room", 0, "sockets in one conversation (default: as the scenario has it)")
	flags.BoolVar(&f.o.Chaos, "chaos", false, "cut sockets and pause readers meanwhile; with --spawn kill the server twice")
	flags.BoolVar(&f.spawn, "spawn", false, "start a server of its own, with data that are removed afterwards: SQLite, or a database of its own on the Postgres of this configuration")
	flags.StringArrayVar(&f.thresholds, "threshold", nil, "what must hold, as 'ack.p99<100ms'; may be repeated; always: "+strings.Join(loadtest.DefaultThresholds(), ", "))
	flags.StringVar(&f.tokenFile, "token-file", "", "file whose first line is an operator's token (also COACH_ADMIN_TOKEN, COACH_ADMIN_TOKEN_FILE)")
	flags.BoolVar(&f.asJSON, "json", false, "print the report as JSON")
	flags.StringVar(&f.report, "report", "", "write the report, with charts, as an HTML `file`")
	flags.BoolVar(&f.o.OwnHost, "i-own-this-host", false, "test a host that is not this machine")
	c.MarkFlagsMutuallyExclusive("url", "spawn")
	c.MarkFlagsMutuallyExclusive("stages", "rate")
	c.MarkFlagsMutuallyExclusive("stages", "duration")
	return c
}

func scenarioNames() []string {
	names, _ := loadtest.Scenarios()
	return names
}

func scenarioHelp() string {
	var b strings.Builder
	names, about := loadtest.Scenarios()
	for i, name := range names {
		fmt.Fprintf(&b, "  %-7s %s\n", name, about[i])
	}
	return b.String()
}

func (a *app) loadtest(c *cobra.Command, f loadFlags) error {
	o, err := a.loadOptions(c, f)
	if err != nil {
		return usageOf(err)
	}
	// Before the run: nobody should wait for a report that cannot be written.
	page, err := createReport(f.report)
	if err != nil {
		return err
	}
	report, err := loadtest.Run(c.Context(), o)
	if report == nil || len(report.Thresholds) == 0 {
		return errors.Join(usageOf(err), page.discard())
	}
	show := tellReport
	if f.asJSON {
		show = writeJSON[*loadtest.Report]
	}
	if failed := errors.Join(show(a.Stdout, report), page.write(report)); failed != nil {
		return failed
	}
	return ending(report, err)
}

func tellReport(w io.Writer, r *loadtest.Report) error {
	_, err := io.WriteString(w, r.Text())
	return err
}

// ending turns the run's end into the command's.
func ending(r *loadtest.Report, err error) error {
	switch {
	case errors.Is(err, loadtest.ErrInterrupted):
		return &failure{code: exitInterrupted, err: err}
	case err != nil:
		return err
	case !r.Passed:
		return &failure{code: exitThreshold, err: errors.New("a threshold is broken")}
	}
	return nil
}

// loadOptions reads the flags.
func (a *app) loadOptions(c *cobra.Command, f loadFlags) (o loadtest.Options, err error) {
	o = f.o
	if o.Rate, err = loadtest.ParseRate(f.rate); err != nil {
		return o, &loadtest.FlagError{Flag: "rate", Problem: err.Error()}
	}
	if f.stages != "" {
		if o.Stages, err = loadtest.ParseStages(f.stages); err != nil {
			return o, err
		}
	}
	for _, text := range f.thresholds {
		t, err := loadtest.ParseThreshold(text)
		if err != nil {
			return o, err
		}
		o.Thresholds = append(o.Thresholds, t)
	}
	_, live := terminal(a.Stderr)
	o.Progress, o.Build = loadtest.Progress{Out: a.Stderr, Live: live}, a.Stamps.build().Version
	if f.spawn {
		o.Spawn, err = a.spawn(c, o)
		return o, err
	}
	return o, a.target(c, f.tokenFile, &o)
}

// spawn says how a server of our own is started: with its records on the
// Postgres of this configuration, in a database of its own, or on SQLite.
func (a *app) spawn(c *cobra.Command, o loadtest.Options) (*loadtest.Spawn, error) {
	binary, err := os.Executable()
	if err != nil {
		return nil, err
	}
	s := &loadtest.Spawn{Binary: binary, Environ: a.Environ}
	cfg, _, err := a.load(c)
	var problems configs.Problems
	if errors.As(err, &problems) && len(problems.About("database.url")) > 0 {
		return nil, &usageError{problems.About("database.url").Error()}
	}
	database := cfg.Database.URL.Reveal()
	if !strings.HasPrefix(database, "postgres") {
		return s, nil
	}
	if host := databaseHost(database); !o.OwnHost && !isLoopback(host) {
		return nil, &usageError{"DATABASE_URL names " + host + ", which is not this machine; if it is yours, say --i-own-this-host; to test on SQLite, say --database-url \"\""}
	}
	s.Postgres = func(ctx context.Context) (string, func(context.Context) error, error) {
		return server.ScratchDatabase(ctx, database)
	}
	return s, nil
}

// databaseHost is "" where the URL leads to a socket of this machine.
func databaseHost(dbURL string) string {
	u, err := url.Parse(dbURL)
	if err != nil {
		return "something that cannot be read"
	}
	if host := u.Query().Get("host"); host != "" {
		return host
	}
	return u.Hostname()
}

func isLoopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "" || host == "localhost" || strings.HasPrefix(host, "/") || err == nil && addr.IsLoopback()
}

// target finds the server, and who makes the users on it: an operator's token,
// else the admin socket beside a server of this configuration, else nobody.
func (a *app) target(c *cobra.Command, tokenFile string, o *loadtest.Options) error {
	ours := o.URL == ""
	if ours {
		url, trusting, err := a.ownServer(c)
		if err != nil {
			return err
		}
		if trusting != nil {
			return &usageError{"this configuration serves TLS, and its certificate is for a name; say it with --url https://NAME:PORT"}
		}
		o.URL = url
	}
	if tokenFile != "" || a.env("COACH_ADMIN_TOKEN") != "" || a.env("COACH_ADMIN_TOKEN_FILE") != "" {
		token, err := a.operatorToken(reach{tokenFile: tokenFile})
		o.Operator = &api.Client{BaseURL: o.URL, Token: token}
		return err
	}
	cfg, _, _ := a.load(c) // what is wrong with other settings does not matter here
	if path := cfg.Server.AdminSocket; ours && path != "" {
		if _, err := os.Stat(path); err == nil {
			o.Operator = api.OverSocket(path)
		}
	}
	return nil
}
