package journal

import (
	"context"
	"errors"
	"time"

	"github.com/elite-trading-coach/coach/server/trading"
	"github.com/elite-trading-coach/coach/storage"
)

// What of a journal is looked at for habits. A detector wants ten trades and a
// month of trading days at most; the rest would only cost time.
const (
	habitSpan   = 60 * 24 * time.Hour
	habitTrades = 300
	// judgedTrades of them, the latest, come with their sealed verdict: no
	// detector asks for more.
	judgedTrades = 20
)

// Recent are a trader's latest trades taken, newest first, as
// [trading.PatternsIn] wants them: bounded, whatever the journal holds. Nil
// where there are none.
func (s *Service) Recent(ctx context.Context, userID string) ([]trading.Trade, error) {
	now := s.now()
	rows, err := s.store.Trades(ctx, storage.TradePage{UserID: userID, Decision: Taken, From: now.Add(-habitSpan), Limit: habitTrades})
	if err != nil {
		return nil, err
	}
	var trades []trading.Trade
	for n, row := range rows {
		t := result(row)
		t.Setup, t.Emotion, t.Note = row.Setup, row.Emotion, row.Note
		if n < judgedTrades {
			if t.Verdict, err = s.verdictOn(ctx, row); err != nil {
				return nil, err
			}
		}
		trades = append(trades, t)
	}
	return trades, nil
}

// verdictOn is what the coach had sealed before the trade was entered.
func (s *Service) verdictOn(ctx context.Context, row storage.Trade) (trading.Verdict, error) {
	if row.VerdictID == "" {
		return trading.NoVerdict, nil
	}
	v, err := s.store.Verdict(ctx, row.UserID, row.VerdictID)
	if errors.Is(err, storage.ErrNotFound) || err == nil && v.SealedAt.After(row.OpenedAt) {
		return trading.NoVerdict, nil
	}
	return trading.Verdict(v.Verdict), err
}
