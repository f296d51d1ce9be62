package storage

import (
	"context"
	"time"
)

// PlanVersion is a trader's plan as it was written at one time. Versions count
// from 1 and are never changed: verdicts refer to them.
type PlanVersion struct {
	UserID    string
	Version   int64
	Body      string // JSON
	CreatedAt time.Time
}

const planColumns = `user_id, version, body, created_at`

func scanPlan(row scanner) (PlanVersion, error) {
	var p PlanVersion
	err := row.Scan(&p.UserID, &p.Version, &p.Body, (*usec)(&p.CreatedAt))
	return p, err
}

// PlansSince lists the versions written at or after a time and the one that
// stood then, oldest first; none: the trader never wrote a plan.
func (r Reader) PlansSince(ctx context.Context, userID string, since time.Time) ([]PlanVersion, error) {
	return collect(ctx, r, "list plans", scanPlan, `SELECT `+planColumns+` FROM plans
		WHERE user_id = $1 AND version >= COALESCE((SELECT max(version) FROM plans WHERE user_id = $1 AND created_at < $2), 0)
		ORDER BY version`, userID, usec(since))
}

// Plan finds one version.
func (r Reader) Plan(ctx context.Context, userID string, version int64) (PlanVersion, error) {
	p, err := scanPlan(r.q.QueryRowContext(ctx, `SELECT `+planColumns+` FROM plans WHERE user_id = $1 AND version = $2`, userID, version))
	return p, r.wrap("find plan", err)
}

// InsertPlan stores the next version; ErrConflict: somebody else was first.
func (tx *Tx) InsertPlan(ctx context.Context, p PlanVersion) error {
	_, err := tx.q.ExecContext(ctx, `INSERT INTO plans (`+planColumns+`) VALUES ($1, $2, $3, $4)`, p.UserID, p.Version, p.Body, usec(p.CreatedAt))
	return tx.wrap("insert plan", err)
}

// DeleteJournalOf removes a trader's plans, trades and verdicts.
func (tx *Tx) DeleteJournalOf(ctx context.Context, userID string) error {
	for _, table := range []string{"trades", "verdicts", "plans"} {
		if _, err := tx.count(ctx, "delete "+table, `DELETE FROM `+table+` WHERE user_id = $1`, userID); err != nil {
			return err
		}
	}
	return nil
}
