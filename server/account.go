package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/elite-trading-coach/coach/server/admin"
	"github.com/elite-trading-coach/coach/server/api"
	"github.com/elite-trading-coach/coach/server/archive"
	"github.com/elite-trading-coach/coach/server/auth"
	"github.com/elite-trading-coach/coach/server/chat"
	"github.com/elite-trading-coach/coach/server/upload"
	"github.com/elite-trading-coach/coach/storage"
)

// Loaded counts what an archive of an account brought.
type Loaded = archive.Loaded

// exportAccount writes everything of an account, images and all.
func (s *Server) exportAccount(ctx context.Context, a auth.Actor, w io.Writer) error {
	open := func(ctx context.Context, u storage.Upload) (io.ReadCloser, error) {
		picture, err := s.uploads.Open(ctx, a, u.ID, upload.Original)
		if err != nil {
			return nil, err
		}
		return picture.Object, nil
	}
	return archive.Write(ctx, s.store, a.UserID, open, w)
}

// ArchiveImport says where an archive goes: into an account that is there
// (Into: an e-mail, a username or an id), or else into a new one with the
// archive's e-mail and username and this password.
type ArchiveImport struct{ Into, Password string }

// Import loads an archive of an account. Nothing is made or stored of one that
// is not sound.
func (d *Desk) Import(ctx context.Context, file *os.File, how ArchiveImport) (api.User, Loaded, error) {
	info, err := file.Stat()
	if err != nil {
		return api.User{}, Loaded{}, fmt.Errorf("look at the archive: %w", err)
	}
	a, err := archive.Open(file, info.Size())
	if err != nil {
		return api.User{}, Loaded{}, err
	}
	owner, err := d.ownerOf(ctx, a.Profile, how)
	if err != nil {
		return api.User{}, Loaded{}, err
	}
	images, err := d.images()
	if err != nil {
		return admin.UserView(owner), Loaded{}, err
	}
	loaded, err := a.Load(ctx, d.store, owner.ID, archive.Album{Keep: images.Restore, Shown: chat.KeptUploads})
	// Whatever was loaded, a server that runs on the database all the same asks
	// which accounts changed, and then looks again at what it keeps.
	return admin.UserView(owner), loaded, errors.Join(err, d.store.Tx(ctx, func(tx *storage.Tx) error {
		_, err := tx.PatchProfile(ctx, owner.ID, storage.ProfilePatch{})
		return err
	}))
}

func (d *Desk) ownerOf(ctx context.Context, p archive.Profile, how ArchiveImport) (storage.User, error) {
	if how.Into != "" {
		return d.auth.FindUser(ctx, how.Into)
	}
	return d.auth.CreateUser(ctx, auth.By{Name: d.who.Name}, auth.NewUser{Email: p.Email, Username: p.Username, Password: how.Password})
}
