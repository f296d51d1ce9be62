package storage

import (
	"context"
	"strings"
	"time"
)

// Trade is one trade, or one that was passed by, in a trader's journal.
// Amounts and prices are decimals as text; lists are JSON. "" is "not said"
// where a column is optional.
type Trade struct {
	ID, UserID       string
	Instrument, Kind string
	Side             string // long or short
	Decision         string // taken or skipped
	Fills            string // JSON
	Fees             string
	PlannedEntry     string // of a trade that was skipped
	Stop             string
	Targets          string // JSON
	PointValue       string
	Net, Risk        string // counted when it was written
	Tags             string // JSON
	Setup, Emotion   string
	Note             string
	MessageID        string
	VerdictID        string // the answer whose verdict this is the outcome of
	Fingerprint      string // of its content
	ImportedAs       string // fingerprint of the row it was imported from
	ImportedN        int64  // which of the file's equal rows; 0: not imported
	OpenedAt         time.Time
	ClosedAt         time.Time // zero: still on, or skipped
	CreatedAt        time.Time
	UpdatedAt        time.Time
}

const tradeColumns = `id, user_id, instrument, kind, side, decision, fills, fees, stop, targets, point_value, net, risk, tags, setup, emotion, note,
	message_id, verdict_id, fingerprint, imported_as, imported_n, opened_at, closed_at, created_at, updated_at, planned_entry`

func (t *Trade) values() []any {
	var n any
	if t.ImportedN > 0 {
		n = t.ImportedN
	}
	return []any{
		t.ID, t.UserID, t.Instrument, t.Kind, t.Side, t.Decision, t.Fills, t.Fees, opt(t.Stop), t.Targets, opt(t.PointValue), opt(t.Net), opt(t.Risk),
		t.Tags, t.Setup, t.Emotion, t.Note, opt(t.MessageID), opt(t.VerdictID), t.Fingerprint, opt(t.ImportedAs), n,
		usec(t.OpenedAt), usec(t.ClosedAt), usec(t.CreatedAt), usec(t.UpdatedAt), opt(t.PlannedEntry),
	}
}

func scanTrade(row scanner) (Trade, error) {
	var t Trade
	var n *int64
	err := row.Scan(&t.ID, &t.UserID, &t.Instrument, &t.Kind, &t.Side, &t.Decision, &t.Fills, &t.Fees, (*opt)(&t.Stop), &t.Targets, (*opt)(&t.PointValue),
		(*opt)(&t.Net), (*opt)(&t.Risk), &t.Tags, &t.Setup, &t.Emotion, &t.Note, (*opt)(&t.MessageID), (*opt)(&t.VerdictID), &t.Fingerprint,
		(*opt)(&t.ImportedAs), &n, (*usec)(&t.OpenedAt), (*usec)(&t.ClosedAt), (*usec)(&t.CreatedAt), (*usec)(&t.UpdatedAt), (*opt)(&t.PlannedEntry))
	if n != nil {
		t.ImportedN = *n
	}
	return t, err
}

// Trade finds one of a trader's own.
func (r Reader) Trade(ctx context.Context, userID, id string) (Trade, error) {
	t, err := scanTrade(r.q.QueryRowContext(ctx, `SELECT `+tradeColumns+` FROM trades WHERE id = $1 AND user_id = $2`, id, userID))
	return t, r.wrap("find trade", err)
}

// TradePage asks for some of a trader's trades by the time they were opened.
type TradePage struct {
	UserID                                 string
	From, To                               time.Time // opened in [From, To); zero: no bound
	Instrument, Setup, Decision, MessageID string    // "" = any
	Ascending                              bool      // oldest first
	AfterOpened                            time.Time // the page begins after this place …
	AfterID                                string    // "" = at the start
	Limit                                  int
}

