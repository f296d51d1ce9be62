package storage

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"math/bits"
	"slices"
	"strconv"
	"strings"
)

// parents are the tables that others refer to, in the order in which rows must
// come; all the rest follow in any order.
var parents = []string{"users", "conversations", "messages", "files"}

// derived begins the names of tables that are made anew from others.
const derived = "message_fts"

// moveBatch is how many rows one transaction copies.
const moveBatch = 500

// Moved is a table that was copied: how many rows, and a sum over all of them
// that does not depend on their order.
type Moved struct {
	Table string
	Rows  int64
	Sum   string
}

// CopyAll copies every row of one database into another, which must have the
// same schema and no rows, and proves that both then hold the same: it reads
// the copy back and compares. SQLite and Postgres may stand on either side.
// The full-text index is not copied: the next server makes it anew. told hears
// of each table when it is done.
func CopyAll(ctx context.Context, from, to *Store, told func(Moved)) error {
	tx, err := from.readDB.BeginTx(ctx, &sql.TxOptions{ReadOnly: true, Isolation: from.d.snapshot})
	if err != nil {
		return from.wrap("read the source", err)
	}
	defer func() { _ = tx.Rollback() }()
	source := plain{tx}
	tables, err := from.tablesToMove(ctx, source)
	if err != nil {
		return err
	}
	for _, t := range tables {
		if err := to.ready(ctx, t); err != nil {
			return err
		}
	}
	for _, t := range tables {
		want, err := copyTable(ctx, from, to, source, t)
		if err != nil {
			return fmt.Errorf("copy %s: %w", t.name, err)
		}
		got, err := to.sumTable(ctx, plain{to.readDB}, t)
		if err != nil {
			return fmt.Errorf("read %s back: %w", t.name, err)
		}
		if got != want {
			return fmt.Errorf("the copy of %s is not equal: %d rows with sum %s, and the source has %d with %s", t.name, got.Rows, got.Sum, want.Rows, want.Sum)
		}
		told(want)
	}
	return nil
}

// table is a table and its columns, in alphabetical order, since the databases
// list them in different ones.
type table struct {
	name    string
	columns []column
}

type column struct{ name, kind string }

// tablesToMove lists what is copied, parents first.
func (s *Store) tablesToMove(ctx context.Context, q querier) ([]table, error) {
	rows, err := q.QueryContext(ctx, s.d.columns)
	if err != nil {
		return nil, s.wrap("list tables", err)
	}
	defer func() { _ = rows.Close() }()
	var out []table
	for rows.Next() {
		var name string
		var c column
		if err := rows.Scan(&name, &c.name, &c.kind); err != nil {
			return nil, s.wrap("list tables", err)
		}
		if strings.HasPrefix(name, derived) || name == "goose_db_version" || name == "conversations" && c.name == "indexed_rev" {
			continue
		}
		if len(out) == 0 || out[len(out)-1].name != name {
			out = append(out, table{name: name})
		}
		last := &out[len(out)-1]
		last.columns = append(last.columns, c)
	}
	slices.SortStableFunc(out, func(a, b table) int { return rank(a.name) - rank(b.name) })
	return out, s.wrap("list tables", rows.Err())
}

func rank(name string) int {
	if i := slices.Index(parents, name); i >= 0 {
		return i
	}
	return len(parents)
}

// ready makes sure that a table is there and empty. What a fresh schema comes
// with gives way.
func (s *Store) ready(ctx context.Context, t table) error {
	if t.name == "schema_info" || t.name == "tiers" {
		return s.Tx(ctx, func(tx *Tx) error {
			_, err := tx.count(ctx, "empty "+t.name, `DELETE FROM `+t.name)
			return err
		})
	}
	var one int
	switch err := s.readDB.QueryRowContext(ctx, `SELECT 1 FROM `+t.name+` LIMIT 1`).Scan(&one); {
	case errors.Is(err, sql.ErrNoRows):
		return nil
	case err != nil:
		return s.wrap("look at "+t.name, err)
	}
	return fmt.Errorf("the target is not empty: %s has rows; copy into a new database", t.name)
}

