package storage_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/elite-trading-coach/coach/storage"
	"github.com/elite-trading-coach/coach/storage/storagetest"
)

const share = 1000

// gallery is a person with room for some images.
type gallery struct {
	t     *testing.T
	store *storage.Store
	owner string
	at    time.Time
}

func newGallery(t *testing.T, s *storage.Store) *gallery {
	t.Helper()
	g := &gallery{t, s, storage.NewID(), storage.Now()}
	g.tx(func(tx *storage.Tx) error {
		return tx.InsertUser(context.Background(), storage.User{
			ID: g.owner, Email: g.owner + "@example.org", Username: g.owner[:8], Timezone: "UTC", PasswordHash: "hash",
			Role: storage.RoleUser, Tier: "free", CreatedAt: g.at, LastActiveAt: g.at,
		})
	})
	return g
}

func (g *gallery) try(fn func(tx *storage.Tx) error) error {
	return g.store.Tx(context.Background(), fn)
}

func (g *gallery) tx(fn func(tx *storage.Tx) error) {
	g.t.Helper()
	if err := g.try(fn); err != nil {
		g.t.Fatal(err)
	}
}

func (g *gallery) file(sha string, held int64) storage.File {
	return storage.File{
		ID: storage.NewID(), UserID: g.owner, SHA256: sha, Format: "png", ThumbFormat: "png", Width: 1, Height: 1, Bytes: held, Held: held,
		CreatedAt: g.at, UsedAt: g.at,
	}
}

// upload stores a file and one upload that shows it.
func (g *gallery) upload(sha string, held int64) storage.Upload {
	g.t.Helper()
	u := storage.Upload{ID: storage.NewID(), UserID: g.owner, Name: "chart.png", CreatedAt: g.at, File: g.file(sha, held)}
	g.tx(func(tx *storage.Tx) error {
		return errors.Join(
			tx.ReserveFile(context.Background(), u.File, share),
			tx.FileStored(context.Background(), u.File.ID, g.at),
			tx.InsertUpload(context.Background(), u))
	})
	return u
}

func (g *gallery) held() int64 {
	g.t.Helper()
	n, err := g.store.BytesHeld(context.Background(), g.owner)
	if err != nil {
		g.t.Fatal(err)
	}
	return n
}

func (g *gallery) useless(idle storage.Idle) []storage.File {
	g.t.Helper()
	list, err := g.store.UselessFiles(context.Background(), idle, 10)
	if err != nil {
		g.t.Fatal(err)
	}
	return list
}

func TestAShareOfTheImageStoreIsNeverExceeded(t *testing.T) {
	storagetest.Run(t, func(t *testing.T, s *storage.Store) {
		g := newGallery(t, s)
		errs := make(chan error, 10)
		for i := range 10 {
			go func() {
				errs <- g.try(func(tx *storage.Tx) error {
					return tx.ReserveFile(context.Background(), g.file(string(rune('a'+i)), 300), share)
				})
			}()
		}
		taken := 0
		for range 10 {
			switch err := <-errs; {
			case err == nil:
				taken++
			case !errors.Is(err, storage.ErrNoRoom):
				t.Errorf("a full share answers %v", err)
			}
		}
		if taken != 3 || g.held() != 900 {
			t.Errorf("%d files of 300 bytes fit into 1000, %d bytes are held", taken, g.held())
		}
	})
}

