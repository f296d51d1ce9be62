package journal

import (
	"context"
	"encoding/base64"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/elite-trading-coach/coach/server/auth"
	"github.com/elite-trading-coach/coach/server/fault"
	"github.com/elite-trading-coach/coach/storage"
)

// AddTrade records a trade taken or passed by, from JSON.
func (s *Service) AddTrade(ctx context.Context, a auth.Actor, body []byte) (Trade, error) {
	o, err := readObject(body)
	if err != nil {
		return Trade{}, err
	}
	var d draft
	d.read(o)
	if err := o.err(); err != nil {
		return Trade{}, err
	}
	now := s.now()
	row, bad := d.build(now)
	if err := invalid(bad); err != nil {
		return Trade{}, err
	}
	row.ID, row.UserID, row.CreatedAt, row.UpdatedAt = storage.NewID(), a.UserID, now, now
	err = s.store.Tx(ctx, func(tx *storage.Tx) error {
		if err := link(ctx, tx, &row); err != nil {
			return err
		}
		return tx.InsertTrade(ctx, row)
	})
	if err != nil {
		return Trade{}, err
	}
	return view(row)
}

// link checks the message that a trade names and finds the verdict it is the
// outcome of.
func link(ctx context.Context, tx *storage.Tx, row *storage.Trade) error {
	if err := checkMessage(ctx, tx, row); err != nil {
		return err
	}
	return findVerdict(ctx, tx, row)
}

func checkMessage(ctx context.Context, tx *storage.Tx, row *storage.Trade) error {
	if row.MessageID == "" {
		return nil
	}
	missing := fault.Invalid("messageId", "There is no such message.")
	if !storage.ValidID(row.MessageID) {
		return missing
	}
	m, err := tx.Message(ctx, row.MessageID)
	if err == nil {
		_, err = tx.Membership(ctx, m.ConversationID, row.UserID)
	}
	if errors.Is(err, storage.ErrNotFound) {
		return missing
	}
	return err
}

func findVerdict(ctx context.Context, tx *storage.Tx, row *storage.Trade) error {
	row.VerdictID = ""
	if row.MessageID == "" {
		return nil
	}
	v, err := tx.Verdict(ctx, row.UserID, row.MessageID)
	if errors.Is(err, storage.ErrNotFound) {
		return nil
	}
	row.VerdictID = v.MessageID
	return err
}

// Trade finds one.
func (s *Service) Trade(ctx context.Context, a auth.Actor, id string) (Trade, error) {
	row, err := s.tradeRow(ctx, a, id)
	if err != nil {
		return Trade{}, err
	}
	return view(row)
}

func (s *Service) tradeRow(ctx context.Context, a auth.Actor, id string) (storage.Trade, error) {
	if !storage.ValidID(id) {
		return storage.Trade{}, noTrade()
	}
	row, err := s.store.Trade(ctx, a.UserID, id)
	return row, tradeError(err)
}

func noTrade() error { return fault.New(fault.NotFound, "There is no such trade.") }

func tradeError(err error) error {
	if errors.Is(err, storage.ErrNotFound) {
		return noTrade()
	}
	return err
}

