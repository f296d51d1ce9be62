package storage

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlitelib "modernc.org/sqlite/lib"
)

// The databases coach runs on.
const (
	SQLite   = "sqlite"
	Postgres = "postgres"
)

// dialect is what the two databases say differently.
type dialect struct {
	name string
	// now is the database's clock in microseconds, for leases.
	now string
	// These end a SELECT that a write will follow: of a conversation (c), of
	// one with somebody's membership (m), of a message (m), of a message that
	// nobody else has locked. Postgres looks again, after it has waited, only at
	// rows that it locks; so a membership is locked too, against change.
	lockConversation, lockMembership, lockMessage, skipLocked string
	// fullText is how each finds words; see search.go.
	fullText fullText
	// snapshot is the isolation of a transaction that sees one moment only.
	snapshot sql.IsolationLevel
	// columns lists table, column and type of every table of ours, sorted.
	columns string
	// classify turns a driver's error into a sentinel that keeps it.
	classify func(error) error
}

var sqliteDialect = dialect{
	name: SQLite,
	now:  "CAST(unixepoch('subsec') * 1000000 AS INTEGER)",
	fullText: fullText{
		hits: `message_fts f JOIN message_fts_rows h ON h.n = f.rowid WHERE f.message_fts MATCH $1`,
		// Neither takes its row from a SELECT: SQLite would open a savepoint
		// for it, and FTS5 writes all it has gathered at each savepoint.
		row:    `INSERT INTO message_fts_rows (message_id, conversation_id, created_at) VALUES ($1, $2, $3) ON CONFLICT (message_id) DO NOTHING`,
		put:    `INSERT OR REPLACE INTO message_fts (rowid, words) VALUES ((SELECT h.n FROM message_fts_rows h WHERE h.message_id = $1), $2)`,
		remove: `DELETE FROM message_fts_rows WHERE message_id = $1`,
		quote:  '"', and: " AND ", or: " OR ",
	},
	columns: `SELECT m.name, c.name, lower(c.type) FROM sqlite_master AS m, pragma_table_info(m.name) AS c
		WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' ORDER BY m.name, c.name`,
	classify: classifySQLite,
}

var postgresDialect = dialect{
	name:             Postgres,
	now:              "CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)",
	lockConversation: " FOR UPDATE OF c",
	lockMembership:   " FOR UPDATE OF c FOR SHARE OF m",
	lockMessage:      " FOR UPDATE OF m",
	skipLocked:       " FOR UPDATE OF m SKIP LOCKED",
	fullText: fullText{
		hits: `message_fts h WHERE h.words @@ CAST(CAST($1 AS TEXT) AS TSQUERY)`,
		put: `INSERT INTO message_fts (message_id, conversation_id, created_at, words)
			SELECT m.id, m.conversation_id, m.created_at, CAST(CAST($2 AS TEXT) AS TSVECTOR) FROM messages m WHERE m.id = $1
			ON CONFLICT (message_id) DO UPDATE SET words = excluded.words`,
		remove: `DELETE FROM message_fts WHERE message_id = $1`,
		quote:  '\'', and: " & ", or: " | ",
	},
	snapshot: sql.LevelRepeatableRead,
	columns: `SELECT c.table_name, c.column_name, c.data_type FROM information_schema.columns AS c
		JOIN information_schema.tables AS t ON t.table_schema = c.table_schema AND t.table_name = c.table_name AND t.table_type = 'BASE TABLE'
		WHERE c.table_schema = current_schema() ORDER BY c.table_name COLLATE "C", c.column_name COLLATE "C"`,
	classify: classifyPostgres,
}

// asText reads a column in a form that both databases have: numbers as
// decimals, truth as 1 and 0.
func (d *dialect) asText(c column) string {
	if c.kind == "boolean" {
		return `CAST(CAST(` + quoted(c.name) + ` AS INTEGER) AS TEXT)`
	}
	return `CAST(` + quoted(c.name) + ` AS TEXT)`
}

