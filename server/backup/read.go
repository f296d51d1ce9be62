package backup

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// maxValue bounds the head and the list of an archive, in bytes.
const maxValue = 256 << 20

// unpack reads a whole archive into a workshop, holds each file against the
// list and counts them. latest is the newest schema that this program knows.
// Every way in which an archive can be wrong has a sentence of its own.
func unpack(path string, into workshop, latest int64) (head Head, files int, err error) {
	f, err := os.Open(path)
	if err != nil {
		return Head{}, 0, err
	}
	defer func() { _ = f.Close() }()
	in := bufio.NewReaderSize(f, 1<<20)
	if _, err := in.Peek(1); err != nil {
		return Head{}, 0, refuse("%s is empty", path)
	}
	packed, err := gzip.NewReader(in)
	if err != nil {
		return Head{}, 0, refuse("%s is not a backup of coach", path)
	}
	r := &reader{path: path, into: into, tar: tar.NewReader(packed), found: map[string]file{}}
	if head, err = r.head(latest); err != nil {
		return head, 0, err
	}
	if err := r.files(); err != nil {
		return head, 0, err
	}
	if _, err := io.Copy(io.Discard, packed); err != nil { //nolint:gosec // discarded, and gzip's own checksum comes after the tar's end
		return head, 0, r.broken(err)
	}
	return head, len(r.found), r.compare()
}

// reader is one pass over an archive.
type reader struct {
	path  string
	into  workshop
	tar   *tar.Reader
	found map[string]file
	list  []file
	whole bool // the list was there
}

// broken tells a file that ends too early from one that was changed.
func (r *reader) broken(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return refuse("%s is cut off: its end is missing", r.path)
	}
	return refuse("%s is damaged: %v", r.path, err)
}

func (r *reader) head(latest int64) (Head, error) {
	var h Head
	entry, err := r.tar.Next()
	if err != nil {
		return h, r.broken(err)
	}
	if entry.Name != headName || json.NewDecoder(io.LimitReader(r.tar, maxValue)).Decode(&h) != nil || h.Kind != kind {
		return h, refuse("%s is not a backup of coach", r.path)
	}
	if h.Format > format || h.Schema > latest {
		return h, refuse("%s was made by a newer coach (%s, schema %d; this one knows %d): use that one", r.path, h.Version, h.Schema, latest)
	}
	return h, nil
}

func (r *reader) files() error {
	for {
		entry, err := r.tar.Next()
		switch {
		case errors.Is(err, io.EOF) && r.whole:
			return nil
		case err != nil:
			return r.broken(err)
		}
		if entry.Name == listName {
			var l struct{ Files []file }
			if err := json.NewDecoder(io.LimitReader(r.tar, maxValue)).Decode(&l); err != nil {
				return r.broken(err)
			}
			r.list, r.whole = l.Files, true
			continue
		}
		if err := r.keep(entry); err != nil {
			return err
		}
	}
}

// keep writes one file into the workshop, whatever its name would like.
func (r *reader) keep(entry *tar.Header) error {
	image := strings.HasPrefix(entry.Name, imageFolder)
	ours := image || entry.Name == sqliteName || entry.Name == dumpName
	if entry.Typeflag != tar.TypeReg || !ours || !filepath.IsLocal(filepath.FromSlash(entry.Name)) {
		return refuse("%s is damaged: %.80q has no place in a backup", r.path, entry.Name)
	}
	folder := r.into.database
	if image {
		folder = r.into.images
	}
	target := filepath.Join(folder, filepath.FromSlash(entry.Name))
	if err := os.MkdirAll(filepath.Dir(target), 0o700); err != nil {
		return err
	}
	out, err := os.OpenFile(target, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("unpack %s: %w", entry.Name, err)
	}
	sum := sha256.New()
	// Reading and writing fail for different reasons, and only one is the archive's.
	n, err := io.Copy(io.MultiWriter(writeOnly{out}, sum), r.tar)
	var disk *diskError
	switch closed := out.Close(); {
	case errors.As(err, &disk):
		return fmt.Errorf("unpack %s: %w", entry.Name, disk.error)
	case err != nil:
		return r.broken(err)
	case closed != nil:
		return fmt.Errorf("unpack %s: %w", entry.Name, closed)
	}
	r.found[entry.Name] = file{entry.Name, n, hex.EncodeToString(sum.Sum(nil))}
	return nil
}

// writeOnly marks the errors of a file that is written.
type writeOnly struct{ f *os.File }

func (w writeOnly) Write(p []byte) (int, error) {
	n, err := w.f.Write(p)
	if err != nil {
		err = &diskError{err}
	}
	return n, err
}

type diskError struct{ error }

// compare holds what was read against the list.
func (r *reader) compare() error {
	for _, want := range r.list {
		got, ok := r.found[want.Name]
		if !ok {
			return refuse("%s is damaged: %s is missing", r.path, want.Name)
		}
		if got != want {
			return refuse("%s is damaged: %s is not what was backed up", r.path, want.Name)
		}
	}
	if len(r.found) != len(r.list) || !slices.ContainsFunc(r.list, func(f file) bool { return f.Name == sqliteName || f.Name == dumpName }) {
		return refuse("%s is damaged: its list does not fit what is in it", r.path)
	}
	return nil
}