func (p TradePage) query() (string, []any) {
	cond, args := ` WHERE user_id = $1`, []any{p.UserID}
	and := func(sql string, v any) {
		args = append(args, v)
		cond += ` AND ` + strings.Replace(sql, "$n", placeholder(len(args)), 1)
	}
	if !p.From.IsZero() {
		and(`opened_at >= $n`, usec(p.From))
	}
	if !p.To.IsZero() {
		and(`opened_at < $n`, usec(p.To))
	}
	for _, is := range [][2]string{{"instrument", p.Instrument}, {"setup", p.Setup}, {"decision", p.Decision}, {"message_id", p.MessageID}} {
		if is[1] != "" {
			and(is[0]+` = $n`, is[1])
		}
	}
	order, beyond := ` DESC`, `<`
	if p.Ascending {
		order, beyond = ` ASC`, `>`
	}
	if p.AfterID != "" {
		args = append(args, usec(p.AfterOpened), p.AfterID)
		cond += ` AND (opened_at, id) ` + beyond + ` (` + placeholder(len(args)-1) + `, ` + placeholder(len(args)) + `)`
	}
	args = append(args, p.Limit)
	return cond + ` ORDER BY opened_at` + order + `, id` + order + ` LIMIT ` + placeholder(len(args)), args
}

// Trades lists one page.
func (r Reader) Trades(ctx context.Context, p TradePage) ([]Trade, error) {
	rest, args := p.query()
	return collect(ctx, r, "list trades", scanTrade, `SELECT `+tradeColumns+` FROM trades`+rest, args...)
}

// RecentTrades lists the trades taken that are still on, or were opened or
// closed at or after a time: what the guards of a session look at. Newest
// first, up to limit. Each condition has an index of its own, which an OR of
// the three would not use.
func (r Reader) RecentTrades(ctx context.Context, userID string, since time.Time, limit int) ([]Trade, error) {
	return collect(ctx, r, "list recent trades", scanTrade, `SELECT `+tradeColumns+` FROM trades WHERE id IN (
			SELECT id FROM trades WHERE user_id = $1 AND decision = 'taken' AND closed_at IS NULL
			UNION SELECT id FROM trades WHERE user_id = $1 AND decision = 'taken' AND opened_at >= $2
			UNION SELECT id FROM trades WHERE user_id = $1 AND closed_at >= $2)
		ORDER BY opened_at DESC, id DESC LIMIT $3`, userID, usec(since), limit)
}

