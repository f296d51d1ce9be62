package backup

import (
	"archive/tar"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// writer makes an archive, and remembers what is in it.
type writer struct {
	packed *gzip.Writer
	tar    *tar.Writer
	at     time.Time
	list   []file
}

func newWriter(w io.Writer, at time.Time) *writer {
	packed := gzip.NewWriter(w)
	return &writer{packed: packed, tar: tar.NewWriter(packed), at: at}
}

func (w *writer) value(name string, v any) error {
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("encode %s: %w", name, err)
	}
	if err := w.begin(name, int64(len(data))); err != nil {
		return err
	}
	_, err = w.tar.Write(data)
	return err
}

func (w *writer) begin(name string, size int64) error {
	return w.tar.WriteHeader(&tar.Header{Name: name, Size: size, Mode: 0o600, ModTime: w.at, Format: tar.FormatPAX})
}

// file adds a file of the disk under a name.
func (w *writer) file(name, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if err := w.begin(name, info.Size()); err != nil {
		return err
	}
	sum := sha256.New()
	// A file that grows meanwhile is taken as it was: images never change.
	if _, err := io.Copy(io.MultiWriter(w.tar, sum), io.LimitReader(f, info.Size())); err != nil {
		return fmt.Errorf("pack %s: %w", path, err)
	}
	w.list = append(w.list, file{name, info.Size(), hex.EncodeToString(sum.Sum(nil))})
	return nil
}

// folder adds the regular files below a folder; none is no error. What is
// taken away while it is read was no longer wanted.
func (w *writer) folder(prefix, root string) error {
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil:
			return err
		case !d.Type().IsRegular():
			return nil
		}
		within, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		err = w.file(prefix+filepath.ToSlash(within), path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	})
}

// end writes the list, without which an archive is not whole.
func (w *writer) end() error {
	if err := w.value(listName, map[string]any{"files": w.list}); err != nil {
		return err
	}
	return errors.Join(w.tar.Close(), w.packed.Close())
}