// ChangeTrade changes the fields that a JSON body gives; null takes one away,
// lists are replaced. exit and closedAt alone close what is still open.
func (s *Service) ChangeTrade(ctx context.Context, a auth.Actor, id string, body []byte) (Trade, error) {
	o, err := readObject(body)
	if err != nil {
		return Trade{}, err
	}
	was, err := s.tradeRow(ctx, a, id)
	if err != nil {
		return Trade{}, err
	}
	before, err := view(was)
	if err != nil {
		return Trade{}, err
	}
	d := draftOf(was, before)
	d.read(o)
	if was.Decision == Skipped && d.decision == Taken && !o.given("entry") {
		d.entry = nil // what would have been is no fill
	}
	if err := o.err(); err != nil {
		return Trade{}, err
	}
	now := s.now()
	row, bad := d.build(now)
	if err := invalid(bad); err != nil {
		return Trade{}, err
	}
	row.ID, row.UserID, row.CreatedAt, row.ImportedAs, row.ImportedN = was.ID, was.UserID, was.CreatedAt, was.ImportedAs, was.ImportedN
	if row.UpdatedAt = now; !now.After(was.UpdatedAt) {
		row.UpdatedAt = was.UpdatedAt.Add(time.Millisecond)
	}
	row.VerdictID = was.VerdictID
	err = s.store.Tx(ctx, func(tx *storage.Tx) error {
		var err error
		switch {
		case row.MessageID != was.MessageID:
			err = link(ctx, tx, &row)
		case row.VerdictID == "": // the message itself may have gone since, with its conversation
			err = findVerdict(ctx, tx, &row)
		}
		if err != nil {
			return err
		}
		return tx.UpdateTrade(ctx, row, was.UpdatedAt)
	})
	if errors.Is(err, storage.ErrNotFound) {
		return Trade{}, fault.Wrap(fault.Conflict, "The trade was changed or deleted meanwhile; read it again.", err)
	}
	if err != nil {
		return Trade{}, err
	}
	return view(row)
}

// DeleteTrade removes one.
func (s *Service) DeleteTrade(ctx context.Context, a auth.Actor, id string) error {
	if !storage.ValidID(id) {
		return noTrade()
	}
	return tradeError(s.store.Tx(ctx, func(tx *storage.Tx) error { return tx.DeleteTrade(ctx, a.UserID, id) }))
}

// TradeQuery asks for a page of trades, by the time they were opened.
type TradeQuery struct {
	From, To                               string // see [Service.Stats]
	Instrument, Setup, Decision, MessageID string
	Limit                                  int
	Cursor                                 string
}

// TradeList is a page, newest first.
type TradeList struct {
	Items      []Trade `json:"items"`
	HasMore    bool    `json:"hasMore"`
	NextCursor *string `json:"nextCursor"`
}

// Trades lists a page.
func (s *Service) Trades(ctx context.Context, a auth.Actor, q TradeQuery) (TradeList, error) {
	page := storage.TradePage{
		UserID: a.UserID, Instrument: strings.ToUpper(q.Instrument), Setup: q.Setup, Decision: q.Decision, MessageID: q.MessageID, Limit: q.Limit + 1,
	}
	if q.Decision != "" && !oneOf(q.Decision, Taken, Skipped) {
		return TradeList{}, fault.Invalid("decision", "The decision is taken or skipped.")
	}
	if q.MessageID != "" && !storage.ValidID(q.MessageID) {
		return TradeList{}, fault.Invalid("messageId", "This is no id of a message.")
	}
	var err error
	if page.From, page.To, err = s.span(ctx, a, q.From, q.To); err != nil {
		return TradeList{}, err
	}
	if q.Cursor != "" {
		if page.AfterOpened, page.AfterID, err = readCursor(q.Cursor); err != nil {
			return TradeList{}, err
		}
	}
	rows, err := s.store.Trades(ctx, page)
	if err != nil {
		return TradeList{}, err
	}
	out := TradeList{Items: []Trade{}}
	if out.HasMore = len(rows) > q.Limit; out.HasMore {
		rows = rows[:q.Limit]
		next := writeCursor(rows[q.Limit-1])
		out.NextCursor = &next
	}
	for _, row := range rows {
		t, err := view(row)
		if err != nil {
			return TradeList{}, err
		}
		out.Items = append(out.Items, t)
	}
	return out, nil
}

func writeCursor(row storage.Trade) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(row.OpenedAt.UnixMicro(), 10) + ":" + row.ID))
}

func readCursor(cursor string) (time.Time, string, error) {
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	at, id, _ := strings.Cut(string(raw), ":")
	micros, numErr := strconv.ParseInt(at, 10, 64)
	if err != nil || numErr != nil || !storage.ValidID(id) {
		return time.Time{}, "", fault.Invalid("cursor", "This is no cursor of this list; leave it out to begin at the newest.")
	}
	return time.UnixMicro(micros).UTC(), id, nil
}
