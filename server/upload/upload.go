// Package upload is where images live.
//
// A request's images arrive as a [Batch]: each is streamed to a temporary file
// with its size counted, never held in memory, and only when all are there is
// any looked at. What an image is, its bytes say, not its name: the header is
// read before anything is decoded, so that a small file that declares a huge
// picture is refused for its declaration. Then what is private is taken out of
// the file without touching a pixel (strip.go), the picture is decoded once,
// by few at a time, and a thumbnail and a rendition for a model are made of it
// (pictures.go).
//
// The bytes go to a [Store]: the local disk, or Cloudinary. The order of rows
// and bytes is such that a crash leaves only what [Service.Sweep] finds: a row
// that says "about to be stored" comes before the bytes, the row that says
// "stored" after them; and before bytes are removed their row says so. The
// same image of one person is stored once, however often it is uploaded.
//
// What an upload may be part of is chat's affair. An address of an image is
// signed and runs out (links.go), so that an img element can show it.
package upload

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/elite-trading-coach/coach/server/auth"
	"github.com/elite-trading-coach/coach/server/fault"
	"github.com/elite-trading-coach/coach/storage"
)

// What a request may hold.
const (
	MaxImages     = 5
	MaxImage      = 10 << 20 // bytes of one image
	MaxRequest    = 50 << 20 // bytes of all images of a request
	defaultPixels = 40_000_000
	defaultEdge   = 2048
	// maxName is how many characters of a file's name are kept.
	maxName = 200
)

// Options is what the room needs from outside. Zero numbers are the defaults.
type Options struct {
	Store   *storage.Store
	Objects Store
	// Dir is a folder of this room's own for files under way; made when it is
	// not there.
	Dir string
	// Share is how many bytes one person may have stored; 0: 1 GiB.
	Share int64
	// MaxPixels is how large a picture may be; 0: 40 million.
	MaxPixels int
	// ModelEdge is the longest side of what a model is shown, in pixels; 0: 2048.
	ModelEdge int
	// Loose is how long an upload may stay without a message; 0: a day.
	Loose time.Duration
	// MaxReceiving bounds the requests whose images arrive at once, of
	// everybody; 0: 64. One person has at most four of them.
	MaxReceiving int
	// Allow counts n images against the actor's limit and refuses with
	// RATE_LIMITED; n 0 counts nothing and asks whether one would pass. nil: no
	// limit.
	Allow  func(ctx context.Context, a auth.Actor, n int) error
	Logger *slog.Logger
	// Now is the clock; nil: the real one.
	Now func() time.Time
}

// Service is the rules of images. Its methods are safe for concurrent use and
// answer with fault codes.
type Service struct {
	Options
	darkroom *darkroom
	gate     *gate

	mu     sync.Mutex
	strays time.Time // when they were last looked for
}

// New puts the room together and makes its folder.
func New(o Options) (*Service, error) {
	o.Share = orDefault(o.Share, 1<<30)
	o.MaxPixels = orDefault(o.MaxPixels, defaultPixels)
	o.ModelEdge = orDefault(o.ModelEdge, defaultEdge)
	o.Loose = orDefault(o.Loose, 24*time.Hour)
	o.MaxReceiving = orDefault(o.MaxReceiving, 64)
	if o.Allow == nil {
		o.Allow = func(context.Context, auth.Actor, int) error { return nil }
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = storage.Now
	}
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the folder for images under way (UPLOAD_DIR): %w", err)
	}
	return &Service{
		Options:  o,
		darkroom: newDarkroom(o.Dir, o.MaxPixels, o.ModelEdge),
		gate:     &gate{most: o.MaxReceiving, each: 4, by: map[string]int{}},
	}, nil
}

func orDefault[T comparable](v, def T) T {
	var zero T
	if v == zero {
		return def
	}
	return v
}

// gate bounds what arrives at once.
type gate struct {
	most, each int

	mu    sync.Mutex
	count int
	by    map[string]int // people
}

// enter lets a request in; leave must be called for each that was.
func (g *gate) enter(who string) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.by[who] >= g.each {
		return &fault.Error{Code: fault.Unavailable, Message: "You have several uploads under way; let one of them end first.", RetryAfter: 2 * time.Second}
	}
	if g.count >= g.most {
		return &fault.Error{Code: fault.Unavailable, Message: "Too many uploads are under way here; try again in a moment.", RetryAfter: 2 * time.Second}
	}
	g.count++
	g.by[who]++
	return nil
}

func (g *gate) leave(who string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.count--
	if g.by[who]--; g.by[who] == 0 {
		delete(g.by, who)
	}
}

// noUpload is what is said of an upload that is not there for who asks.
func noUpload(err error) error {
	if errors.Is(err, storage.ErrNotFound) {
		return fault.Wrap(fault.NotFound, "There is no such upload.", err)
	}
	return err
}

// full names a disk that has no room for what it is: the server's trouble,
// which may pass.
func full(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fault.Wrap(fault.Unavailable, "The server has no room for images right now; try again later.", err)
	}
	return err
}

// temporary makes a file of a name nobody has.
func temporary(dir string) (*os.File, error) {
	f, err := os.CreateTemp(dir, "*.part")
	if err != nil {
		return nil, full(fmt.Errorf("make a temporary file: %w", err))
	}
	return f, nil
}

// clearOld removes files under way that a program which ended left behind.
// Young ones may be another node's, where the folder is shared.
func clearOld(dir string, before time.Time) {
	names, _ := filepath.Glob(filepath.Join(dir, "*.part"))
	for _, name := range names {
		if info, err := os.Stat(name); err == nil && info.ModTime().Before(before) {
			_ = os.Remove(name)
		}
	}
}
