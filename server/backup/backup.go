// Package backup makes copies that prove themselves, and brings them back.
//
// A backup is one file, a gzipped tar: first a head that says what it is, then
// the database (SQLite's own file, or what pg_dump wrote), then the images
// kept on this machine, at last a list of everything with its SHA-256. A file
// without that list was cut off. [Create] reads back what it wrote, and
// restores it into a place of its own, before it says that there is a backup;
// [Restore] does the same before it touches anything, and keeps what it
// replaces.
package backup

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// format is the layout that this program writes.
const format = 1

// The names inside an archive. Images are below imageFolder.
const (
	headName    = "coach-backup.json"
	listName    = "manifest.json"
	sqliteName  = "database.sqlite"
	dumpName    = "database.dump"
	imageFolder = "uploads/"
)

// suffix ends the name of a whole backup; one that is being made ends in
// another way, so that nobody takes it for one.
const suffix = ".tar.gz"

// Head is what an archive says of itself.
type Head struct {
	Kind      string    `json:"kind"` // "coach backup"
	Format    int       `json:"format"`
	CreatedAt time.Time `json:"createdAt"`
	Version   string    `json:"version"`  // of the program that made it
	Database  string    `json:"database"` // sqlite or postgres
	Schema    int64     `json:"schema"`   // newest migration of the database
	// Namespace is the schema of Postgres that the tables are in.
	Namespace string `json:"namespace,omitempty"`
}

const kind = "coach backup"

// file is a line of the list at an archive's end.
type file struct {
	Name   string `json:"name"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// Refusal is why an archive cannot be used, in a sentence for people.
type Refusal struct{ Reason string }

func (r *Refusal) Error() string { return r.Reason }

func refuse(format string, args ...any) error { return &Refusal{fmt.Sprintf(format, args...)} }

// Kept is a backup in a folder.
type Kept struct {
	Path      string
	CreatedAt time.Time
	Bytes     int64
}

// name is what a backup made at some time is called; names sort by time.
func name(at time.Time) string { return "coach-" + at.UTC().Format("20060102T150405.000Z") + suffix }

// List finds the backups of a folder, oldest first. A folder that is not there
// has none.
func List(folder string) ([]Kept, error) {
	entries, err := os.ReadDir(folder)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list backups: %w", err)
	}
	var found []Kept
	for _, e := range entries {
		stamp, ok := strings.CutPrefix(strings.TrimSuffix(e.Name(), suffix), "coach-")
		at, err := time.Parse("20060102T150405.000Z", stamp)
		if !ok || err != nil || !strings.HasSuffix(e.Name(), suffix) {
			continue
		}
		info, err := e.Info()
		if err != nil {
			continue // it went while we looked
		}
		found = append(found, Kept{Path: filepath.Join(folder, e.Name()), CreatedAt: at, Bytes: info.Size()})
	}
	slices.SortFunc(found, func(a, b Kept) int { return a.CreatedAt.Compare(b.CreatedAt) })
	return found, nil
}

// Prune removes all but the newest keep backups of a folder, and gives those
// that it removed.
func Prune(folder string, keep int) ([]Kept, error) {
	all, err := List(folder)
	if err != nil || len(all) <= keep {
		return nil, err
	}
	var gone []Kept
	for _, k := range all[:len(all)-keep] {
		if err := os.Remove(k.Path); err != nil {
			return gone, fmt.Errorf("remove an old backup: %w", err)
		}
		gone = append(gone, k)
	}
	return gone, nil
}
