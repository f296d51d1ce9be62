package upload

import (
	"context"
	"io"
	"os"

	"github.com/elite-trading-coach/coach/server/auth"
	"github.com/elite-trading-coach/coach/storage"
)

// Restore keeps an image that comes back with its account: under the id, place
// and time of u, for whose owner it is checked, stripped and stored like any
// other. It counts against their share and not against their rate. An image
// that is no good, or has no room, is refused with VALIDATION_ERROR,
// UNSUPPORTED_MEDIA_TYPE or PAYLOAD_TOO_LARGE; CONFLICT: the id is taken.
func (s *Service) Restore(ctx context.Context, u storage.Upload, r io.Reader) (storage.Upload, error) {
	b := &Batch{s: s, actor: auth.Actor{UserID: u.UserID}}
	defer b.remove()
	if err := b.Receive(u.Name, u.Name, r); err != nil {
		return u, err
	}
	it := b.items[0]
	if err := b.look(ctx, it); err != nil {
		return u, err
	}
	u.Name = it.name
	return s.keepAs(ctx, u, it)
}

// remove takes away the files of the batch on its way.
func (b *Batch) remove() {
	for _, it := range b.items {
		_ = os.Remove(it.path) // who comes later sweeps what stays
		it.shots.remove()
	}
}
