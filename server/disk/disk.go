// Package disk keeps coach from filling the disk that it stands on.
//
// A database on a full disk fails in the middle of things, and so does
// everything else on the machine. A [Guard] looks once a second how much room
// the data folder has left. Below the reserve it says no to whoever wants to
// write, in words a caller may see, and it says yes again only when there is
// clearly more than the reserve, so that it does not swing at the edge. Reads
// never ask. Each change is logged once, and [Guard.Short] tells health.
package disk

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math"
	"sync"
	"time"

	"github.com/elite-trading-coach/coach/server/fault"
)

const (
	lookEvery = time.Second
	// A quarter more than the reserve must be free before writes are taken
	// again.
	slackParts = 4
)

// ErrUnsupported says that this system does not tell how full its disks are.
var ErrUnsupported = errors.New("this system does not tell how full its disks are")

// Options says what is guarded.
type Options struct {
	// Dirs are the folders that are written to, on one disk or on several; the
	// fullest counts. One that is not there yet does not.
	Dirs []string
	// Reserve is how many bytes must stay free; 0: nothing is guarded.
	Reserve uint64
	// Free tells how many bytes a program without privileges may still write
	// below a folder; nil: the system is asked.
	Free   func(dir string) (uint64, error)
	Logger *slog.Logger
}

// Guard says whether there is room to write. Its methods are safe for
// concurrent use.
type Guard struct {
	Options

	mu    sync.Mutex
	short bool
	free  uint64
	blind bool // the last look failed, and that was said
}

// New makes a guard that lets everything through until its first look.
func New(o Options) *Guard {
	if o.Free == nil {
		o.Free = Free
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &Guard{Options: o}
}

// Run looks once a second, until ctx ends.
func (g *Guard) Run(ctx context.Context) error {
	if g.Reserve == 0 {
		<-ctx.Done()
		return nil
	}
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		g.Look()
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// Look asks the disk now. A disk that cannot be asked changes nothing: the
// database itself still says no when it is full.
func (g *Guard) Look() {
	if g.Reserve == 0 {
		return
	}
	free, err := g.least()
	g.mu.Lock()
	defer g.mu.Unlock()
	if err != nil {
		if !g.blind {
			g.Logger.Warn("nobody can say how full the disk is; writes are not refused before it is full", "folders", g.Dirs, "err", err)
		}
		g.blind = true
		return
	}
	g.blind, g.free = false, free
	switch {
	case !g.short && free < g.Reserve:
		g.short = true
		g.Logger.Error("the disk is almost full: writes are refused as UNAVAILABLE until there is room again",
			"folders", g.Dirs, "freeBytes", free, "reserveBytes", g.Reserve)
	case g.short && free >= g.enough():
		g.short = false
		g.Logger.Info("the disk has room again; writes are taken", "folders", g.Dirs, "freeBytes", free)
	}
}

// least is the room on the fullest disk.
func (g *Guard) least() (uint64, error) {
	least, found := uint64(math.MaxUint64), fs.ErrNotExist
	for _, dir := range g.Dirs {
		free, err := g.Free(dir)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return 0, err
		default:
			least, found = min(least, free), nil
		}
	}
	return least, found
}

// enough is how many bytes must be free before writes are taken again.
func (g *Guard) enough() uint64 { return g.Reserve + g.Reserve/slackParts }

// Check is what whoever is about to write on this disk asks first: nil, or an
// UNAVAILABLE that goes to the caller as it is.
func (g *Guard) Check() error {
	if _, short := g.state(); short {
		return &fault.Error{
			Code: fault.Unavailable, Message: "The server has too little room to store anything; reading works. Try again later.",
			RetryAfter: time.Minute,
		}
	}
	return nil
}

// Short is a sentence for health about the lack of room, or "".
func (g *Guard) Short() string {
	free, short := g.state()
	if !short {
		return ""
	}
	return fmt.Sprintf("The disk is almost full: %d MiB are free, and writes are refused until %d MiB are. Reads go on.",
		free>>20, (g.enough()+1<<20-1)>>20)
}

func (g *Guard) state() (free uint64, short bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.free, g.short
}
