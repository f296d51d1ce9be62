package storage

import (
	"context"
	"time"
)

// AuditEntry is one thing that an operator did.
type AuditEntry struct {
	ID      string
	At      time.Time
	Actor   string // who: a user's id, a token's name, "cli:<login>"
	Action  string // what: "user.set-role"
	Target  string // to whom or what, by id
	Detail  string // how; never a secret, never personal
	Address string
}

func scanAudit(row scanner) (AuditEntry, error) {
	var e AuditEntry
	err := row.Scan(&e.ID, (*usec)(&e.At), &e.Actor, &e.Action, &e.Target, &e.Detail, &e.Address)
	return e, err
}

// AuditPage asks for a page of the audit log, newest first.
type AuditPage struct {
	// The page begins after this place; zero: at the newest.
	BeforeAt time.Time
	BeforeID string
	Limit    int
}

// Audit lists one page.
func (r Reader) Audit(ctx context.Context, p AuditPage) ([]AuditEntry, error) {
	const columns = `SELECT id, at, actor, action, target, detail, address FROM audit`
	if p.BeforeID == "" {
		return collect(ctx, r, "list audit", scanAudit, columns+` ORDER BY at DESC, id DESC LIMIT $1`, p.Limit)
	}
	return collect(ctx, r, "list audit", scanAudit, columns+` WHERE (at, id) < ($1, $2) ORDER BY at DESC, id DESC LIMIT $3`,
		usec(p.BeforeAt), p.BeforeID, p.Limit)
}

// InsertAudit writes an entry, in the transaction of what it tells about.
func (tx *Tx) InsertAudit(ctx context.Context, e AuditEntry) error {
	_, err := tx.count(ctx, "insert audit", `INSERT INTO audit (id, at, actor, action, target, detail, address)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`, e.ID, usec(e.At), e.Actor, e.Action, e.Target, e.Detail, e.Address)
	return err
}

// PurgeAudit removes up to limit entries from before a time.
func (tx *Tx) PurgeAudit(ctx context.Context, before time.Time, limit int) (int64, error) {
	return tx.count(ctx, "purge audit", `DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE at < $1 LIMIT $2)`, usec(before), limit)
}
