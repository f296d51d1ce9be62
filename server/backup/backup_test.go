package backup_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/elite-trading-coach/coach/migrations"
	"github.com/elite-trading-coach/coach/server/backup"
	"github.com/elite-trading-coach/coach/server/needs"
	"github.com/elite-trading-coach/coach/storage"
	"github.com/elite-trading-coach/coach/storage/storagetest"
)

// onBoth runs a test on a place with some people and images, on each database.
func onBoth(t *testing.T, test func(t *testing.T, p backup.Place)) {
	t.Helper()
	for name, url := range map[string]func(testing.TB) string{"sqlite": storagetest.SQLiteURL, "postgres": storagetest.PostgresURL} {
		t.Run(name, func(t *testing.T) {
			p := place(t, url(t))
			if name == "postgres" {
				needs.Program(t, "postgres", "pg_dump")
			}
			test(t, p)
		})
	}
}

func place(t *testing.T, url string) backup.Place {
	t.Helper()
	store := storagetest.Open(t, url)
	latest, err := migrations.Latest(migrations.Dialect(store.Dialect()))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := migrations.Up(t.Context(), store.DB(), migrations.Dialect(store.Dialect())); err != nil {
		t.Fatal(err)
	}
	p := backup.Place{URL: url, Images: filepath.Join(t.TempDir(), "images"), Latest: latest, Version: "test"}
	addUser(t, url, "ann")
	addImage(t, p, "ab/one", "first image")
	addImage(t, p, "cd/two", "second image")
	return p
}

func addUser(t *testing.T, url, name string) {
	t.Helper()
	err := storagetest.Open(t, url).Tx(t.Context(), func(tx *storage.Tx) error {
		return tx.InsertUser(t.Context(), storage.User{
			ID: storage.NewID(), Email: name + "@example.org", Username: name, Role: "user", Tier: "free", Timezone: "UTC",
			CreatedAt: storage.Now(), LastActiveAt: storage.Now(), AuthChangedAt: storage.Now(),
		})
	})
	if err != nil {
		t.Fatal(err)
	}
}

