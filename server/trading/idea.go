package trading

import (
	"github.com/shopspring/decimal"
)

// Side is the direction of a trade.
type Side string

// The sides; "" means that the words do not say.
const (
	Long  Side = "long"
	Short Side = "short"
)

// Opposite is the other side.
func (s Side) Opposite() Side {
	switch s {
	case Long:
		return Short
	case Short:
		return Long
	}
	return ""
}

// toward is +1 for long and −1 for short: the sign of a move that helps.
func (s Side) toward() decimal.Decimal {
	if s == Short {
		return decimal.New(-1, 0)
	}
	return decimal.New(1, 0)
}

// Status is how far a trade has come.
type Status string

// The states of a trade as the words tell them.
const (
	Planned Status = "planned"
	Open    Status = "open"
	Closed  Status = "closed"
)

// Field names a part of an idea; Missing, Declined and questions use them.
type Field string

// The fields.
const (
	FieldSide       Field = "side"
	FieldInstrument Field = "instrument"
	FieldPointValue Field = "pointValue"
	FieldQuantity   Field = "quantity"
	FieldEntry      Field = "entry"
	FieldStop       Field = "stop"
	FieldTarget     Field = "target"
	FieldEquity     Field = "equity"
	FieldRisk       Field = "risk"
	FieldExit       Field = "exit"
	FieldRate       Field = "rate"
)

// Price is a price as read. Derived means that it was computed from a distance
// the trader gave ("a 6 point stop"), and Words is what was written then.
type Price struct {
	Value   decimal.Decimal `json:"price"`
	Derived bool            `json:"derived"`
	Words   string          `json:"words,omitempty"`
}

// Target is a price at which some of the position is to be closed.
type Target struct {
	Price
	// Portion is the share of the position (0–1) when the trader gave one as a
	// fraction; Quantity when it was given in contracts or shares. Rest means
	// whatever the other targets leave.
	Portion  *decimal.Decimal `json:"portion,omitempty"`
	Quantity *decimal.Decimal `json:"quantity,omitempty"`
	Rest     bool             `json:"rest,omitempty"`
}

// Fill is a size done at a price.
type Fill struct {
	Quantity decimal.Decimal `json:"quantity"`
	Price    decimal.Decimal `json:"price"`
}

// Question is something the words leave open, asked instead of guessed.
type Question struct {
	Field Field  `json:"field"`
	Text  string `json:"text"`
}

// Idea is one trade as the trader described it: only numbers that were
// written, or prices derived from distances that were written. A nil field was
// not said (or could not be read, then Questions says why).
type Idea struct {
	Side        Side             `json:"side"`
	SideDerived bool             `json:"sideDerived,omitempty"` // from entry and stop
	Symbol      string           `json:"symbol"`                // as the table names it
	Contract    string           `json:"contract,omitempty"`    // as written, when it names a month
	Kind        Kind             `json:"kind,omitempty"`
	Instrument  *Instrument      `json:"-"`
	Quantity    *decimal.Decimal `json:"quantity"`
	Entry       *Price           `json:"entry"`
	Stop        *Price           `json:"stop"`
	Targets     []Target         `json:"targets"`
	Exits       []Fill           `json:"exits,omitempty"`
	Equity      *decimal.Decimal `json:"equity"`
	Currency    string           `json:"currency,omitempty"` // of Equity, when not USD
	RiskPct     *decimal.Decimal `json:"riskPct"`
	RiskMoney   *decimal.Decimal `json:"riskMoney"`
	PointValue  *decimal.Decimal `json:"pointValue,omitempty"` // given by the trader
	Timeframe   string           `json:"timeframe,omitempty"`
	Status      Status           `json:"status"`
	Later       bool             `json:"later,omitempty"`       // planned for another time
	Alternative bool             `json:"alternative,omitempty"` // "or …": not taken together with the one before
	Declined    []Field          `json:"declined,omitempty"`    // refused: "no stop"
	Questions   []Question       `json:"questions,omitempty"`   // unreadable, ambiguous, impossible
	Notes       []string         `json:"notes,omitempty"`       // remarks on how something was read
	PriorStop   *decimal.Decimal `json:"priorStop,omitempty"`   // the stop before the trader moved it
	Pending     []Distance       `json:"pending,omitempty"`     // distances that wait for an entry, a side or an instrument
	Confirmed   bool             `json:"confirmed,omitempty"`   // "yes, that is meant": far prices are no typo

	guesses []guess // what the strays may be; a question asks
}

// Distance is a stop or target given as a distance from the entry. Unit is
// points, ticks, pips, % or R.
type Distance struct {
	Field    Field            `json:"field"`
	Size     decimal.Decimal  `json:"size"`
	Unit     string           `json:"unit"`
	Words    string           `json:"words"`
	Portion  *decimal.Decimal `json:"portion,omitempty"`
	Quantity *decimal.Decimal `json:"quantity,omitempty"`
	Rest     bool             `json:"rest,omitempty"`

	claim bool // a ratio that counts as a target only when no target is named
}

// HasDeclined says whether the trader refused a thing outright.
func (i Idea) HasDeclined(f Field) bool {
	for _, d := range i.Declined {
		if d == f {
			return true
		}
	}
	return false
}

// Impossible says whether a question stands in the way of any sums: the stop
// on the wrong side, a price of zero, a number that may be a typo.
func (i Idea) Impossible() bool { return len(i.Questions) > 0 }

// waits says whether a distance for the field was given and cannot be turned
// into a price yet.
func (i Idea) waits(f Field) bool {
	for _, d := range i.Pending {
		if d.Field == f {
			return true
		}
	}
	return false
}

func (i *Idea) ask(f Field, text string) {
	for _, q := range i.Questions {
		if q.Field == f {
			return
		}
	}
	i.Questions = append(i.Questions, Question{f, text})
}

func (i *Idea) decline(f Field) {
	if !i.HasDeclined(f) {
		i.Declined = append(i.Declined, f)
	}
}
