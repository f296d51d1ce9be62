package server

import (
	"context"
	"io"
	"log/slog"

	"github.com/elite-trading-coach/coach/configs"
	"github.com/elite-trading-coach/coach/server/journal"
	"github.com/elite-trading-coach/coach/server/trading"
	"github.com/elite-trading-coach/coach/storage"
)

// PlanFinding is one thing that is wrong with a plan.
type PlanFinding = trading.Finding

// TradeImport is how a file of trades is to be read.
type TradeImport = journal.Import

// ImportReport is what became of its rows.
type ImportReport = journal.ImportReport

// LintPlan tells what is wrong with a plan, line by line; nothing is fine.
func LintPlan(text []byte) []PlanFinding { return journal.LintPlan(text) }

// Journal is what `coach import` does to a trader's records, whether a server
// runs on the database or not.
type Journal struct {
	store   *storage.Store
	records *journal.Service
}

// OpenJournal opens the journals of the configured database.
func OpenJournal(ctx context.Context, c configs.Config, log *slog.Logger) (*Journal, error) {
	store, err := openForCommand(ctx, c, RefuseAbsent, log)
	if err != nil {
		return nil, err
	}
	return &Journal{store: store, records: journal.New(journal.Options{Store: store})}, nil
}

// Import reads a file of trades into the journal of the account that an e-mail
// address, a username or an id names.
func (j *Journal) Import(ctx context.Context, identifier string, file io.Reader, how TradeImport) (ImportReport, error) {
	u, err := j.records.FindUser(ctx, identifier)
	if err != nil {
		return ImportReport{}, err
	}
	return j.records.Import(ctx, u.ID, file, how)
}

// Close ends the connection.
func (j *Journal) Close() error { return j.store.Close() }
