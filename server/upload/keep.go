package upload

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/elite-trading-coach/coach/server/auth"
	"github.com/elite-trading-coach/coach/server/fault"
	"github.com/elite-trading-coach/coach/storage"
)

// keepLimit bounds what follows once bytes are stored, when the caller may be
// gone: the row must say so all the same.
const keepLimit = 10 * time.Second

// Keep makes uploads of everything that was received, in its order. If one of
// the images cannot be kept, none is. conversationID "" is no conversation
// yet; else the actor must be able to write in it.
func (b *Batch) Keep(ctx context.Context, conversationID string) ([]storage.Upload, error) {
	if len(b.items) == 0 {
		return nil, fault.Invalid("images", "Send at least one image, in the field images or file.")
	}
	if err := b.s.mayPlace(ctx, b.actor, conversationID); err != nil {
		return nil, err
	}
	if err := b.s.Allow(ctx, b.actor, len(b.items)); err != nil {
		return nil, err
	}
	for _, it := range b.items {
		if err := b.look(ctx, it); err != nil {
			return nil, err
		}
	}
	var kept []storage.Upload
	for _, it := range b.items {
		u, err := b.s.keep(ctx, b.actor, it, conversationID)
		if err != nil {
			b.s.takeBack(ctx, b.actor, kept)
			return nil, err
		}
		kept = append(kept, u)
	}
	return kept, nil
}

// mayPlace reports whether somebody may upload into a conversation.
func (s *Service) mayPlace(ctx context.Context, a auth.Actor, conversationID string) error {
	if conversationID == "" {
		return nil
	}
	none := fault.New(fault.NotFound, "There is no such conversation.")
	if !storage.ValidID(conversationID) {
		return none
	}
	m, err := s.Options.Store.Membership(ctx, conversationID, a.UserID)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return none
	case err != nil:
		return err
	case m.Role == "viewer":
		return fault.New(fault.Forbidden, "You may read this conversation but not write in it.")
	}
	return nil
}

// keep stores one image, or finds it stored.
func (s *Service) keep(ctx context.Context, a auth.Actor, it *item, conversationID string) (storage.Upload, error) {
	return s.keepAs(ctx, storage.Upload{ID: storage.NewID(), UserID: a.UserID, Name: it.name, ConversationID: conversationID, CreatedAt: s.Now()}, it)
}

// keepAs is keep for an upload whose id and time are given.
func (s *Service) keepAs(ctx context.Context, u storage.Upload, it *item) (storage.Upload, error) {
	reused, err := s.reuse(ctx, u, it.sha256)
	if !errors.Is(err, storage.ErrNotFound) {
		return reused, err
	}
	u.File = it.file(u.UserID, s.Now())
	err = s.Options.Store.Tx(ctx, func(tx *storage.Tx) error { return tx.ReserveFile(ctx, u.File, s.Share) })
	if errors.Is(err, storage.ErrNoRoom) {
		return u, tooLarge(it.field, fmt.Sprintf("Your images have taken all of your %d MiB here; delete some first.", s.Share>>20))
	}
	if err != nil {
		return u, err
	}
	if err := s.put(ctx, u.File, it.shots); err != nil {
		s.abandon(ctx, u.File)
		return u, err
	}
	err = s.noteStored(ctx, u)
	if errors.Is(err, storage.ErrConflict) { // the same image, from another request, was first
		s.abandon(ctx, u.File)
		return s.reuse(ctx, u, it.sha256)
	}
	return u, err
}

func (it *item) file(userID string, at time.Time) storage.File {
	f := storage.File{
		ID: storage.NewID(), UserID: userID, SHA256: it.sha256, Format: it.shots.original.format, ThumbFormat: it.shots.thumb.format,
		Width: it.shots.width, Height: it.shots.height, Bytes: it.shots.original.bytes, Held: it.shots.held(),
		CreatedAt: at, UsedAt: at,
	}
	if it.shots.model != nil {
		f.ModelFormat = it.shots.model.format
	}
	return f
}

// reuse makes an upload of an image that the person has stored already.
func (s *Service) reuse(ctx context.Context, u storage.Upload, sha256 string) (storage.Upload, error) {
	err := s.Options.Store.Tx(ctx, func(tx *storage.Tx) (err error) {
		if u.File, err = tx.ReuseFile(ctx, u.UserID, sha256, s.Now()); err != nil {
			return err
		}
		return tx.InsertUpload(ctx, u)
	})
	return u, err
}

// noteStored says that the bytes are there. The caller may have gone, and the
// images must not be swept for it.
func (s *Service) noteStored(ctx context.Context, u storage.Upload) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), keepLimit)
	defer cancel()
	return s.Options.Store.Tx(ctx, func(tx *storage.Tx) error {
		if err := tx.FileStored(ctx, u.File.ID, s.Now()); err != nil {
			return err
		}
		return tx.InsertUpload(ctx, u)
	})
}

func (s *Service) put(ctx context.Context, f storage.File, all *shots) error {
	for size, one := range all.all() {
		if err := s.Objects.Put(ctx, Key{f.UserID, f.ID, size, one.format}, one.path); err != nil {
			return fmt.Errorf("store an image: %w", err)
		}
	}
	return nil
}

// takeBack deletes the uploads of a batch that could not be kept whole.
func (s *Service) takeBack(ctx context.Context, a auth.Actor, list []storage.Upload) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), keepLimit)
	defer cancel()
	for _, u := range list {
		err := s.Options.Store.Tx(ctx, func(tx *storage.Tx) error {
			_, err := tx.DeleteUpload(ctx, u.ID, a.UserID, s.Now())
			return err
		})
		if err != nil {
			s.Logger.Warn("an upload of a failed request stays until it is swept", "upload", u.ID, "err", err)
		}
	}
}

// abandon removes a file that nobody shows yet. What fails here is swept.
func (s *Service) abandon(ctx context.Context, f storage.File) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), keepLimit)
	defer cancel()
	if err := s.destroy(ctx, f, storage.Idle{Unfinished: s.Now().Add(grace), Unused: s.Now().Add(grace)}); err != nil {
		s.Logger.Warn("an image that was not kept stays until it is swept", "file", f.ID, "err", err)
	}
}
