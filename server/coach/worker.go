// Package coach is the worker that writes answers, and the models it writes
// them with.
//
// The pending answer row is the job: a [Worker] claims it by a lease, builds
// the prompt from what the conversation held below its place, streams a
// [Model]'s text to the room, keeps a checkpoint now and then, and finishes
// the row while the lease is its own. Nothing is lost with the worker: the
// lease runs out, another one claims the row as a new attempt, and clients
// replace the text of the old.
package coach

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/elite-trading-coach/coach/server/bus"
	"github.com/elite-trading-coach/coach/server/chat"
	"github.com/elite-trading-coach/coach/server/fault"
	"github.com/elite-trading-coach/coach/server/journal"
	"github.com/elite-trading-coach/coach/server/metrics"
)

const (
	// sweepEvery is how often the worker looks for answers nobody told it of.
	sweepEvery = 2 * time.Second
	// maxAttempts bounds how often an answer that takes its worker down with
	// it is begun anew.
	maxAttempts = 5
)

// Options is what a worker needs.
type Options struct {
	Chat  *chat.Service
	Bus   bus.Bus
	Model Model
	// Journal knows the plan and the day of who asks; nil: everybody has the
	// default plan, and nothing is known of the day.
	Journal *journal.Service
	// Images gives the pictures of a message without loading them; nil: none
	// can be had.
	Images func(m chat.Message) []Image
	// Owner names this worker in leases; it must differ between processes.
	Owner string
	// Alone: no other process writes answers in this database, so leases left
	// by an earlier one are void.
	Alone bool
	// Workers bounds the answers written at once; 0: 16.
	Workers int
	// Lease is how long a lost worker blocks its answers; 0: 15 s.
	Lease time.Duration
	// Grace is how long answers in progress may go on at a stop; 0: 5 s.
	Grace time.Duration
	// Limit bounds one answer; 0: two minutes.
	Limit  time.Duration
	Logger *slog.Logger
	// Metrics counts; nil: nobody does.
	Metrics *metrics.Metrics
}

// Worker writes answers.
type Worker struct {
	Options
	wake  chan struct{}
	slots chan struct{}
	wg    sync.WaitGroup
}

// NewWorker makes a worker; Run starts it.
func NewWorker(o Options) *Worker {
	o.Workers = orDefault(o.Workers, 16)
	o.Lease = orDefault(o.Lease, 15*time.Second)
	o.Grace = orDefault(o.Grace, 5*time.Second)
	o.Limit = orDefault(o.Limit, 2*time.Minute)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &Worker{Options: o, wake: make(chan struct{}, 1), slots: make(chan struct{}, o.Workers)}
}

func orDefault[T comparable](v, def T) T {
	var zero T
	if v == zero {
		return def
	}
	return v
}

// InProgress is how many answers are being written now.
func (w *Worker) InProgress() int { return len(w.slots) }

// Run writes answers until ctx ends; then it claims no more, lets those in
// progress end within the grace, and gives the rest back.
func (w *Worker) Run(ctx context.Context) error {
	cancel := w.Bus.Subscribe(chat.WakeTopic, func(bus.Event) { w.signal() })
	defer cancel()
	// Answers outlive ctx by the grace.
	writing, stopWriting := context.WithCancel(context.WithoutCancel(ctx))
	defer stopWriting()
	if w.Alone {
		if err := w.Chat.ReleaseLeases(ctx); err != nil {
			w.Logger.Warn("old leases were not released; their answers wait until they run out", "err", err)
		}
	}
	sweep := time.NewTicker(sweepEvery)
	defer sweep.Stop()
	w.signal()
	for {
		select {
		case <-ctx.Done():
			w.drain(stopWriting)
			return nil
		case <-w.wake:
		case <-sweep.C:
		}
		w.claim(ctx, writing)
	}
}

// signal asks for a look at the open answers; asking twice is asking once.
func (w *Worker) signal() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// claim takes as many answers as there are free slots.
func (w *Worker) claim(ctx, writing context.Context) {
	free := cap(w.slots) - len(w.slots)
	if free == 0 {
		return // the next slot that is freed signals
	}
	jobs, err := w.Chat.Claim(ctx, w.Owner, w.Lease, free)
	if err != nil {
		// The store says once that the database is away, not at every sweep.
		if ctx.Err() == nil && !fault.Is(err, fault.Unavailable) {
			w.Logger.Warn("answers could not be claimed; it is tried again", "err", err)
		}
		return
	}
	for _, job := range jobs {
		w.slots <- struct{}{}
		w.wg.Go(func() {
			defer w.signal()
			defer func() { <-w.slots }()
			w.write(writing, job)
		})
	}
}

// drain waits for the answers in progress, at most the grace, then has them
// given back.
func (w *Worker) drain(stopWriting context.CancelFunc) {
	timer := time.AfterFunc(w.Grace, stopWriting)
	defer timer.Stop()
	w.wg.Wait()
}
