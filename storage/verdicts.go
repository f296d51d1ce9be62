package storage

import (
	"context"
	"time"
)

// Verdict is what the coach said of an idea, sealed: stored together with the
// answer, before anybody can know the outcome, and never changed.
type Verdict struct {
	MessageID   string // of the answer
	QuestionID  string // of the message it answers
	UserID      string // who asked
	PlanVersion int64  // 0: the default plan
	Verdict     string // diamond, fire or skull
	Confidence  *int
	Missed      string // JSON list of the rules that were missed
	SealedAt    time.Time
}

const verdictColumns = `message_id, question_id, user_id, plan_version, verdict, confidence, missed, sealed_at`

func scanVerdict(row scanner) (Verdict, error) {
	var v Verdict
	err := row.Scan(&v.MessageID, &v.QuestionID, &v.UserID, &v.PlanVersion, &v.Verdict, &v.Confidence, &v.Missed, (*usec)(&v.SealedAt))
	return v, err
}

// Verdict finds the one sealed by an answer, or the newest one sealed by an
// answer to that message.
func (r Reader) Verdict(ctx context.Context, userID, messageID string) (Verdict, error) {
	v, err := scanVerdict(r.q.QueryRowContext(ctx, `SELECT `+verdictColumns+` FROM verdicts
		WHERE user_id = $1 AND (message_id = $2 OR question_id = $2) ORDER BY sealed_at DESC, message_id DESC LIMIT 1`, userID, messageID))
	return v, r.wrap("find verdict", err)
}

// CountVerdicts counts a trader's sealed verdicts of each kind.
func (r Reader) CountVerdicts(ctx context.Context, userID string) (map[string]int64, error) {
	type counted struct {
		verdict string
		n       int64
	}
	rows, err := collect(ctx, r, "count verdicts", func(row scanner) (c counted, err error) {
		return c, row.Scan(&c.verdict, &c.n)
	}, `SELECT verdict, count(*) FROM verdicts WHERE user_id = $1 GROUP BY verdict`, userID)
	counts := make(map[string]int64, len(rows))
	for _, c := range rows {
		counts[c.verdict] = c.n
	}
	return counts, err
}

// SealVerdict stores a verdict; of an answer that has one it is ErrConflict.
func (tx *Tx) SealVerdict(ctx context.Context, v Verdict) error {
	_, err := tx.q.ExecContext(ctx, `INSERT INTO verdicts (`+verdictColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		v.MessageID, v.QuestionID, v.UserID, v.PlanVersion, v.Verdict, v.Confidence, v.Missed, usec(v.SealedAt))
	return tx.wrap("seal verdict", err)
}