// HasTrades tells whether a trader ever recorded a trade taken.
func (r Reader) HasTrades(ctx context.Context, userID string) (bool, error) {
	var there bool
	err := r.q.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM trades WHERE user_id = $1 AND decision = 'taken')`, userID).Scan(&there)
	return there, r.wrap("look for trades", err)
}

// CountLike counts the trades that have a fingerprint, now or in the file
// they were imported from.
func (r Reader) CountLike(ctx context.Context, userID, fingerprint string) (int64, error) {
	var n int64
	err := r.q.QueryRowContext(ctx, `SELECT count(*) FROM trades WHERE user_id = $1 AND (fingerprint = $2 OR imported_as = $2)`, userID, fingerprint).Scan(&n)
	return n, r.wrap("count equal trades", err)
}

// InsertTrade stores a new one; ErrConflict: that row was imported already.
func (tx *Tx) InsertTrade(ctx context.Context, t Trade) error {
	_, err := tx.q.ExecContext(ctx, `INSERT INTO trades (`+tradeColumns+`) VALUES
		($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27)`, t.values()...)
	return tx.wrap("insert trade", err)
}

// UpdateTrade stores all that may change about a trade where it is still as it
// was at a time (UpdatedAt before); else it is ErrNotFound.
func (tx *Tx) UpdateTrade(ctx context.Context, t Trade, was time.Time) error {
	return tx.one(ctx, "update trade", `UPDATE trades SET instrument = $3, kind = $4, side = $5, decision = $6, fills = $7, fees = $8, stop = $9,
		targets = $10, point_value = $11, net = $12, risk = $13, tags = $14, setup = $15, emotion = $16, note = $17, message_id = $18, verdict_id = $19,
		fingerprint = $20, opened_at = $21, closed_at = $22, updated_at = $23, planned_entry = $24 WHERE id = $1 AND user_id = $2 AND updated_at = $25`,
		t.ID, t.UserID, t.Instrument, t.Kind, t.Side, t.Decision, t.Fills, t.Fees, opt(t.Stop), t.Targets, opt(t.PointValue), opt(t.Net), opt(t.Risk),
		t.Tags, t.Setup, t.Emotion, t.Note, opt(t.MessageID), opt(t.VerdictID), t.Fingerprint, usec(t.OpenedAt), usec(t.ClosedAt), usec(t.UpdatedAt), opt(t.PlannedEntry), usec(was))
}

// DeleteTrade removes one of a trader's own.
func (tx *Tx) DeleteTrade(ctx context.Context, userID, id string) error {
	return tx.one(ctx, "delete trade", `DELETE FROM trades WHERE id = $1 AND user_id = $2`, id, userID)
}

// Result is a closed trade as statistics need it.
type Result struct {
	Key                string // what it was asked to be grouped by, "" = nothing
	Net, Risk          string
	OpenedAt, ClosedAt time.Time
	Verdict, Missed    string    // of the verdict it is the outcome of; "" = none
	SealedAt           time.Time // of that verdict
}

// ResultPage asks for the trades closed in [From, To); a zero time is no
// bound.
type ResultPage struct {
	UserID   string
	From, To time.Time
	Key      string // column that Result.Key holds: instrument, setup or emotion; "" = none
	// Verdicts looks up the sealed verdicts, which costs time.
	Verdicts Lookup
}

// Lookup says whether something that costs time is wanted.
type Lookup int

// The answers.
const (
	Without Lookup = iota
	With
)

// EachResult hands over the trades of a page in the order they were closed,
// one by one: there may be a hundred thousand. What each gets lives only until
// it returns.
func (r Reader) EachResult(ctx context.Context, p ResultPage, each func(Result)) error {
	const doing = "list results"
	key := `''`
	switch p.Key {
	case "instrument", "setup", "emotion":
		key = `t.` + p.Key
	}
	columns, join := `COALESCE(t.net, ''), COALESCE(t.risk, ''), t.opened_at, t.closed_at, `+key, ``
	if p.Verdicts == With {
		columns += `, COALESCE(v.verdict, ''), COALESCE(v.missed, ''), COALESCE(v.sealed_at, 0)`
		join = ` LEFT JOIN verdicts v ON v.message_id = t.verdict_id`
	}
	from, to := int64(-1<<62), int64(1<<62)
	if !p.From.IsZero() {
		from = p.From.UnixMicro()
	}
	if !p.To.IsZero() {
		to = p.To.UnixMicro()
	}
	rows, err := r.q.QueryContext(ctx, `SELECT `+columns+` FROM trades t`+join+`
		WHERE t.user_id = $1 AND t.closed_at >= $2 AND t.closed_at < $3 ORDER BY t.closed_at, t.id`, p.UserID, from, to)
	if err != nil {
		return r.wrap(doing, err)
	}
	defer func() { _ = rows.Close() }()
	var one Result
	var opened, closed, sealed int64
	into := []any{&one.Net, &one.Risk, &opened, &closed, &one.Key}
	if p.Verdicts == With {
		into = append(into, &one.Verdict, &one.Missed, &sealed)
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return r.wrap(doing, err)
		}
		one.OpenedAt, one.ClosedAt, one.SealedAt = time.UnixMicro(opened).UTC(), time.UnixMicro(closed).UTC(), time.UnixMicro(sealed).UTC()
		each(one)
	}
	return r.wrap(doing, rows.Err())
}
