// Package trading holds the sums and rules a trader lives by: what an idea
// risks, what it may return, how large it may be, and how well it fits the
// trader's own plan. It reads ideas from plain words, and it is pure: no clock,
// no network, no store. What it is told is all it knows, and the same words,
// plan and session always give the same verdict.
//
// A reading goes downhill through the files: lex.go cuts the words,
// number.go reads numbers under one convention, walk.go gives each number its
// role, resolve.go turns distances into prices and asks about what makes no
// sense. evaluate.go then holds the [Idea] against the [Plan], check by check;
// change.go looks for the smallest change that would earn a better verdict.
// Nothing here says that a trade will win.
//
// Beside the idea stands the day: session.go is what is known of it, and
// daywords.go lets a trader's words ("down $600 today") tighten it, never
// loosen it. query.go and stats.go sum up what became of the trades.
//
// # Patterns
//
// A pattern is named with the words or trades that triggered it. Words count
// as the trader's own: not under a negation ("this is not fomo"), not in
// quotes, not about somebody else, not asked about. From the journal
// ([PatternsIn]; R is net over initial risk, "last" is by close):
//
//	wire name               in words      in trades
//	revenge_trading         winning back  an entry today within the cooldown of the close of the latest closed trade, that a net loss, in the same instrument (either direction) or with more money at risk
//	overtrading             one more      more entries today than the plan allows; or three and more than twice the median of at least ten earlier trading days
//	emotional_trading       anger, fear   two of the last five marked angry, frustrated, tilted, scared, stressed or the like
//	fomo                    missing out   two of the last five marked fomo, chasing or greedy
//	discipline_issues       broken rules  three of the last ten taken against a skull
//	overconfidence          can't lose    after three or more wins in a row, at least 1.5 times their median risk
//	loss_aversion           moved stops   losers held at least twice as long as winners (medians, five of each or more)
//	good_discipline         kept rules    the last five all sealed as diamond
//	proper_risk_management  kept risk     the last ten all with a stop, none risking 1.5 times the median or more, none losing over 1.1 R
//	patient_execution       waited        three losses or more among the last ten, the cooldown kept after each
//	analysis_paralysis      hesitation    – (trades not taken leave no trace)
//	objective_analysis      may be wrong  – (a thought, not a trade)
//	confirmation_bias       all signs     – (psychology mode only, as all below)
//	anchoring               old prices    –
//	recency_bias            hot streaks   after three or more losses in a row, at most half their median risk
//	risk_aversion           early exits   the median win at most half the median loss in R (ten of each or more)
//
// The phrases stand in patterns_words.go.
//
// # Tables
//
// The tables of names (labels, side words, units, instruments, phrases) are
// package variables that nothing writes to after they are made: every message
// looks hundreds of words up in them, and making them anew for each would cost
// more than the reading.
//
// # Decimals
//
// Every price, size and amount is a decimal: never a float64, which cannot
// hold 0.1. The library is shopspring/decimal. cockroachdb/apd was the other
// candidate: it is quicker (small coefficients live inline, results are
// written into a receiver) and follows the General Decimal Arithmetic with
// contexts, conditions, NaN and infinities. Those are what we do not want
// here: a sum should read like the sum, a value should be copied without
// aliasing, and a number that is not one should not exist. shopspring values
// are immutable, add and multiply exactly, divide only where we say with how
// many digits (QuoRem), and cost an allocation each, which a whole evaluation
// can afford (see BenchmarkEvaluate; statistics over many trades sum in whole
// units instead, see tallyInts). Its one trap is a huge exponent
// ("1e400" is small to keep and vast to align), so nothing outside reaches it
// before the reader here has counted the digits.
package trading
