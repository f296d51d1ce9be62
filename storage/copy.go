package storage

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"strings"
)

// CopySQLite writes a copy of a SQLite database into a new file, as it stands
// at one moment, while others go on writing (SQLite, VACUUM INTO).
func CopySQLite(ctx context.Context, from, to string) error {
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: from}).EscapedPath()+"?mode=rw&_pragma=busy_timeout(5000)")
	if err != nil {
		return fmt.Errorf("open %s: %w", from, err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.ExecContext(ctx, `VACUUM INTO $1`, to); err != nil {
		return fmt.Errorf("copy %s: %w", from, classifySQLite(err))
	}
	return nil
}

// CheckFile looks a SQLite file over that nobody uses: whether each page and
// each reference is sound, and which schema it has. It changes nothing.
func CheckFile(ctx context.Context, path string) (schema int64, err error) {
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?mode=ro&immutable=1")
	if err != nil {
		return 0, fmt.Errorf("open %s: %w", path, err)
	}
	defer func() { _ = db.Close() }()
	r := Reader{q: plain{db}, d: &sqliteDialect}
	text := func(row scanner) (string, error) {
		var s string
		return s, row.Scan(&s)
	}
	found, err := collect(ctx, r, "check database", text, `SELECT integrity_check FROM pragma_integrity_check LIMIT 3`)
	if err != nil {
		return 0, err
	}
	if len(found) != 1 || found[0] != "ok" {
		return 0, fmt.Errorf("the database in it is damaged: %s", strings.Join(found, "; "))
	}
	orphans, err := collect(ctx, r, "check references", text, `SELECT "table" FROM pragma_foreign_key_check LIMIT 1`)
	if err != nil {
		return 0, err
	}
	if len(orphans) > 0 {
		return 0, fmt.Errorf("the database in it is damaged: a row of %s refers to one that is not there", orphans[0])
	}
	return r.SchemaVersion(ctx)
}
