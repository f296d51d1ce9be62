package coach

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/elite-trading-coach/coach/server/trading"
	"github.com/shopspring/decimal"
)

// drill is one exercise with an exact answer. Number n always gives the same
// drill, so the answer is checked against what the conversation shows, and
// nothing needs to be remembered.
type drill struct {
	ask    string
	answer decimal.Decimal
	unit   string
	how    string // the whole way, told with the answer
	hint   string // the first step of it
}

// Compiled once; never written to.
var (
	drillMark = regexp.MustCompile(`Exercise (\d{1,4}):`)
	scoreMark = regexp.MustCompile(`Score: (\d{1,4}) of (\d{1,4})\.`)
)

// train is training mode: check the answer to the last exercise, keep score,
// set the next. It leaves a full idea of the trader's own to the usual checks.
func (s *script) train() bool {
	if s.talk.about == aboutIdeas && !s.talk.continued {
		return false
	}
	last := s.lastDrill()
	score, asked := s.score()
	next := last + 1
	if last == 0 {
		s.say("Short exercises, one number each, and I keep score. Say “hint”, “skip” or “stop” at any time.")
	}
	if last > 0 {
		d := drillNumber(last)
		given, ok := answerIn(s.prompt.Text)
		switch {
		case !ok && says(s.prompt.Text, "stop", "enough", "quit", "done", "pause", "bye"):
			s.say(fmt.Sprintf("We stop here. Score: %d of %d. Any number answers exercise %d when you come back.", score, asked, last))
			return true
		case !ok && says(s.prompt.Text, "hint", "help", "how", "idk", "don't know", "dont know", "no idea", "not sure"):
			s.say("Hint: "+d.hint, fmt.Sprintf("Exercise %d: %s", last, d.ask))
			return true
		case !ok && says(s.prompt.Text, "skip", "next", "pass"):
			asked++
			s.say(fmt.Sprintf("Skipped: it was %s%s. %s", d.answer, d.unit, d.how), fmt.Sprintf("Score: %d of %d.", score, asked))
		case !ok:
			s.say("I look for one number as your answer. Once more:", fmt.Sprintf("Exercise %d: %s", last, d.ask))
			return true
		case given.Equal(d.answer):
			score, asked = score+1, asked+1
			s.say(fmt.Sprintf("Right: %s%s. %s", d.answer, d.unit, d.how), fmt.Sprintf("Score: %d of %d.", score, asked))
		default:
			asked++
			s.say(fmt.Sprintf("Not quite: it is %s%s, you said %s. %s", d.answer, d.unit, given, d.how), fmt.Sprintf("Score: %d of %d.", score, asked))
		}
	}
	s.say(fmt.Sprintf("Exercise %d: %s", next, drillNumber(next).ask))
	return true
}

// lastDrill is the number of the latest exercise in the conversation, 0 for
// none.
func (s *script) lastDrill() int {
	for i := len(s.prompt.History) - 1; i >= 0; i-- {
		turn := s.prompt.History[i]
		if turn.Role != "coach" {
			continue
		}
		all := drillMark.FindAllStringSubmatch(turn.Text, -1)
		if len(all) == 0 {
			continue
		}
		n, err := strconv.Atoi(all[len(all)-1][1])
		if err == nil && n > 0 {
			return n
		}
	}
	return 0
}

// score is the one that the coach told last, so that it outlasts what of the
// conversation is looked back on.
func (s *script) score() (right, asked int) {
	for i := len(s.prompt.History) - 1; i >= 0; i-- {
		turn := s.prompt.History[i]
		if turn.Role != "coach" {
			continue
		}
		m := scoreMark.FindStringSubmatch(turn.Text)
		if m == nil {
			continue
		}
		right, errRight := strconv.Atoi(m[1])
		asked, errAsked := strconv.Atoi(m[2])
		if errRight == nil && errAsked == nil {
			return right, asked
		}
	}
	return 0, 0
}

var answerNumber = regexp.MustCompile(`-?\d[\d,]*(?:\.\d+)?`)

// answerIn is the only number of a short answer.
func answerIn(text string) (decimal.Decimal, bool) {
	if len(text) > 200 {
		return decimal.Zero, false
	}
	all := answerNumber.FindAllString(text, -1)
	if len(all) != 1 || len(all[0]) > 12 {
		return decimal.Zero, false
	}
	number := all[0]
	if whole, rest, ok := strings.Cut(number, ","); ok && len(rest) != 3 && !strings.ContainsAny(rest, ",.") {
		number = whole + "." + rest // 1,5 is one and a half
	}
	d, err := decimal.NewFromString(strings.ReplaceAll(number, ",", ""))
	return d, err == nil
}

