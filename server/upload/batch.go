package upload

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/elite-trading-coach/coach/server/auth"
	"github.com/elite-trading-coach/coach/server/fault"
)

// Batch is the images of one request. They become uploads together or not at
// all.
type Batch struct {
	s     *Service
	actor auth.Actor
	total int64
	items []*item
	left  bool // its place among those that arrive
}

// item is one image on its way.
type item struct {
	field  string // of the request, for refusals
	name   string
	path   string // of the bytes as they came
	sha256 string
	shots  *shots // what was made of it; nil: not yet, or it is known already
}

// Begin opens a batch for somebody who may upload. Discard must follow,
// whatever comes between.
func (s *Service) Begin(ctx context.Context, a auth.Actor) (*Batch, error) {
	if err := s.Allow(ctx, a, 0); err != nil {
		return nil, err
	}
	if err := s.gate.enter(a.UserID); err != nil {
		return nil, err
	}
	return &Batch{s: s, actor: a}, nil
}

// Leave gives the place of the batch to another: nothing more will arrive. What
// has been prepared stays until Discard.
func (b *Batch) Leave() {
	if !b.left {
		b.left = true
		b.s.gate.leave(b.actor.UserID)
	}
}

// Discard removes what is left of the batch on its way.
func (b *Batch) Discard() {
	b.remove()
	b.Leave()
}

// Len is how many images have been received.
func (b *Batch) Len() int { return len(b.items) }

// Receive streams one image to a file. field is what a refusal names.
func (b *Batch) Receive(field, name string, r io.Reader) error {
	if len(b.items) == MaxImages {
		return fault.Invalid(field, "A request holds at most 5 images; send the others in another one.")
	}
	it := &item{field: field, name: cleanName(name)}
	f, err := temporary(b.s.Dir)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	it.path = f.Name()
	b.items = append(b.items, it)
	hash := sha256.New()
	n, err := io.Copy(io.MultiWriter(f, hash), io.LimitReader(r, MaxImage+1))
	b.total += n
	switch {
	case err != nil:
		return full(fmt.Errorf("receive an image: %w", err))
	case n == 0:
		return fault.Invalid(field, "The image is empty.")
	case n > MaxImage:
		return tooLarge(field, "The image is larger than 10 MiB.")
	case b.total > MaxRequest:
		return tooLarge(field, "The images of one request are larger than 50 MiB together.")
	}
	it.sha256 = hex.EncodeToString(hash.Sum(nil))
	return full(f.Close())
}

func tooLarge(field, message string) error {
	return &fault.Error{Code: fault.PayloadTooLarge, Message: message, Details: []fault.Detail{{Field: field, Message: message}}}
}

// Prepared is an image made ready for a model and kept nowhere. It can be
// loaded until the batch is discarded.
type Prepared struct {
	Name, Type string // Type is a Content-Type
	Load       func(ctx context.Context) ([]byte, error)
}

// Prepare makes what was received ready for a model. It counts as uploading.
func (b *Batch) Prepare(ctx context.Context) ([]Prepared, error) {
	if len(b.items) == 0 {
		return nil, nil
	}
	if err := b.s.Allow(ctx, b.actor, len(b.items)); err != nil {
		return nil, err
	}
	list := make([]Prepared, len(b.items))
	for i, it := range b.items {
		if err := b.look(ctx, it); err != nil {
			return nil, err
		}
		list[i] = it.shots.prepared(it.name)
	}
	return list, nil
}

func (s *shots) prepared(name string) Prepared {
	one := s.original
	if s.model != nil {
		one = *s.model
	}
	return Prepared{name, MediaType(one.format), func(context.Context) ([]byte, error) { return os.ReadFile(one.path) }}
}

// PrepareFile makes a local file ready for a model, as an upload would be, with
// temporary files in dir. remove takes them away.
func PrepareFile(ctx context.Context, path, dir string, o Options) (p Prepared, remove func(), err error) {
	made, err := newDarkroom(dir, orDefault(o.MaxPixels, defaultPixels), orDefault(o.ModelEdge, defaultEdge)).develop(ctx, path)
	if err != nil {
		return Prepared{}, func() {}, err
	}
	return made.prepared(cleanName(path)), made.remove, nil
}

// look checks the image and makes its pictures. A refusal names the field.
func (b *Batch) look(ctx context.Context, it *item) error {
	shots, err := b.s.darkroom.develop(ctx, it.path)
	var refused *fault.Error
	if errors.As(err, &refused) && refused.Code != fault.Unavailable {
		named := *refused
		named.Details = []fault.Detail{{Field: it.field, Message: named.Message}}
		return &named
	}
	it.shots = shots
	return full(err)
}

// cleanName keeps of a name what is good to show: no path, nothing that
// controls a terminal or turns text around. It never becomes part of a path.
func cleanName(name string) string {
	if i := strings.LastIndexAny(name, `/\`); i >= 0 {
		name = name[i+1:]
	}
	name = strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsPrint(r) || strings.ContainsRune(`"<>|:*?`, r) {
			return -1
		}
		return r
	}, name)
	name = strings.TrimSpace(strings.TrimLeft(name, "."))
	if r := []rune(name); len(r) > maxName {
		name = string(r[:maxName])
	}
	if name == "" {
		return "image"
	}
	return name
}

// fileName is a name to save a picture under: that of the upload, with the
// ending that the picture has.
func fileName(name, format string) string {
	if i := strings.LastIndexByte(name, '.'); i > 0 {
		name = name[:i]
	}
	if format == JPEG {
		format = "jpg"
	}
	return name + "." + format
}