// fromText is the reverse of asText.
func (d *dialect) fromText(place string, c column) string {
	if c.kind == "boolean" {
		return `CAST(CAST(CAST(` + place + ` AS TEXT) AS INTEGER) AS BOOLEAN)`
	}
	return `CAST(CAST(` + place + ` AS TEXT) AS ` + c.kind + `)`
}

// writerCache is what the writer keeps of the file, in KiB. A message touches
// some eight pages, most of them anew in a large database, and the ways there.
const writerCache = 16 << 10

// openSQLite opens one handle that writes and a pool that only reads. Each
// transaction of the writer begins IMMEDIATE: a deferred one that reads first
// and writes later fails under load instead of waiting.
func openSQLite(ctx context.Context, o Options) (*Store, error) {
	path := strings.TrimPrefix(o.URL, "sqlite://")
	if path == "" {
		return nil, errors.New("open database: the SQLite URL has no path; write sqlite://coach.db")
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("make the database's folder: %w", err)
	}
	sync := o.Synchronous
	if sync == "" {
		sync = "FULL"
	}
	base := "file:" + (&url.URL{Path: path}).EscapedPath() +
		"?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(" + sync + ")&_pragma=foreign_keys(1)&_dqs=0&_txlock=immediate"
	write, err := sql.Open("sqlite", base+"&_pragma=cache_size(-"+strconv.Itoa(writerCache)+")")
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	write.SetMaxOpenConns(1)
	if err := write.PingContext(ctx); err != nil {
		_ = write.Close()
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	read, err := sql.Open("sqlite", base+"&_pragma=query_only(1)")
	if err != nil {
		_ = write.Close()
		return nil, fmt.Errorf("open %s for reading: %w", path, err)
	}
	if o.MaxConns == 0 {
		o.MaxConns = max(4, runtime.GOMAXPROCS(0))
	}
	read.SetMaxOpenConns(o.MaxConns)
	read.SetMaxIdleConns(o.MaxConns)
	d := &sqliteDialect
	return &Store{
		Reader: Reader{q: newPrepared(read), d: d}, d: d, readDB: read, db: write,
		group: newGroup(write, d, o.Logger), mayWrite: o.MayWrite, trouble: newTrouble(o.Logger), changes: newChanges(),
	}, nil
}

func classifySQLite(err error) error {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return classifyCommon(err)
	}
	switch e.Code() {
	case sqlitelib.SQLITE_CONSTRAINT_PRIMARYKEY, sqlitelib.SQLITE_CONSTRAINT_UNIQUE:
		return fmt.Errorf("%w: %w", ErrConflict, err)
	}
	switch e.Code() & 0xff {
	case sqlitelib.SQLITE_BUSY, sqlitelib.SQLITE_LOCKED, sqlitelib.SQLITE_FULL, sqlitelib.SQLITE_IOERR, sqlitelib.SQLITE_INTERRUPT, sqlitelib.SQLITE_READONLY, sqlitelib.SQLITE_CANTOPEN, sqlitelib.SQLITE_NOMEM:
		return fmt.Errorf("%w: %w", ErrBusy, err)
	}
	return err
}

func classifyPostgres(err error) error {
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		return classifyCommon(err)
	}
	switch {
	case e.Code == "23505":
		return fmt.Errorf("%w: %w", ErrConflict, err)
	// connection exceptions, out of resources, operator intervention, read-only
	case strings.HasPrefix(e.Code, "08"), strings.HasPrefix(e.Code, "53"), strings.HasPrefix(e.Code, "57"), strings.HasPrefix(e.Code, "58"), e.Code == "25006":
		return fmt.Errorf("%w: %w", ErrBusy, err)
	}
	return err
}

// classifyCommon knows the errors of connections, which carry no SQL code.
func classifyCommon(err error) error {
	var network net.Error
	var connect *pgconn.ConnectError
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.As(err, &network), errors.As(err, &connect), errors.Is(err, driver.ErrBadConn), errors.Is(err, sql.ErrConnDone),
		errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed), pgconn.SafeToRetry(err):
		return fmt.Errorf("%w: %w", ErrBusy, err)
	}
	return err
}
