package trading

import (
	"strings"

	"github.com/shopspring/decimal"
)

// ratioPlaces is how many digits a quotient keeps. Quotients are cut, never
// rounded, so that 1.999… is never shown as 2; comparisons do not use them.
const ratioPlaces = 8

// Constants in all but name; never written to.
var (
	one   = decimal.New(1, 0)
	two   = decimal.New(2, 0)
	three = decimal.New(3, 0)
	cent  = decimal.New(1, -2)
)

// cut divides and cuts after ratioPlaces digits; zero when by is zero.
func cut(x, by decimal.Decimal) decimal.Decimal {
	if by.IsZero() {
		return decimal.Zero
	}
	q, _ := x.QuoRem(by, ratioPlaces)
	return q
}

// percentOf is pct percent of x, exactly.
func percentOf(pct, x decimal.Decimal) decimal.Decimal {
	return pct.Mul(x).Shift(-2)
}

// floorStep is the largest multiple of step that is not above x/by; zero when
// there is none. Dividing and flooring are one exact step.
func floorStep(x, by, step decimal.Decimal) decimal.Decimal {
	if by.Sign() <= 0 || step.Sign() <= 0 || x.Sign() <= 0 {
		return decimal.Zero
	}
	n, _ := x.QuoRem(by.Mul(step), 0)
	return n.Mul(step)
}

// onTick is x on the tick grid: the grid price at or below x, or with up the
// one at or above it.
func onTick(x, tick decimal.Decimal, up direction) decimal.Decimal {
	if tick.Sign() <= 0 {
		return x
	}
	n, rest := x.QuoRem(tick, 0)
	grid := n.Mul(tick)
	if rest.IsZero() {
		return grid
	}
	if up == upwards {
		return grid.Add(tick)
	}
	return grid
}

type direction int

const (
	downwards direction = iota
	upwards
)

// ShowR writes an R multiple with two digits, rounded down: 1.95652 is "1.95".
func ShowR(r decimal.Decimal) string { return r.RoundFloor(2).StringFixed(2) }

// ShowMoney writes an amount in dollars with cents and thousands: "$1,234.50".
func ShowMoney(amount decimal.Decimal) string {
	sign := ""
	if amount.Sign() < 0 {
		sign = "-"
	}
	return sign + "$" + thousands(amount.Abs().StringFixed(2))
}

// ShowAmount writes a round amount without cents: "$25,000", "$62.50".
func ShowAmount(amount decimal.Decimal) string {
	if amount.IsInteger() {
		return strings.TrimSuffix(ShowMoney(amount), ".00")
	}
	return ShowMoney(amount)
}

// ShowNumber writes a number with as many digits as it needs: "0.2", "6000".
func ShowNumber(x decimal.Decimal) string { return x.String() }

func thousands(digits string) string {
	whole, cents, _ := strings.Cut(digits, ".")
	var b strings.Builder
	for i, r := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(r)
	}
	if cents != "" {
		b.WriteByte('.')
		b.WriteString(cents)
	}
	return b.String()
}
