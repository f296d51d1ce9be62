package journal

import (
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

// set reads one cell into the draft and says what is wrong with it.
func (r *rows) set(d *draft, column, cell string) (problem string) {
	switch column {
	case colInstrument:
		d.instrument, problem = parseText(cell, maxSymbol)
	case colSide:
		d.side = sideWord(cell)
	case colDecision:
		d.decision = strings.ToLower(cell)
	case colQuantity:
		d.quantity, problem = positiveCell(cell)
	case colEntry:
		d.entry, problem = positiveCell(cell)
	case colExit:
		d.exit, problem = positiveCell(cell)
	case colStop:
		d.stop, problem = positiveCell(cell)
	case colPointValue:
		d.pointValue, problem = positiveCell(cell)
	case colFees:
		var fees decimal.Decimal
		fees, problem = parseNumber(cell)
		d.fees = &fees
	case colOpenedAt:
		d.openedAt, problem = localTime(cell, r.zone)
	case colClosedAt:
		d.closedAt, problem = localTime(cell, r.zone)
	case colSetup:
		d.setup, problem = parseText(unguardCell(cell), maxWords)
	case colEmotion:
		d.emotion, problem = parseText(unguardCell(cell), maxWords)
	case colNote:
		d.note, problem = parseText(unguardCell(cell), maxNote)
	case colTags:
		d.tags = splitCell(unguardCell(cell))
	case colTargets:
		for _, part := range splitCell(cell) {
			price, wrong := parseNumber(part)
			if wrong != "" {
				return wrong
			}
			d.targets = append(d.targets, price)
		}
	case colFills:
		d.fills, problem = readFills(cell, r.zone)
	}
	return problem
}

// sideWord takes the words that brokers use for the side of a trade.
func sideWord(cell string) string {
	switch word := strings.ToLower(cell); word {
	case "buy", "b", "long":
		return "long"
	case "sell", "s", "short":
		return "short"
	default:
		return word
	}
}

func positiveCell(cell string) (*decimal.Decimal, string) {
	d, problem := parseNumber(cell)
	if problem == "" && d.Sign() <= 0 {
		problem = "This must be above 0."
	}
	return &d, problem
}

func splitCell(cell string) []string {
	var parts []string
	for part := range strings.SplitSeq(cell, ";") {
		if part = strings.TrimSpace(part); part != "" {
			parts = append(parts, part)
		}
	}
	return parts
}

// readFills reads "buy 2 @ 6000 2026-03-10T14:30:00.000Z; sell 2 @ 6012 …".
func readFills(cell string, zone *time.Location) ([]Fill, string) {
	const help = "Write each fill as: buy 2 @ 6000 2026-03-10T14:30:00Z, with a semicolon between them."
	var fills []Fill
	for _, part := range splitCell(cell) {
		words := strings.Fields(part)
		if len(words) < 5 || words[2] != "@" {
			return nil, help
		}
		quantity, problem := positiveCell(words[1])
		if problem != "" {
			return nil, problem
		}
		price, problem := positiveCell(words[3])
		if problem != "" {
			return nil, problem
		}
		at, problem := localTime(strings.Join(words[4:], " "), zone)
		if problem != "" {
			return nil, problem
		}
		fills = append(fills, Fill{strings.ToLower(words[0]), *quantity, *price, Time(at)})
	}
	return fills, ""
}
