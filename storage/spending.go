package storage

import (
	"context"
	"time"
)

// Hold is money that is set aside for one call of a language model. Amounts
// are micro-dollars.
type Hold struct {
	ID       string
	UserID   string
	AnswerID string
	Attempt  int
	Month    string // UTC, "2006-01"
	Micros   int64
}

// A hold is open until it is settled or swept; closing it is what moves its
// money, so whatever closes it second moves none.

// Reserve sets money aside for h if what is spent and set aside in its month
// leaves enough of limit; a negative limit is none. Older attempts at the same
// answer are freed first. The clock of the expiry is the database's.
func (tx *Tx) Reserve(ctx context.Context, h Hold, limit int64, lasts time.Duration) (bool, error) {
	if err := tx.lockMonth(ctx, h); err != nil {
		return false, err
	}
	if err := tx.freeOlder(ctx, h); err != nil {
		return false, err
	}
	n, err := tx.count(ctx, "set money aside", `UPDATE spending_months SET held_micros = held_micros + $3
		WHERE user_id = $1 AND month = $2 AND ($4 < 0 OR spent_micros + held_micros + $3 <= $4)`, h.UserID, h.Month, h.Micros, limit)
	if err != nil || n == 0 {
		return false, err
	}
	_, err = tx.count(ctx, "keep a hold", `INSERT INTO spending_holds (id, user_id, answer_id, attempt, month, micros, lasts_until)
		VALUES ($1, $2, $3, $4, $5, $6, `+tx.d.now+` + $7)`, h.ID, h.UserID, h.AnswerID, h.Attempt, h.Month, h.Micros, lasts.Microseconds())
	return err == nil, err
}

// lockMonth makes the month's row where there is none and keeps others off it
// until the transaction ends. Everything that closes or opens a hold begins
// with it, so that two of them never wait for each other.
func (tx *Tx) lockMonth(ctx context.Context, h Hold) error {
	_, err := tx.count(ctx, "lock the month", `INSERT INTO spending_months (user_id, month, spent_micros, held_micros) VALUES ($1, $2, 0, 0)
		ON CONFLICT (user_id, month) DO UPDATE SET held_micros = spending_months.held_micros`, h.UserID, h.Month)
	return err
}

// freeOlder closes what attempts before h's had set aside.
func (tx *Tx) freeOlder(ctx context.Context, h Hold) error {
	holds, err := collect(ctx, tx.Reader, "look for older holds", scanHold, selectHolds+` WHERE answer_id = $1 AND attempt < $2 AND closed_at IS NULL ORDER BY id`, h.AnswerID, h.Attempt)
	if err != nil {
		return err
	}
	for _, old := range holds {
		if err := tx.free(ctx, old); err != nil {
			return err
		}
	}
	return nil
}

const selectHolds = `SELECT id, user_id, answer_id, attempt, month, micros FROM spending_holds`

func scanHold(row scanner) (Hold, error) {
	var h Hold
	err := row.Scan(&h.ID, &h.UserID, &h.AnswerID, &h.Attempt, &h.Month, &h.Micros)
	return h, err
}

// free closes a hold without booking anything; its month is locked.
func (tx *Tx) free(ctx context.Context, h Hold) error {
	n, err := tx.count(ctx, "close a hold", `UPDATE spending_holds SET closed_at = `+tx.d.now+` WHERE id = $1 AND closed_at IS NULL`, h.ID)
	if err != nil || n == 0 {
		return err
	}
	_, err = tx.count(ctx, "free money", `UPDATE spending_months SET held_micros = held_micros - $3 WHERE user_id = $1 AND month = $2`, h.UserID, h.Month, h.Micros)
	return err
}

// Settle books what a call cost and frees what was set aside for it. Where the
// hold was swept before, the cost is booked all the same, once: the money is
// spent.
func (tx *Tx) Settle(ctx context.Context, h Hold, micros int64) error {
	if err := tx.lockMonth(ctx, h); err != nil {
		return err
	}
	n, err := tx.count(ctx, "settle a hold", `UPDATE spending_holds SET settled_micros = $2 WHERE id = $1 AND settled_micros IS NULL`, h.ID, micros)
	if err != nil || n == 0 {
		return err
	}
	if err := tx.free(ctx, h); err != nil {
		return err
	}
	_, err = tx.count(ctx, "book money", `UPDATE spending_months SET spent_micros = spent_micros + $3 WHERE user_id = $1 AND month = $2`, h.UserID, h.Month, micros)
	return err
}

// SweepHolds frees what has run out, forgets what was closed a day ago, and
// tells how many it freed.
func (tx *Tx) SweepHolds(ctx context.Context) (int64, error) {
	dead, err := collect(ctx, tx.Reader, "look for dead holds", scanHold, selectHolds+` WHERE closed_at IS NULL AND lasts_until < `+tx.d.now+` ORDER BY user_id, month, id LIMIT 500`)
	if err != nil {
		return 0, err
	}
	for _, h := range dead {
		if err := tx.lockMonth(ctx, h); err != nil {
			return 0, err
		}
		if err := tx.free(ctx, h); err != nil {
			return 0, err
		}
	}
	day := (24 * time.Hour).Microseconds()
	_, err = tx.count(ctx, "forget closed holds", `DELETE FROM spending_holds WHERE closed_at < `+tx.d.now+` - $1`, day)
	return int64(len(dead)), err
}

// Spending is what a user spent and has set aside in a month.
func (r Reader) Spending(ctx context.Context, userID, month string) (spent, held int64, err error) {
	err = r.q.QueryRowContext(ctx, `SELECT coalesce(max(spent_micros), 0), coalesce(max(held_micros), 0) FROM spending_months
		WHERE user_id = $1 AND month = $2`, userID, month).Scan(&spent, &held)
	return spent, held, r.wrap("read the month", err)
}
