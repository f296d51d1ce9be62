package loadtest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/elite-trading-coach/coach/server/api"
)

// Run runs a load test. It returns a report whenever the load began, also with
// [ErrInterrupted], which is how a ctx that ends during the load is told; any
// other error is the test's own failure. The users that it made are removed in
// any case.
func Run(ctx context.Context, o Options) (r *Report, err error) {
	if err := o.check(ctx); err != nil {
		return nil, err
	}
	thresholds, err := withDefaults(o.Thresholds)
	if err != nil {
		return nil, err
	}
	if err := checkFiles(o.Connections); err != nil {
		return nil, err
	}
	run := &run{o: o, told: teller{o.Progress}}
	if o.Spawn != nil {
		if run.server, err = newProcess(ctx, *o.Spawn); err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, run.server.stop()) }()
		if err := run.server.start(ctx); err != nil {
			return nil, err
		}
		run.o.URL, run.o.Operator = run.server.url, run.server.operator()
	}
	if err := run.prepare(ctx); err != nil {
		return nil, errors.Join(err, run.cleanUp(ctx))
	}
	r, err = run.load(ctx)
	err = errors.Join(err, run.cleanUp(ctx))
	if r != nil {
		r.judge(thresholds)
	}
	return r, err
}

// run is one run on its way.
type run struct {
	o      Options
	told   teller
	server *process // nil unless it was spawned

	users  *users
	crowd  *crowd
	convs  []*conversation
	report *Report

	idle, connected, done usage // of the server: before, with all sockets, after the load
	cpu                   time.Duration
}

// prepare makes users, conversations and the sockets' places.
func (r *run) prepare(ctx context.Context) error {
	client := &api.Client{BaseURL: r.o.URL, Timeout: 5 * time.Second}
	if _, err := client.Health(ctx, "live"); err != nil {
		return fmt.Errorf("%s: %w; is `coach serve` running there? --url names another, --spawn starts one", r.o.URL, err)
	}
	sc, err := findScenario(r.o.Scenario)
	if err != nil {
		return err
	}
	n := min(r.o.Connections, maxUsers)
	r.told.say("%s: making %d users and their conversations", r.o.Scenario, n)
	if r.users, err = makeUsers(ctx, r.o, n); err != nil {
		return err
	}
	seats, convs, err := seating(ctx, sc.roles(r.o.Connections, r.o.Room), r.users.list)
	if err != nil {
		return err
	}
	r.convs, r.crowd = convs, newCrowd(r.o.URL, seats)
	return nil
}

func (r *run) cleanUp(ctx context.Context) error {
	if r.users == nil {
		return nil
	}
	if len(r.users.list) == 0 && len(r.users.batches) == 0 {
		return r.users.remove(ctx) // only its connections
	}
	r.told.say("removing the users")
	return r.users.remove(ctx)
}

// load connects, sends, waits and checks.
func (r *run) load(ctx context.Context) (*Report, error) {
	r.report = &Report{
		Format: 1, Build: r.o.Build, URL: r.o.URL, Scenario: r.o.Scenario, Connections: r.o.Connections,
		Users: len(r.users.list), Chaos: r.o.Chaos, StartedAt: time.Now().UTC().Truncate(time.Millisecond),
	}
	if r.server != nil {
		r.report.Database = r.server.engine()
	}
	r.idle = r.serverUsage()
	// An interrupt stops the load; what is under way is still waited for and checked.
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	var rest sync.WaitGroup
	rest.Go(func() { r.crowd.run(serving) })
	rest.Go(func() { r.watch(serving) })
	end := func() { stop(); rest.Wait() }

	failed := r.phases(ctx)
	rows, err := r.settle(serving)
	r.check(rows)
	r.fill()
	end()
	switch {
	case failed != nil:
		return r.report, failed
	case err != nil:
		return r.report, err
	case ctx.Err() != nil:
		r.report.Interrupted = true
		return r.report, ErrInterrupted
	}
	return r.report, nil
}

func (r *run) serverUsage() usage {
	if r.server == nil {
		return usage{}
	}
	return r.server.usage()
}
