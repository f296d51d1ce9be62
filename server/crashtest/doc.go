// Package crashtest holds the tests of bad days: what must hold when the
// process is killed, the disk fills, the database goes away, or a client sends
// rubbish or far too much. It has no code of its own but tests.
//
// Each test runs the real binary, built once per run, as a child process and
// speaks to it as clients do: over REST and over Socket.IO. What a server
// acknowledged is written into a [ledger], and after the bad day the ledger is
// held against what the server still has: every acknowledged message there
// once, in its place and in its sender's order, and nothing doubled by the
// retries of what was not acknowledged. The checker of the ledger has tests of
// its own, since a checker that sees nothing would let everything pass.
package crashtest
