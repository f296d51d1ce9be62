package trading

import (
	"slices"

	"github.com/shopspring/decimal"
)

// Plan is a trader's own rules. Percentages are of equity, times of day are in
// Session.Timezone, money is in Account.Currency. Its JSON and YAML names are
// the same.
type Plan struct {
	Account  Account      `json:"account" yaml:"account"`
	Risk     RiskRules    `json:"risk" yaml:"risk"`
	Session  SessionRules `json:"session" yaml:"session"`
	Entries  EntryRules   `json:"entries" yaml:"entries"`
	Critical []Rule       `json:"critical" yaml:"critical"`
}

// Account is what the trader trades with. Equity nil means not said yet.
type Account struct {
	Equity   *decimal.Decimal `json:"equity" yaml:"equity"`
	Currency string           `json:"currency" yaml:"currency"`
	Costs    Costs            `json:"costs" yaml:"costs"`
	Drawdown *DrawdownRule    `json:"drawdown" yaml:"drawdown"`
}

// Costs are charged per contract (or share, or lot) and side.
type Costs struct {
	PerContractSide decimal.Decimal `json:"perContractSide" yaml:"perContractSide"`
}

// bothWays is what one unit costs in and out.
func (c Costs) bothWays() decimal.Decimal { return c.PerContractSide.Add(c.PerContractSide) }

// DrawdownRule is a prop firm's limit: Amount below the start (static), below
// the best close (endOfDay) or below the best moment (intraday). The floor
// stops rising at LockAt, when given.
type DrawdownRule struct {
	Kind   DrawdownKind     `json:"kind" yaml:"kind"`
	Amount decimal.Decimal  `json:"amount" yaml:"amount"`
	LockAt *decimal.Decimal `json:"lockAt,omitempty" yaml:"lockAt,omitempty"`
}

// DrawdownKind says what a drawdown floor follows.
type DrawdownKind string

// The kinds of drawdown.
const (
	DrawdownStatic   DrawdownKind = "static"
	DrawdownEndOfDay DrawdownKind = "endOfDay"
	DrawdownIntraday DrawdownKind = "intraday"
)

// RiskBase is what perTradePct is a percentage of.
type RiskBase string

// The bases: the account, or what is left above the drawdown floor.
const (
	BaseEquity   RiskBase = "equity"
	BaseDrawdown RiskBase = "drawdown room"
)

// RiskRules bound what may be lost.
type RiskRules struct {
	Base            RiskBase                   `json:"base" yaml:"base"`
	PerTradePct     decimal.Decimal            `json:"perTradePct" yaml:"perTradePct"`
	MaxDailyLossPct decimal.Decimal            `json:"maxDailyLossPct" yaml:"maxDailyLossPct"`
	MaxOpenRiskPct  decimal.Decimal            `json:"maxOpenRiskPct" yaml:"maxOpenRiskPct"`
	MinRewardRisk   decimal.Decimal            `json:"minRewardRisk" yaml:"minRewardRisk"`
	MaxSize         map[string]decimal.Decimal `json:"maxSize" yaml:"maxSize"` // by symbol
}

// SessionRules bound when and how often.
type SessionRules struct {
	Timezone                 string   `json:"timezone" yaml:"timezone"`
	Windows                  Windows  `json:"windows" yaml:"windows"`
	DayEnds                  string   `json:"dayEnds" yaml:"dayEnds"`
	NoTrade                  []Window `json:"noTrade" yaml:"noTrade"`
	MaxTrades                int      `json:"maxTrades" yaml:"maxTrades"`
	MaxConsecutiveLosses     int      `json:"maxConsecutiveLosses" yaml:"maxConsecutiveLosses"`
	CooldownAfterLossMinutes int      `json:"cooldownAfterLossMinutes" yaml:"cooldownAfterLossMinutes"`
}

// Windows are the hours to trade in, by kind; nil means any.
type Windows struct {
	Stock   []Window `json:"stock" yaml:"stock"`
	Futures []Window `json:"futures" yaml:"futures"`
	FX      []Window `json:"fx" yaml:"fx"`
	Crypto  []Window `json:"crypto" yaml:"crypto"`
}

// Window is a span of the day, "09:30" to "16:00" in the plan's time zone; one
// whose To is before its From crosses midnight.
type Window struct {
	From string `json:"from" yaml:"from"`
	To   string `json:"to" yaml:"to"`
	Why  string `json:"why,omitempty" yaml:"why,omitempty"`
}

// EntryRules bound what an entry must look like.
type EntryRules struct {
	StopRequired   bool     `json:"stopRequired" yaml:"stopRequired"`
	TargetRequired bool     `json:"targetRequired" yaml:"targetRequired"`
	AveragingDown  bool     `json:"averagingDown" yaml:"averagingDown"`
	WideningStops  bool     `json:"wideningStops" yaml:"wideningStops"`
	Instruments    []string `json:"instruments" yaml:"instruments"` // empty: any
}

// Rule names a check; plans, checks and caps use the same names.
type Rule string

// The rules. StatedRisk, Cash and DrawdownRoom are not in a plan's text: they
// come from the trader's words, the instrument and the account.
const (
	RuleStopRequired   Rule = "stopRequired"
	RuleTargetRequired Rule = "targetRequired"
	RuleMinRewardRisk  Rule = "minRewardRisk"
	RulePerTrade       Rule = "perTradePct"
	RuleDailyLoss      Rule = "maxDailyLossPct"
	RuleOpenRisk       Rule = "maxOpenRiskPct"
	RuleMaxSize        Rule = "maxSize"
	RuleSize           Rule = "size"
	RuleStatedRisk     Rule = "statedRisk"
	RuleCash           Rule = "cash"
	RuleDrawdownRoom   Rule = "drawdown"
	RuleMaxTrades      Rule = "maxTrades"
	RuleLossesInARow   Rule = "maxConsecutiveLosses"
	RuleCooldown       Rule = "cooldownAfterLossMinutes"
	RuleWindow         Rule = "windows"
	RuleNoTrade        Rule = "noTrade"
	RuleInstruments    Rule = "instruments"
	RuleAveragingDown  Rule = "averagingDown"
	RuleWideningStops  Rule = "wideningStops"
)

// DefaultPlan is the plan a trader has from the first day. Its equity is not
// known, so the coach asks for it once.
func DefaultPlan() Plan {
	return Plan{
		Account: Account{Currency: "USD"},
		Risk: RiskRules{
			Base: BaseEquity, PerTradePct: decimal.New(1, 0), MaxDailyLossPct: decimal.New(3, 0),
			MaxOpenRiskPct: decimal.New(3, 0), MinRewardRisk: decimal.New(2, 0), MaxSize: map[string]decimal.Decimal{},
		},
		Session: SessionRules{
			Timezone: "America/New_York", DayEnds: "17:00", NoTrade: []Window{},
			MaxTrades: 6, MaxConsecutiveLosses: 3, CooldownAfterLossMinutes: 15,
		},
		Entries: EntryRules{StopRequired: true, TargetRequired: true, Instruments: []string{}},
		Critical: []Rule{
			RuleStopRequired, RulePerTrade, RuleDailyLoss, RuleOpenRisk,
			RuleLossesInARow, RuleCooldown, RuleMaxTrades,
		},
	}
}

// IsCritical says whether missing a rule is a skull by itself.
func (p Plan) IsCritical(r Rule) bool { return slices.Contains(p.Critical, r) }
