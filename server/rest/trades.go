package rest

import (
	"bytes"
	"mime"
	"net/http"
	"strings"

	"github.com/elite-trading-coach/coach/server/fault"
	"github.com/elite-trading-coach/coach/server/journal"
)

// readJSON gives a body that the journal decodes itself: its numbers must
// stay decimals.
func readJSON(c *call) ([]byte, error) {
	body, err := read(c)
	if err != nil || len(bytes.TrimSpace(body)) == 0 {
		return nil, err
	}
	if form, err := mediaType(c.Request().Header); err != nil || form {
		return nil, fault.New(fault.UnsupportedMediaType, "The body must be application/json, in UTF-8.")
	}
	return body, nil
}

func (s *site) addTrade(c *call) error {
	body, err := readJSON(c)
	if err != nil {
		return err
	}
	made, err := s.Journal.AddTrade(c.Request().Context(), c.actor, body)
	if err != nil {
		return err
	}
	return s.created(c, made)
}

func (s *site) listTrades(c *call) error {
	q, err := readQuery(c)
	if err != nil {
		return err
	}
	ask := journal.TradeQuery{
		From: q.text("from"), To: q.text("to"), Instrument: q.text("instrument"), Setup: q.text("setup"), Decision: q.text("decision"),
		MessageID: q.text("messageId"), Limit: q.limit(), Cursor: q.text("cursor"),
	}
	if err := q.err(); err != nil {
		return err
	}
	list, err := s.Journal.Trades(c.Request().Context(), c.actor, ask)
	if err != nil {
		return err
	}
	return s.ok(c, list)
}

func (s *site) trade(c *call) error {
	found, err := s.Journal.Trade(c.Request().Context(), c.actor, c.Param("id"))
	if err != nil {
		return err
	}
	return s.ok(c, found)
}

func (s *site) changeTrade(c *call) error {
	body, err := readJSON(c)
	if err != nil {
		return err
	}
	changed, err := s.Journal.ChangeTrade(c.Request().Context(), c.actor, c.Param("id"), body)
	if err != nil {
		return err
	}
	return s.ok(c, changed)
}

func (s *site) deleteTrade(c *call) error {
	if err := s.Journal.DeleteTrade(c.Request().Context(), c.actor, c.Param("id")); err != nil {
		return err
	}
	return s.done(c)
}

// importTrades reads a file as it arrives; it is never held as a whole.
func (s *site) importTrades(c *call) error {
	r := c.Request()
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if coding := r.Header.Get("Content-Encoding"); err != nil || kind != "text/csv" || coding != "" && !strings.EqualFold(coding, "identity") {
		return fault.New(fault.UnsupportedMediaType, "The file must be sent as text/csv, not packed.")
	}
	q, err := readQuery(c)
	if err != nil {
		return err
	}
	how := journal.Import{Timezone: q.text("timezone"), DryRun: q.flag("dryRun")}
	if err := q.err(); err != nil {
		return err
	}
	report, err := s.Journal.Import(r.Context(), c.actor.UserID, http.MaxBytesReader(c.raw, r.Body, maxBody), how)
	if err != nil {
		return err
	}
	return s.ok(c, report)
}

// exportTrades sends the file as it is read from the store.
func (s *site) exportTrades(c *call) error {
	q, err := readQuery(c)
	if err != nil {
		return err
	}
	from, to := q.text("from"), q.text("to")
	if err := q.err(); err != nil {
		return err
	}
	file := &download{c: c, kind: "text/csv; charset=utf-8", name: "trades.csv"}
	return uncut(file, s.Journal.Export(c.Request().Context(), c.actor, from, to, file))
}
