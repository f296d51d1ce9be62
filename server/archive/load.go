package archive

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"

	"github.com/elite-trading-coach/coach/server/fault"
	"github.com/elite-trading-coach/coach/storage"
)

// batch is how many rows one transaction stores.
const batch = 200

// Loaded counts what an archive brought.
type Loaded struct {
	Plans, Trades, Verdicts, Conversations, Messages int
	Images                                           int
	// ImagesLeft are uploads that stay in the archive: their bytes are not in
	// it, were refused, or belong to a message that is not.
	ImagesLeft int
}

// Load stores an archive's records as an account's own, and its images. The account owns every
// conversation, alone; what others wrote in it has no author. CONFLICT: the
// account holds this archive, or a plan, already. An error on the way, such as
// a full disk, leaves what was stored before it.
func (a *Archive) Load(ctx context.Context, store *storage.Store, userID string, album Album) (Loaded, error) {
	l := &loader{ctx: ctx, store: store, user: userID, archive: a, album: album, images: map[string]upload{}}
	for _, part := range []struct {
		name string
		line func([]byte) error
	}{
		{plansName, l.plan},
		{uploadsName, l.note},
		{conversationsName, l.entry},
		{verdictsName, l.verdict},
		{tradesName, l.trade},
		{uploadsName, l.loose},
	} {
		if _, err := a.lines(part.name, part.line); err != nil {
			return l.Loaded, loadError(err)
		}
		if err := l.flush(); err != nil {
			return l.Loaded, loadError(err)
		}
	}
	return l.Loaded, nil
}

func loadError(err error) error {
	if fault.Is(err, fault.Conflict) {
		return fault.Wrap(fault.Conflict, "The account holds this archive, or a plan of its own, already; import into a new account.", err)
	}
	return err
}

// loader stores lines in batches.
type loader struct {
	Loaded
	ctx     context.Context
	store   *storage.Store
	user    string
	rows    []func(tx *storage.Tx) error
	archive *Archive
	album   Album
	images  map[string]upload // by their old id: what no message has taken yet
	// open is the conversation whose messages come.
	open *storage.Conversation
}

// later stores a row with the next batch.
func (l *loader) later(row func(tx *storage.Tx) error) error {
	if l.rows = append(l.rows, row); len(l.rows) < batch {
		return nil
	}
	return l.commit()
}

// flush stores what waits, and the end of the conversation that is open.
func (l *loader) flush() error {
	if l.open != nil {
		c := *l.open
		l.open = nil
		if err := l.later(func(tx *storage.Tx) error { return settle(l.ctx, tx, c) }); err != nil {
			return err
		}
	}
	return l.commit()
}

func (l *loader) commit() error {
	if len(l.rows) == 0 {
		return nil
	}
	rows := l.rows
	l.rows = nil
	return l.store.Tx(l.ctx, func(tx *storage.Tx) error {
		for _, row := range rows {
			if err := row(tx); err != nil {
				return err
			}
		}
		return nil
	})
}

// id is the id that an old one becomes in this account: the same each time,
// with the time of the old one, by which ids sort, and unlike any other
// account's.
func (l *loader) id(old string) string {
	u, err := uuid.Parse(old)
	if old == "" || err != nil {
		return ""
	}
	sum := sha256.Sum256([]byte(l.user + old))
	copy(u[8:], sum[:8])
	u[8] = u[8]&0x3f | 0x80 // RFC 9562, 4.1: the variant
	return u.String()
}

func (l *loader) plan(line []byte) error {
	var p plan
	if err := json.Unmarshal(line, &p); err != nil {
		return err
	}
	l.Plans++
	return l.later(func(tx *storage.Tx) error {
		return tx.InsertPlan(l.ctx, storage.PlanVersion{UserID: l.user, Version: p.Version, Body: string(p.Body), CreatedAt: p.CreatedAt})
	})
}

