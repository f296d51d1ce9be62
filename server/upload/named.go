package upload

import (
	"context"
	"fmt"
	"os"

	"github.com/elite-trading-coach/coach/server/fault"
)

// Named is a picture that a message names by its address in the configured
// cloud, made ready for a model as an upload would be, and kept nowhere. Whoever
// calls has made sure that the address is of that cloud: nothing else may be
// fetched. Without a cloud there is no such picture.
func (s *Service) Named(ctx context.Context, address string) ([]byte, error) {
	cloud, ok := s.Objects.(*Cloudinary)
	if !ok {
		return nil, fmt.Errorf("%w: no Cloudinary is configured", ErrNoObject)
	}
	f, n, err := cloud.get(ctx, address)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	if n > MaxImage {
		return nil, fault.Newf(fault.PayloadTooLarge, "An image may have %d MiB at most.", MaxImage>>20)
	}
	made, err := s.darkroom.develop(ctx, f.Name())
	if err != nil {
		return nil, err
	}
	defer made.remove()
	one := made.original
	if made.model != nil {
		one = *made.model
	}
	data, err := os.ReadFile(one.path)
	if err != nil {
		return nil, fmt.Errorf("read an image: %w", err)
	}
	return data, nil
}