// copyTable streams the rows of one table, and sums them up as it goes.
func copyTable(ctx context.Context, from, to *Store, source querier, t table) (Moved, error) {
	target, err := to.tablesToMove(ctx, plain{to.readDB})
	if err != nil {
		return Moved{}, err
	}
	i := slices.IndexFunc(target, func(other table) bool { return other.name == t.name })
	if i < 0 || !slices.EqualFunc(target[i].columns, t.columns, func(a, b column) bool { return a.name == b.name }) {
		return Moved{}, errors.New("the two schemas differ")
	}
	insert := to.insertText(target[i])
	sum := newSum(t.name)
	var batch [][]any
	flush := func() error {
		err := to.insertRows(ctx, insert, batch)
		batch = batch[:0]
		return err
	}
	err = from.eachRow(ctx, source, t, func(values []sql.NullString) error {
		sum.add(values)
		row := make([]any, len(values))
		for i, v := range values {
			row[i] = v
		}
		if batch = append(batch, row); len(batch) < moveBatch {
			return nil
		}
		return flush()
	})
	if err = errors.Join(err, flush()); err != nil {
		return Moved{}, err
	}
	return sum.moved(), nil
}

// eachRow reads a table as text, in one form for both databases.
func (s *Store) eachRow(ctx context.Context, q querier, t table, fn func([]sql.NullString) error) error {
	columns := make([]string, len(t.columns))
	for i, c := range t.columns {
		columns[i] = s.d.asText(c)
	}
	rows, err := q.QueryContext(ctx, `SELECT `+strings.Join(columns, ", ")+` FROM `+t.name)
	if err != nil {
		return s.wrap("read "+t.name, err)
	}
	defer func() { _ = rows.Close() }()
	values := make([]sql.NullString, len(columns))
	into := make([]any, len(columns))
	for i := range values {
		into[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return s.wrap("read "+t.name, err)
		}
		if err := fn(values); err != nil {
			return err
		}
	}
	return s.wrap("read "+t.name, rows.Err())
}

// insertText is the statement that puts a row of text into the table.
func (s *Store) insertText(t table) string {
	var names, places []string
	for i, c := range t.columns {
		names = append(names, quoted(c.name))
		places = append(places, s.d.fromText("$"+strconv.Itoa(i+1), c))
	}
	return `INSERT INTO ` + t.name + ` (` + strings.Join(names, ", ") + `) VALUES (` + strings.Join(places, ", ") + `)`
}

func (s *Store) insertRows(ctx context.Context, insert string, rows [][]any) error {
	if len(rows) == 0 {
		return nil
	}
	return s.Tx(ctx, func(tx *Tx) error {
		for _, row := range rows {
			if _, err := tx.count(ctx, "insert", insert, row...); err != nil {
				return err
			}
		}
		return nil
	})
}

// sumTable sums up what a table holds.
func (s *Store) sumTable(ctx context.Context, q querier, t table) (Moved, error) {
	sum := newSum(t.name)
	tables, err := s.tablesToMove(ctx, q)
	if err != nil {
		return Moved{}, err
	}
	i := slices.IndexFunc(tables, func(other table) bool { return other.name == t.name })
	if i < 0 {
		return Moved{}, errors.New("the table is gone")
	}
	err = s.eachRow(ctx, q, tables[i], func(values []sql.NullString) error {
		sum.add(values)
		return nil
	})
	return sum.moved(), err
}

// rowSum adds the SHA-256 of each row as numbers of 256 bits, so that the
// order of rows, which the databases see differently, plays no part.
type rowSum struct {
	table string
	rows  int64
	words [4]uint64
}

func newSum(table string) *rowSum { return &rowSum{table: table} }

func (r *rowSum) add(values []sql.NullString) {
	h := sha256.New()
	for _, v := range values {
		if v.Valid {
			h.Write([]byte(strconv.Itoa(len(v.String)) + ":" + v.String + ","))
		} else {
			h.Write([]byte("-,"))
		}
	}
	sum := h.Sum(nil)
	var carry uint64
	for i := range r.words {
		var word uint64
		for _, b := range sum[8*i : 8*i+8] {
			word = word<<8 | uint64(b)
		}
		r.words[i], carry = bits.Add64(r.words[i], word, carry)
	}
	r.rows++
}

func (r *rowSum) moved() Moved {
	sum := sha256.Sum256([]byte(fmt.Sprint(r.rows, r.words)))
	return Moved{Table: r.table, Rows: r.rows, Sum: hex.EncodeToString(sum[:8])}
}