func addImage(t *testing.T, p backup.Place, name, text string) {
	t.Helper()
	path := filepath.Join(p.Images, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// people lists who is in a database.
func people(t *testing.T, url string) string {
	t.Helper()
	store, err := storage.Open(t.Context(), storage.Options{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	rows, err := store.DB().QueryContext(t.Context(), "SELECT username FROM users ORDER BY username")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	var names []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return strings.Join(names, " ")
}

func create(t *testing.T, p backup.Place) backup.Kept {
	t.Helper()
	k, proof, err := backup.Create(t.Context(), p, filepath.Join(t.TempDir(), "backups"))
	if err != nil {
		t.Fatal(err)
	}
	if proof.Note != "" || proof.Files != 3 || proof.Schema != p.Latest {
		t.Errorf("the proof is %+v", proof)
	}
	return k
}

func TestWhatIsBackedUpComesBackAndWhatItReplacesIsKept(t *testing.T) {
	onBoth(t, func(t *testing.T, p backup.Place) {
		k := create(t, p)
		addUser(t, p.URL, "ben")
		addImage(t, p, "ef/three", "an image of after")
		r, err := backup.Restore(t.Context(), p, k.Path, backup.RefuseOlder)
		if err != nil {
			t.Fatal(err)
		}
		if got := people(t, p.URL); got != "ann" {
			t.Errorf("after the restore there are %q", got)
		}
		if _, err := os.Stat(filepath.Join(p.Images, "ef/three")); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("an image of after the backup is there: %v", err)
		}
		if text, err := os.ReadFile(filepath.Join(p.Images, "ab/one")); err != nil || string(text) != "first image" {
			t.Errorf("the first image: %q, %v", text, err)
		}
		if len(r.Kept) != 2 {
			t.Fatalf("kept are %q, want the database's and the images' place", r.Kept)
		}
		if path, ok := strings.CutPrefix(p.URL, "sqlite://"); ok {
			if got := people(t, "sqlite://"+filepath.Join(r.Kept[0], filepath.Base(path))); got != "ann ben" {
				t.Errorf("kept are %q", got)
			}
		}
	})
}

// TestRestoreOnAnEmptyMachine is about files: on Postgres an empty machine is
// an empty schema, which the test above restores into.
func TestRestoreOnAnEmptyMachine(t *testing.T) {
	p := place(t, storagetest.SQLiteURL(t))
	k := create(t, p)
	empty := p
	empty.URL, empty.Images = "sqlite://"+filepath.Join(t.TempDir(), "new", "coach.db"), filepath.Join(t.TempDir(), "new", "images")
	if err := os.MkdirAll(filepath.Dir(empty.Images), 0o700); err != nil {
		t.Fatal(err)
	}
	r, err := backup.Restore(t.Context(), empty, k.Path, backup.RefuseOlder)
	if err != nil || r.Kept != nil {
		t.Fatalf("kept %q, %v", r.Kept, err)
	}
	if got := people(t, empty.URL); got != "ann" {
		t.Errorf("there are %q", got)
	}
}

// TestEachBadArchiveHasASentenceOfItsOwn, and touches nothing.
func TestEachBadArchiveHasASentenceOfItsOwn(t *testing.T) {
	onBoth(t, func(t *testing.T, p backup.Place) {
		whole, err := os.ReadFile(create(t, p).Path)
		if err != nil {
			t.Fatal(err)
		}
		older := p
		older.Latest++
		newer := p
		newer.Latest--
		for name, c := range map[string]struct {
			place backup.Place
			data  []byte
			want  string
		}{
			"empty":            {p, nil, "is empty"},
			"something else":   {p, []byte("PK\x03\x04 a zip"), "is not a backup of coach"},
			"another tar":      {p, repack(t, whole, func(h *tar.Header, b []byte) []byte { return b }, "coach-backup.json"), "is not a backup of coach"},
			"truncated":        {p, whole[:len(whole)/2], "is cut off"},
			"without its list": {p, repack(t, whole, func(h *tar.Header, b []byte) []byte { return b }, "manifest.json"), "is cut off"},
			"without an image": {p, repack(t, whole, func(h *tar.Header, b []byte) []byte { return b }, "uploads/ab/one"), "uploads/ab/one is missing"},
			"a changed image": {p, repack(t, whole, func(h *tar.Header, b []byte) []byte {
				return bytes.Replace(b, []byte("second image"), []byte("sEcond image"), 1)
			}, ""), "uploads/cd/two is not what was backed up"},
			"a flipped bit":   {p, flipped(whole), "damaged"},
			"a path outside":  {p, repack(t, whole, func(h *tar.Header, b []byte) []byte { return rename(h, b, "uploads/ab/one", "uploads/../../out") }, ""), "has no place in a backup"},
			"a newer schema":  {newer, whole, "was made by a newer coach"},
			"an older schema": {older, whole, "add --migrate"},
		} {
			t.Run(name, func(t *testing.T) {
				path := filepath.Join(t.TempDir(), "archive.tar.gz")
				if err := os.WriteFile(path, c.data, 0o600); err != nil {
					t.Fatal(err)
				}
				_, err := backup.Restore(t.Context(), c.place, path, backup.RefuseOlder)
				var r *backup.Refusal
				if !errors.As(err, &r) || !strings.Contains(err.Error(), c.want) {
					t.Fatalf("got %v, want a word of %q", err, c.want)
				}
				if got := people(t, p.URL); got != "ann" {
					t.Errorf("it touched what is there: %q", got)
				}
			})
		}
		t.Run("an older schema, taken", func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "archive.tar.gz")
			if err := os.WriteFile(path, whole, 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := backup.Restore(t.Context(), older, path, backup.TakeOlder); err != nil {
				t.Error(err)
			}
		})
	})
}

func rename(h *tar.Header, b []byte, from, to string) []byte {
	if h.Name == from {
		h.Name = to
	}
	return b
}

// repack takes an archive apart and puts it together again, changed, leaving
// out the entry of a name.
func repack(t *testing.T, archive []byte, change func(*tar.Header, []byte) []byte, without string) []byte {
	t.Helper()
	in, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	packed := gzip.NewWriter(&out)
	r, w := tar.NewReader(in), tar.NewWriter(packed)
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if h.Name == without {
			continue
		}
		data = change(h, data)
		h.Size = int64(len(data))
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(data); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Close(), packed.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// flipped has one bit changed in gzip's checksum at the end.
func flipped(data []byte) []byte {
	out := bytes.Clone(data)
	out[len(out)-6] ^= 1
	return out
}

func TestPruneKeepsTheNewest(t *testing.T) {
	folder := t.TempDir()
	for i := range 5 {
		if err := os.WriteFile(filepath.Join(folder, fmt.Sprintf("coach-2026010%dT000000.000Z.tar.gz", i+1)), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(folder, "notes.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	gone, err := backup.Prune(folder, 2)
	if err != nil || len(gone) != 3 {
		t.Errorf("removed %d, %v", len(gone), err)
	}
	left, err := backup.List(folder)
	if err != nil || len(left) != 2 || left[1].CreatedAt.Day() != 5 {
		t.Errorf("left %+v, %v", left, err)
	}
	if _, err := os.Stat(filepath.Join(folder, "notes.txt")); err != nil {
		t.Errorf("something that is no backup went: %v", err)
	}
	if none, err := backup.List(filepath.Join(folder, "nowhere")); err != nil || none != nil {
		t.Errorf("a folder that is not there: %v, %v", none, err)
	}
}
