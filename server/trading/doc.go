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
// Every price, size and amount is a decimal: never a float64, which cannot
// hold 0.1. The library is shopspring/decimal. cockroachdb/apd was the other
// candidate: it is quicker (small coefficients live inline, results are
// written into a receiver) and follows the General Decimal Arithmetic with
// contexts, conditions, NaN and infinities. Those are what we do not want
// here: a sum should read like the sum, a value should be copied without
// aliasing, and a number that is not one should not exist. shopspring values
// are immutable, add and multiply exactly, divide only where we say with how
// many digits (QuoRem), and cost an allocation each, which a whole evaluation
// can afford (see BenchmarkEvaluate). Its one trap is a huge exponent
// ("1e400" is small to keep and vast to align), so nothing outside reaches it
// before the reader here has counted the digits.
package trading