func (l *loader) trade(line []byte) error {
	var t trade
	if err := json.Unmarshal(line, &t); err != nil {
		return err
	}
	l.Trades++
	return l.later(func(tx *storage.Tx) error {
		return tx.InsertTrade(l.ctx, storage.Trade{
			ID: l.id(t.ID), UserID: l.user, Instrument: t.Instrument, Kind: t.Kind, Side: t.Side, Decision: t.Decision, Fills: string(t.Fills), Fees: t.Fees,
			Stop: t.Stop, Targets: string(t.Targets), PointValue: t.PointValue, Net: t.Net, Risk: t.Risk, Tags: string(t.Tags), Setup: t.Setup,
			Emotion: t.Emotion, Note: t.Note, MessageID: l.id(t.MessageID), VerdictID: l.id(t.VerdictID), Fingerprint: t.Fingerprint,
			ImportedAs: t.ImportedAs, ImportedN: t.ImportedN, OpenedAt: t.OpenedAt, ClosedAt: orZero(t.ClosedAt), CreatedAt: t.CreatedAt, UpdatedAt: t.UpdatedAt,
		})
	})
}

func (l *loader) verdict(line []byte) error {
	var v verdict
	if err := json.Unmarshal(line, &v); err != nil {
		return err
	}
	l.Verdicts++
	return l.later(func(tx *storage.Tx) error {
		return tx.SealVerdict(l.ctx, storage.Verdict{
			MessageID: l.id(v.MessageID), QuestionID: l.id(v.QuestionID), UserID: l.user, PlanVersion: v.PlanVersion, Verdict: v.Verdict,
			Confidence: v.Confidence, Missed: string(v.Missed), SealedAt: v.SealedAt,
		})
	})
}

func (l *loader) entry(line []byte) error {
	var e entry
	if err := json.Unmarshal(line, &e); err != nil {
		return err
	}
	if e.Message != nil {
		return l.message(*e.Message)
	}
	if e.Conversation == nil {
		return fmt.Errorf("a line is neither a conversation nor a message")
	}
	if err := l.flush(); err != nil {
		return err
	}
	v := e.Conversation
	c := storage.Conversation{
		ID: l.id(v.ID), OwnerID: l.user, Title: v.Title, TitleGiven: v.TitleGiven, Mode: v.Mode, Coach: v.Coach, Archived: v.Archived,
		LastRev: v.LastRev, MessageCount: v.Count, CreatedAt: v.CreatedAt, UpdatedAt: v.UpdatedAt,
	}
	l.open = &c
	l.Conversations++
	return l.later(func(tx *storage.Tx) error { return tx.InsertConversation(l.ctx, c) })
}

// settle gives a conversation its counters once its messages are there.
func settle(ctx context.Context, tx *storage.Tx, c storage.Conversation) error {
	if c.LastSeq > 0 {
		if err := tx.AdvanceConversation(ctx, c); err != nil {
			return err
		}
	}
	return tx.UpdateConversation(ctx, c)
}

func (l *loader) message(m message) error {
	if l.open == nil {
		return fmt.Errorf("a message comes before any conversation")
	}
	row := storage.Message{
		ID: l.id(m.ID), ConversationID: l.open.ID, Seq: m.Seq, Rev: m.Rev, ParentID: l.id(m.ParentID), Type: m.Type, Content: m.Content, Status: m.Status,
		ImageURL: m.ImageURL, Verdict: m.Verdict, Confidence: m.Confidence, Analysis: m.Analysis, Mode: m.Mode, Model: m.Model, Usage: (*storage.Usage)(m.Usage),
		ErrorCode: m.ErrorCode, ErrorMessage: m.ErrorMessage, CreatedAt: m.CreatedAt, UpdatedAt: m.UpdatedAt,
		EditedAt: orZero(m.EditedAt), DeletedAt: orZero(m.DeletedAt),
	}
	switch {
	case m.Own && m.Type == "user":
		row.UserID = l.user
	case m.Own:
		row.AskedBy = l.user
	}
	shown, err := l.shown(m, row)
	if err != nil {
		return err
	}
	row.Uploads = shown
	l.open.LastSeq, l.open.LastMessageAt = m.Seq, m.CreatedAt
	l.Messages++
	return l.later(func(tx *storage.Tx) error {
		if err := tx.InsertMessage(l.ctx, row); err != nil {
			return err
		}
		return tx.UpdateMessage(l.ctx, row) // what is given only later in a message's life
	})
}