// drillNumber makes drill n; six kinds take turns and the numbers vary.
func drillNumber(n int) drill {
	k := int64((n - 1) / 6)
	switch (n - 1) % 6 {
	case 0:
		return sizeDrill(k)
	case 1:
		return ratioDrill(k)
	case 2:
		return riskDrill(k)
	case 3:
		return entryDrill(k)
	case 4:
		return dayDrill(k)
	}
	return blendDrill(k)
}

func dayDrill(k int64) drill {
	equity, lost := decimal.NewFromInt(20_000+10_000*(k%4)), decimal.NewFromInt(100+50*(k%5))
	limit := equity.Mul(decimal.New(2, -2))
	return drill{
		ask:    fmt.Sprintf("your account is %s, your daily loss limit 2 %%, and you have lost %s today. How many dollars may the next trade risk at most?", trading.ShowAmount(equity), trading.ShowAmount(lost)),
		answer: limit.Sub(lost), unit: " dollars",
		how:  fmt.Sprintf("2 %% of %s is %s, less %s already lost. The next trade's risk counts in full, before it has lost anything.", trading.ShowAmount(equity), trading.ShowAmount(limit), trading.ShowAmount(lost)),
		hint: "what the day may lose in dollars comes first; what is lost already comes off.",
	}
}

func blendDrill(k int64) drill {
	risk := decimal.NewFromInt(4 + 2*(k%3))
	first, second := risk, risk.Mul(decimal.NewFromInt(2+k%3))
	entry := decimal.NewFromInt(6000)
	return drill{
		ask:    fmt.Sprintf("long 2 MES at 6000, stop %s, one off at %s and one at %s. How many R if both targets fill?", entry.Sub(risk), entry.Add(first), entry.Add(second)),
		answer: first.Add(second).Div(risk.Add(risk)), unit: " R",
		how:  fmt.Sprintf("%s and %s points are %s together, over %s points at risk on two contracts.", first, second, first.Add(second), risk.Add(risk)),
		hint: "add the points of both legs, and divide by the points at risk on both contracts.",
	}
}

func sizeDrill(k int64) drill {
	mes, _ := trading.Lookup("MES")
	equity, points := decimal.NewFromInt(20_000+5_000*(k%5)), decimal.NewFromInt(4+k%7)
	limit := equity.Shift(-2)
	entry := decimal.NewFromInt(6000)
	size, err := trading.PositionSize(trading.SizeQuery{
		Instrument: mes, Entry: entry, Stop: entry.Sub(points),
		Limits: []trading.Limit{{Rule: trading.RulePerTrade, Money: limit}},
	})
	if err != nil {
		size.Units = decimal.Zero
	}
	return drill{
		ask:    fmt.Sprintf("your account is %s, you risk 1 %% a trade, and the stop on MES is %s points away. How many contracts may you take?", trading.ShowAmount(equity), points),
		answer: size.Units, unit: " contracts",
		how:  fmt.Sprintf("One contract loses %s points × $5 = %s, and 1 %% is %s; always round down.", points, trading.ShowMoney(points.Mul(decimal.NewFromInt(5))), trading.ShowMoney(limit)),
		hint: "what does one contract lose at the stop? MES is $5 a point.",
	}
}

func ratioDrill(k int64) drill {
	risk := decimal.NewFromInt(4 + k%4)
	r := decimal.New(15+5*(k%4), -1)
	target := decimal.NewFromInt(6000).Add(risk.Mul(r))
	return drill{
		ask:    fmt.Sprintf("long MES at 6000, stop %s, target %s. How many R does the target pay?", decimal.NewFromInt(6000).Sub(risk), target),
		answer: r, unit: " R",
		how:  fmt.Sprintf("%s points to gain over %s points at risk.", risk.Mul(r), risk),
		hint: "R is the distance to the target over the distance to the stop.",
	}
}

func riskDrill(k int64) drill {
	size, points := decimal.NewFromInt(2+k%4), decimal.NewFromInt(10+5*(k%5))
	return drill{
		ask:    fmt.Sprintf("you are short %s MNQ with the stop %s points above the entry. How many dollars are at risk, before costs?", size, points),
		answer: size.Mul(points).Mul(decimal.NewFromInt(2)), unit: " dollars",
		how:  fmt.Sprintf("%s contracts × %s points × $2 a point.", size, points),
		hint: "MNQ is $2 a point for one contract.",
	}
}

func entryDrill(k int64) drill {
	stop := decimal.NewFromInt(5990 + 2*(k%4))
	target := stop.Add(decimal.NewFromInt(18 + 3*(k%4)))
	entry := target.Add(stop.Mul(decimal.NewFromInt(2))).Div(decimal.NewFromInt(3))
	return drill{
		ask:    fmt.Sprintf("you want to be long MES with the stop at %s and the target at %s. What is the highest entry that still pays 2 R?", stop, target),
		answer: entry, unit: "",
		how:  "The entry is a third of the way from the stop to the target: (target + 2 × stop) / 3.",
		hint: "at 2 R, the way to the target is twice the way to the stop.",
	}
}