func TestTheSameImageIsFoundAgainUntilItIsCondemned(t *testing.T) {
	ctx := context.Background()
	storagetest.Run(t, func(t *testing.T, s *storage.Store) {
		g := newGallery(t, s)
		u := g.upload("same", 10)
		reuse := func() (f storage.File, err error) {
			err = g.try(func(tx *storage.Tx) (err error) {
				f, err = tx.ReuseFile(ctx, g.owner, "same", g.at.Add(time.Hour))
				return err
			})
			return f, err
		}
		if f, err := reuse(); err != nil || f.ID != u.File.ID {
			t.Fatalf("found %+v, %v", f, err)
		}
		if err := g.try(func(tx *storage.Tx) error { _, err := tx.ReuseFile(ctx, storage.NewID(), "same", g.at); return err }); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("another person's image was found: %v", err)
		}
		g.tx(func(tx *storage.Tx) error { _, err := tx.DeleteUpload(ctx, u.ID, g.owner, g.at); return err })
		young := storage.Idle{Unfinished: g.at, Unused: g.at.Add(time.Minute)} // it was taken an hour after
		if list := g.useless(young); len(list) != 0 {
			t.Errorf("a file that was just taken is useless: %+v", list)
		}
		old := storage.Idle{Unfinished: g.at, Unused: g.at.Add(2 * time.Hour)}
		if list := g.useless(old); len(list) != 1 {
			t.Fatalf("useless: %+v", list)
		}
		g.tx(func(tx *storage.Tx) error { return tx.CondemnFile(ctx, u.File.ID, old, g.at) })
		if _, err := reuse(); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("a condemned file was taken: %v", err)
		}
		g.tx(func(tx *storage.Tx) error { return tx.ForgetFile(ctx, u.File) })
		if g.held() != 0 {
			t.Errorf("%d bytes are still held", g.held())
		}
	})
}

func TestAFileThatAnUploadShowsIsNotUseless(t *testing.T) {
	ctx := context.Background()
	storagetest.Run(t, func(t *testing.T, s *storage.Store) {
		g := newGallery(t, s)
		first := g.upload("two", 10)
		second := storage.Upload{ID: storage.NewID(), UserID: g.owner, Name: "again.png", CreatedAt: g.at, File: first.File}
		late := storage.Idle{Unfinished: g.at.Add(time.Hour), Unused: g.at.Add(time.Hour)}
		g.tx(func(tx *storage.Tx) error { return tx.InsertUpload(ctx, second) })
		g.tx(func(tx *storage.Tx) error { _, err := tx.DeleteUpload(ctx, first.ID, g.owner, g.at); return err })
		if list := g.useless(late); len(list) != 0 {
			t.Errorf("useless: %+v", list)
		}
		if err := g.try(func(tx *storage.Tx) error { return tx.CondemnFile(ctx, first.File.ID, late, g.at) }); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("a file that is shown was condemned: %v", err)
		}
		g.tx(func(tx *storage.Tx) error { return tx.ForgetUploads(ctx) })
		g.tx(func(tx *storage.Tx) error { _, err := tx.DeleteUpload(ctx, second.ID, g.owner, g.at); return err })
		if list := g.useless(late); len(list) != 1 {
			t.Errorf("useless: %+v", list)
		}
	})
}

func TestUnfinishedFilesAndLooseUploadsGrowOld(t *testing.T) {
	ctx := context.Background()
	storagetest.Run(t, func(t *testing.T, s *storage.Store) {
		g := newGallery(t, s)
		pending := g.file("pending", 10)
		g.tx(func(tx *storage.Tx) error { return tx.ReserveFile(ctx, pending, share) })
		if list := g.useless(storage.Idle{Unfinished: g.at, Unused: g.at.Add(time.Hour)}); len(list) != 0 {
			t.Errorf("one whose bytes may be under way is useless: %+v", list)
		}
		if list := g.useless(storage.Idle{Unfinished: g.at.Add(time.Second), Unused: g.at}); len(list) != 1 {
			t.Errorf("one that was left behind is not useless: %+v", list)
		}
		loose := g.upload("loose", 10)
		var dropped int64
		drop := func(before time.Time) {
			g.tx(func(tx *storage.Tx) (err error) { dropped, err = tx.DropLooseUploads(ctx, before, g.at); return err })
		}
		if drop(g.at); dropped != 0 {
			t.Errorf("a young upload was dropped")
		}
		if drop(g.at.Add(time.Second)); dropped != 1 {
			t.Errorf("dropped %d", dropped)
		}
		if _, err := s.Upload(ctx, loose.ID); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("a dropped upload is found: %v", err)
		}
	})
}
