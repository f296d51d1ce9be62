package coach

import (
	"fmt"
	"strings"
	"time"

	"github.com/elite-trading-coach/coach/server/trading"
	"github.com/shopspring/decimal"
)

// howTo is the example that shows what an idea needs.
const howTo = "Write an idea the way you would to a colleague, for example: long 2 MES at 6000, stop 5994, target 6012, account 25k, risk 1%."

// converse answers a message that holds no idea.
func (s *script) converse(patterns []trading.Pattern) {
	switch {
	case asksForPrediction(s.prompt.Text):
		s.say("I do not predict prices, and I do not recommend instruments or give signals: nobody can do that reliably, and your plan does not need it.")
		s.say("What I can do is check an idea of yours: what it risks, how large it may be, and how well it fits your plan.", howTo)
	case len(s.prompt.Images) > 0:
		s.say("I cannot see charts: this answer comes from the built-in coach, which reads words only.")
		s.say("Tell me the levels instead: side, instrument, entry, stop and target.", howTo)
	case s.talk.about == aboutAccount:
		s.acknowledge()
	case len(patterns) > 0:
		s.namePattern(patterns)
		s.say("When you have an idea, write it down here before you click. " + howTo)
	case len(s.talk.ideas) > 0:
		s.goOn()
	default:
		s.say("I check trading ideas against your plan: reward to risk, size, daily loss, and the rules you set. I find no idea in this message.")
		s.say(howTo)
	}
}

// goOn answers a message without numbers while an idea is on the table.
func (s *script) goOn() {
	last := s.talk.ideas[len(s.talk.ideas)-1]
	plain := " " + strings.ToLower(s.prompt.Text) + " "
	has := func(words ...string) bool {
		for _, w := range words {
			if strings.Contains(plain, w) {
				return true
			}
		}
		return false
	}
	e := s.talk.discreet(trading.Evaluate(last, s.prompt.Plan, s.talk.session(s.prompt)), s.prompt)
	switch {
	case has("why", "explain", "how come", "what does that mean"):
		s.say("About "+describe(e.Idea)+":", headline(e))
		s.say(checkLines(e)...)
		s.say(changeLine(e))
	case has("news", "fomc", "cpi", "nothing due"):
		s.say("Noted. The numbers stand as they were: I read no calendar, so the check for news stays with you.")
	case has("thank", "thx", " ty ", "great", "perfect", "cheers"):
		s.say("You are welcome. If a number changes, write just that number and its name, such as “stop 5992”, and I check it again.")
	default:
		s.say("I find no new number in this. On the table is: "+describe(e.Idea)+".", missingLine(e))
		s.say("Change any part by naming it, such as “stop 5992” or “3 contracts”, or write a new idea.")
	}
}

func (s *script) acknowledge() {
	if s.talk.equity == nil {
		s.say("Noted. " + howTo)
		return
	}
	if s.talk.currency != "" {
		s.say(question(trading.FieldRate, trading.Idea{Currency: s.talk.currency}))
		return
	}
	pct := s.prompt.Plan.Risk.PerTradePct
	limit := pct.Mul(*s.talk.equity).Shift(-2)
	s.say(fmt.Sprintf("Noted: an account of %s. With %s %% a trade your plan allows %s at risk.", trading.ShowAmount(*s.talk.equity), pct, trading.ShowMoney(limit)),
		"Now the idea: side, instrument, entry, stop and target.")
}

// predictionPhrases ask what will happen or what to trade.
func predictionPhrases() []string {
	return []string{
		"will it go", "going to go up", "going to go down", "gonna go up", "gonna go down", "go up or down", "where is the market", "where's the market", "where do you see", "what will happen", "what's going to happen",
		"prediction", "predict", "forecast", "give me a signal", "any signal", "signals", "trading signal", "what should i trade", "what should i buy", "what should i sell", "what to buy", "what to trade", "which stock", "which stocks", "which coin",
		"best stock", "best trade", "best coin", "hot stock", "stock pick", "pick for me", "should i buy", "should i sell", "should i go long", "should i short", "should i go short", "will it hit", "is it going to", "will nq", "will es ", "will btc", "will bitcoin", "will gold", "will the market", "price target for", "how high", "how low", "bullish or bearish", "long or short?", "do you think it will", "guarantee",
	}
}

func asksForPrediction(text string) bool {
	plain := strings.ToLower(strings.ReplaceAll(text, "’", "'"))
	for _, phrase := range predictionPhrases() {
		if strings.Contains(plain, phrase) {
			return true
		}
	}
	return false
}

// askNews asks once about news, when the stop is tight and the trader has said
// nothing of it.
func (s *script) askNews() {
	for _, e := range s.talk.review.Ideas {
		if e.Idea.Impossible() || e.Idea.Status != trading.Planned || len(e.Missing) > 0 || !tight(e) || shut(e) {
			continue
		}
		if s.newsMentioned() {
			return
		}
		s.say(fmt.Sprintf("One question: the stop is only %s points away. Is any news or report due while you would be in?", e.Numbers.RiskPoints))
		return
	}
}

// closedMarket remarks that nothing can be done right now; it is no miss.
func (s *script) closedMarket(e trading.Evaluation) string {
	zone, err := time.LoadLocation("America/New_York")
	if err != nil || e.Idea.Instrument == nil || e.Idea.Later || s.prompt.Now.IsZero() || trading.MarketOpen(*e.Idea.Instrument, s.prompt.Now, zone) {
		return ""
	}
	return fmt.Sprintf("Remark: by its regular hours %s is closed right now, so check the prices again before you enter.", e.Idea.Symbol)
}

// tight says whether ordinary news could jump over the stop: closer than
// 0.15 % of the price, or 0.5 % for shares and coins.
func tight(e trading.Evaluation) bool {
	if e.Numbers.RiskPoints == nil || e.Idea.Entry == nil || e.Idea.Instrument == nil {
		return false
	}
	perMille := decimal.New(15, -4)
	if e.Idea.Instrument.Cash() {
		perMille = decimal.New(5, -3)
	}
	return e.Numbers.RiskPoints.LessThan(e.Idea.Entry.Value.Mul(perMille))
}

func (s *script) newsMentioned() bool {
	texts := []string{s.prompt.Text}
	for _, turn := range s.prompt.History {
		texts = append(texts, turn.Text)
	}
	for _, text := range texts {
		plain := strings.ToLower(text)
		for _, w := range []string{"news", "fomc", "cpi", "nfp", "payroll", "earnings", "ppi", "powell", "report", "fed "} {
			if strings.Contains(plain, w) {
				return true
			}
		}
	}
	return false
}
