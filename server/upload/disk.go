package upload

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"
)

// Disk keeps pictures in a folder, one folder in it for each person.
type Disk struct{ root string }

// NewDisk keeps pictures below root, which is made when it is not there.
func NewDisk(root string) (*Disk, error) {
	if err := os.MkdirAll(root, 0o700); err != nil {
		return nil, fmt.Errorf("make the folder for images (UPLOAD_DIR): %w", err)
	}
	return &Disk{root}, nil
}

// Name implements [Store].
func (d *Disk) Name() string { return "the local disk" }

func (d *Disk) path(k Key) string {
	return filepath.Join(d.root, k.Owner, k.name()+"."+k.Format)
}

// Put implements [Store]: the bytes are on disk before the name is, and the
// name is on disk when Put returns.
func (d *Disk) Put(_ context.Context, k Key, path string) error {
	folder := filepath.Dir(d.path(k))
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return full(fmt.Errorf("make a person's folder for images: %w", err))
	}
	part, err := d.copy(folder, path)
	if err != nil {
		return full(fmt.Errorf("store an image: %w", err))
	}
	if err := os.Rename(part, d.path(k)); err != nil {
		_ = os.Remove(part)
		return full(fmt.Errorf("name a stored image: %w", err))
	}
	return errors.Join(syncFolder(folder), syncFolder(d.root))
}

// copy writes the bytes beside their place, under a name that List passes over.
func (d *Disk) copy(folder, path string) (part string, err error) {
	from, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = from.Close() }()
	to, err := os.CreateTemp(folder, "*.part")
	if err != nil {
		return "", err
	}
	_, err = io.Copy(to, from)
	if err = errors.Join(err, to.Sync(), to.Close()); err != nil {
		_ = os.Remove(to.Name())
	}
	return to.Name(), err
}

// Open implements [Store].
func (d *Disk) Open(_ context.Context, k Key) (Object, error) {
	f, err := os.Open(d.path(k))
	if errors.Is(err, fs.ErrNotExist) {
		return Object{}, fmt.Errorf("%w: %w", ErrNoObject, err)
	}
	if err != nil {
		return Object{}, fmt.Errorf("open a stored image: %w", err)
	}
	info, err := f.Stat()
	if err != nil {
		_ = f.Close()
		return Object{}, fmt.Errorf("open a stored image: %w", err)
	}
	return Object{f, info.Size()}, nil
}

// Delete implements [Store].
func (d *Disk) Delete(_ context.Context, k Key) error {
	err := os.Remove(d.path(k))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove a stored image: %w", err)
	}
	return nil
}

// List implements [Store].
func (d *Disk) List(ctx context.Context) iter.Seq2[Stored, error] {
	return func(yield func(Stored, error) bool) {
		people, err := os.ReadDir(d.root)
		if err != nil {
			yield(Stored{}, fmt.Errorf("list stored images: %w", err))
			return
		}
		for _, person := range people {
			if person.IsDir() && !d.listOf(ctx, person.Name(), yield) {
				return
			}
		}
	}
}

// listOf yields one person's pictures; it reports whether to go on.
func (d *Disk) listOf(ctx context.Context, owner string, yield func(Stored, error) bool) bool {
	entries, err := os.ReadDir(filepath.Join(d.root, owner))
	if err = errors.Join(err, ctx.Err()); err != nil {
		yield(Stored{}, fmt.Errorf("list stored images: %w", err))
		return false
	}
	for _, e := range entries {
		name, format, _ := strings.Cut(e.Name(), ".")
		k, ok := keyOf(owner, name, format)
		info, err := e.Info()
		if !ok || err != nil {
			continue // not ours, or gone meanwhile
		}
		if !yield(Stored{k, info.ModTime()}, nil) {
			return false
		}
	}
	return true
}

// Check implements [Store]: only writing shows that one can write.
func (d *Disk) Check(context.Context) error {
	f, err := os.CreateTemp(d.root, "*.part")
	if err != nil {
		return fmt.Errorf("write to the folder for images: %w", err)
	}
	_, err = f.WriteString("?")
	return errors.Join(err, f.Close(), os.Remove(f.Name()))
}

// syncFolder makes a change of names last.
func syncFolder(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("open a folder: %w", err)
	}
	// Some file systems cannot sync a folder; then the name lasts when it lasts.
	_ = f.Sync()
	return f.Close()
}
