package upload

import (
	"context"
	"errors"
	"io"
	"iter"
	"strings"
	"time"

	"github.com/elite-trading-coach/coach/storage"
)

// Size is what a picture is for.
type Size string

// The pictures that are kept of an image.
const (
	Original Size = "original"
	Thumb    Size = "thumb"
	// ForModel is for language models only; nobody else is given it.
	ForModel Size = "model"
)

// Key names one picture in a store. It is made of ids alone: nothing that a
// person typed becomes part of a path.
type Key struct {
	Owner  string // id of the person
	File   string // id of the file
	Size   Size
	Format string
}

// name is the key within its owner's folder, without the format.
func (k Key) name() string { return k.File + "-" + string(k.Size) }

// keyOf reads a name back; what is not of this room's making is not ok.
func keyOf(owner, name, format string) (Key, bool) {
	for _, size := range []Size{Original, Thumb, ForModel} {
		file, ok := strings.CutSuffix(name, "-"+string(size))
		if ok && storage.ValidID(owner) && storage.ValidID(file) {
			return Key{Owner: owner, File: file, Size: size, Format: format}, true
		}
	}
	return Key{}, false
}

// Object is a stored picture, open to be read. Close it.
type Object struct {
	io.ReadSeekCloser
	Bytes int64
}

// Stored is one entry of a store's list.
type Stored struct {
	Key
	At time.Time // when it was stored
}

// ErrNoObject says that a store has no picture under a key.
var ErrNoObject = errors.New("no such picture in the store")

// Store is the seam: where pictures are kept. Every implementation passes the
// suite in uploadtest. Methods are safe for concurrent use.
type Store interface {
	// Name says where it is, for people.
	Name() string
	// Put stores the file at path; it is there, whole and for good, when Put
	// returns without an error, or not at all. Putting again replaces.
	Put(ctx context.Context, k Key, path string) error
	// Open finds a picture; ErrNoObject: there is none.
	Open(ctx context.Context, k Key) (Object, error)
	// Delete removes a picture. That there is none is no error.
	Delete(ctx context.Context, k Key) error
	// List yields every picture, in no order, until an error, which is the last
	// pair.
	List(ctx context.Context) iter.Seq2[Stored, error]
	// Check reports whether pictures can be stored now.
	Check(ctx context.Context) error
}
