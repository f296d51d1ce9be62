package upload

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/elite-trading-coach/coach/server/auth"
	"github.com/elite-trading-coach/coach/server/fault"
	"github.com/elite-trading-coach/coach/storage"
)

// Picture is one picture of an upload, open to be read. Close it.
type Picture struct {
	Object
	Name string // for a download, with the format's ending
	Type string // Content-Type
	Tag  string // ETag: the bytes under a key never change
}

// Find is an upload for its owner and for the members of the conversation that
// shows it.
func (s *Service) Find(ctx context.Context, a auth.Actor, id string) (storage.Upload, error) {
	if !storage.ValidID(id) {
		return storage.Upload{}, noUpload(storage.ErrNotFound)
	}
	u, err := s.Options.Store.UploadFor(ctx, id, a.UserID)
	return u, noUpload(err)
}

// Open opens a picture of an upload for somebody who may see it.
func (s *Service) Open(ctx context.Context, a auth.Actor, id string, size Size) (Picture, error) {
	u, err := s.Find(ctx, a, id)
	if err != nil {
		return Picture{}, err
	}
	return s.open(ctx, u, size)
}

// OpenLinked opens a picture for whoever has its signed address.
func (s *Service) OpenLinked(ctx context.Context, id string, size Size) (Picture, error) {
	u, err := s.Options.Store.Upload(ctx, id)
	if err != nil {
		return Picture{}, noUpload(err)
	}
	return s.open(ctx, u, size)
}

// ReadSize reads what a query says of the size; "" is the original.
func ReadSize(text string) (Size, error) {
	switch Size(text) {
	case "", Original:
		return Original, nil
	case Thumb:
		return Thumb, nil
	}
	return "", fault.Invalid("size", "The size is original or thumb.")
}

func (s *Service) open(ctx context.Context, u storage.Upload, size Size) (Picture, error) {
	k := keyFor(u.File, size)
	o, err := s.Objects.Open(ctx, k)
	if errors.Is(err, ErrNoObject) {
		s.Logger.Error("a stored image is not where it was put", "file", u.File.ID, "size", size, "store", s.Objects.Name(), "err", err)
		return Picture{}, fault.Wrap(fault.NotFound, "The image is no longer there.", err)
	}
	if err != nil {
		return Picture{}, err
	}
	return Picture{o, fileName(u.Name, k.Format), MediaType(k.Format), `"` + u.File.ID + "-" + string(k.Size) + `"`}, nil
}

// keyFor is where a picture of a file is; where no rendition was needed, the
// original serves models.
func keyFor(f storage.File, size Size) Key {
	switch {
	case size == Thumb:
		return Key{f.UserID, f.ID, Thumb, f.ThumbFormat}
	case size == ForModel && f.ModelFormat != "":
		return Key{f.UserID, f.ID, ForModel, f.ModelFormat}
	}
	return Key{f.UserID, f.ID, Original, f.Format}
}

// ForModel reads an upload's rendition for a language model: at most some MiB.
func (s *Service) ForModel(ctx context.Context, id string) (data []byte, mediaType string, err error) {
	u, err := s.Options.Store.Upload(ctx, id)
	if err != nil {
		return nil, "", noUpload(err)
	}
	p, err := s.open(ctx, u, ForModel)
	if err != nil {
		return nil, "", err
	}
	defer func() { _ = p.Close() }()
	data, err = io.ReadAll(io.LimitReader(p, MaxImage))
	if err != nil {
		return nil, "", fmt.Errorf("read an image: %w", err)
	}
	return data, p.Type, nil
}
