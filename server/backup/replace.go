package backup

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// workshop is where a backup is unpacked: a folder for its database and one
// for its images, which may be the same.
type workshop struct{ database, images string }

// workshop makes each folder beside what will be replaced from it: what was
// unpacked is renamed into its place, and a rename does not reach another disk.
func (p Place) workshop() (workshop, error) {
	target, here := p.sqlite()
	if !here {
		target = p.Images // a dump is loaded from anywhere
	}
	database, err := folderBeside(target)
	if err != nil || p.Images == "" {
		return workshop{database, database}, err
	}
	images, err := folderBeside(p.Images)
	if err != nil {
		_ = os.RemoveAll(database)
	}
	return workshop{database, images}, err
}

// folderBeside makes an empty folder beside a path, on its disk unless it is a
// mount point, which cannot be replaced; anywhere, where there is no path.
func folderBeside(path string) (string, error) {
	parent := os.TempDir()
	if path != "" {
		parent = filepath.Dir(path)
	}
	if err := os.MkdirAll(parent, 0o700); err != nil {
		return "", fmt.Errorf("make %s: %w", parent, err)
	}
	dir, err := os.MkdirTemp(parent, ".restoring-")
	if err != nil {
		return "", fmt.Errorf("unpack the backup: %w", err)
	}
	return dir, nil
}

func (w workshop) remove() {
	_ = os.RemoveAll(w.database)
	_ = os.RemoveAll(w.images)
}

// replaceFiles moves what is there into a folder beside it, and what was
// unpacked into its place: all of it or, with an error, none. kept are those
// folders, and back takes the step back.
func (p Place) replaceFiles(w workshop) (kept []string, back func() error, err error) {
	m := &mover{aside: "replaced-" + time.Now().UTC().Format("20060102T150405.000Z")}
	if path, ok := p.sqlite(); ok {
		m.setAside(path)
		m.setAside(path + "-wal")
		m.setAside(path + "-shm")
		m.move(filepath.Join(w.database, sqliteName), path)
	}
	if p.Images != "" {
		m.setAside(p.Images)
		m.move(filepath.Join(w.images, filepath.Clean(imageFolder)), p.Images)
	}
	if m.err != nil {
		return nil, nil, errors.Join(m.err, m.back())
	}
	return m.kept, m.back, nil
}

// mover moves files and folders until one cannot be moved, and can take back
// what it did.
type mover struct {
	aside string // what a folder of what is replaced is called
	kept  []string
	done  []move
	err   error // of the first that cannot be moved
}

type move struct{ from, to string }

// setAside moves a path, if there is something, into a folder beside it.
func (m *mover) setAside(path string) {
	if _, err := os.Lstat(path); m.err != nil || errors.Is(err, fs.ErrNotExist) {
		return
	}
	folder := filepath.Join(filepath.Dir(path), m.aside)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		m.err = fmt.Errorf("keep what is replaced: %w", err)
		return
	}
	if !slices.Contains(m.kept, folder) {
		m.kept = append(m.kept, folder)
	}
	m.move(path, filepath.Join(folder, filepath.Base(path)))
}

// move renames a path, if there is something: a backup may have no images.
func (m *mover) move(from, to string) {
	if m.err != nil {
		return
	}
	err := os.Rename(from, to)
	switch {
	case err == nil:
		m.done = append(m.done, move{from, to})
	case !errors.Is(err, fs.ErrNotExist):
		m.err = fmt.Errorf("put a backup in the place of what is there: %w", err)
	}
}

// back undoes the moves, the last one first, and names what it could not bring
// back. Folders that are empty after it go.
func (m *mover) back() (err error) {
	for _, step := range slices.Backward(m.done) {
		if e := os.Rename(step.to, step.from); e != nil {
			err = errors.Join(err, fmt.Errorf("%s is still at %s: %w", step.from, step.to, e))
		}
	}
	for _, folder := range m.kept {
		_ = os.Remove(folder)
	}
	return err
}
