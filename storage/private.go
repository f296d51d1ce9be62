package storage

import (
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
)

// keepPrivate makes sure that a SQLite database, which holds e-mail addresses,
// password hashes and everything that was said, is not for every user of the
// machine to read: SQLite itself would make the file as the umask says, and
// gives its log and its index the mode of the file. A new file is its owner's
// alone; one that is there loses what everybody may do, and keeps what its
// group may, which somebody chose. What cannot be done is for SQLite to
// report, or for the log.
func keepPrivate(path string, log *slog.Logger) {
	if os.MkdirAll(filepath.Dir(path), 0o700) != nil {
		return
	}
	if f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600); err == nil {
		_ = f.Close() // nothing was written
	}
	for _, name := range []string{path, path + "-wal", path + "-shm"} {
		if err := shutOut(name); err != nil {
			log.Warn("the database can be read by every user of this machine; take the right from others", "file", name, "err", err)
		}
	}
}

// shutOut takes a file's rights from everybody but its owner and group.
func shutOut(name string) error {
	const others = 0o007
	info, err := os.Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil || info.Mode().Perm()&others == 0 {
		return err
	}
	return os.Chmod(name, info.Mode().Perm()&^others)
}
