package auth

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/netip"
	"strings"
	"time"

	"github.com/elite-trading-coach/coach/server/deadline"
	"github.com/elite-trading-coach/coach/server/fault"
	"github.com/elite-trading-coach/coach/storage"
)

const (
	// maxFailures lock a pair of identifier and address, and begin to slow the
	// identifier elsewhere.
	maxFailures   = 5
	failureWindow = 15 * time.Minute
	lockFor       = 15 * time.Minute

	// An identifier that is guessed at waits this long, doubled with each
	// failure up to the most, before a try from an address it does not know.
	firstDelay, mostDelay = 250 * time.Millisecond, 4 * time.Second
	// maxWaiting bounds the tries that wait at the same time, on this node.
	maxWaiting = 256
	// maxKnownAddresses bounds how many addresses of an account are looked at.
	maxKnownAddresses = 200
)

var (
	pairRule       = storage.LockoutRule{Failures: maxFailures, Window: failureWindow, Lock: lockFor}
	identifierRule = storage.LockoutRule{Window: failureWindow} // counts, never locks
)

// guess is one try of a password: by whom (pair), and at what (target). The
// keys are hashes, because what was typed may be somebody's e-mail address.
type guess struct {
	pair, target string
	address      string // the network it comes from
}

// guessFrom is a try from an address. Case does not make another identifier.
func guessFrom(identifier, address string) guess {
	target := digest(strings.ToLower(identifier))
	address = network(address)
	return guess{pair: target + ":" + digest(address), target: target + "*", address: address}
}

// guessWithin is a try by somebody who is signed in already: who holds a
// stolen token may lock that session out, and no other.
func guessWithin(a Actor) guess {
	target := digest("user " + a.UserID)
	return guess{pair: target + ":" + digest("session "+a.SessionID), target: target + "*"}
}

func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:16])
}

// network is what counts as one address: an IPv6 customer has at least a /64.
func network(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return address
	}
	ip = ip.Unmap()
	if ip.Is4() {
		return ip.String()
	}
	p, err := ip.WithZone("").Prefix(64)
	if err != nil {
		return address
	}
	return p.String()
}

// mayTry refuses a locked pair. It tells how long the target is to be slowed,
// which does not concern who is known there.
func (s *Service) mayTry(ctx context.Context, r storage.Reader, g guess) (delay time.Duration, err error) {
	at := s.now()
	found, err := r.Lockouts(ctx, g.pair, g.target)
	if err != nil {
		return 0, err
	}
	if until := found[g.pair].LockedUntil; until.After(at) {
		return 0, locked(until.Sub(at))
	}
	target := found[g.target]
	if target.Failures < maxFailures || !target.FirstAt.After(at.Add(-failureWindow)) {
		return 0, nil
	}
	return min(mostDelay, firstDelay<<min(target.Failures-maxFailures, 10)), nil
}

// failed counts a wrong password.
func (s *Service) failed(ctx context.Context, g guess) error {
	ctx, cancel := detached(ctx) // a guesser who hangs up is counted too
	defer cancel()
	return s.store.Tx(ctx, func(tx *storage.Tx) error {
		if _, err := tx.CountFailure(ctx, g.pair, s.now(), pairRule); err != nil {
			return err
		}
		_, err := tx.CountFailure(ctx, g.target, s.now(), identifierRule)
		return err
	})
}

// passed belongs into the transaction of what the password opens: the right
// guess counts only while the pair is not locked, or many guesses at once
// would all be let through before the first failure is written down.
func (s *Service) passed(ctx context.Context, tx *storage.Tx, g guess) error {
	if _, err := s.mayTry(ctx, tx.Reader, g); err != nil {
		return err
	}
	return tx.ForgetFailures(ctx, g.pair)
}

// knows reports whether an account has been used from the guess's network.
func (s *Service) knows(ctx context.Context, userID string, g guess) (bool, error) {
	if userID == "" {
		return false, nil
	}
	addresses, err := s.store.SessionAddresses(ctx, userID, maxKnownAddresses)
	if err != nil {
		return false, err
	}
	for _, address := range addresses {
		if network(address) == g.address {
			return true, nil
		}
	}
	return false, nil
}

// slowLane is where tries wait that must be slow.
type slowLane struct {
	places chan struct{}
	wait   func(ctx context.Context, d time.Duration) error
}

func newSlowLane() *slowLane {
	return &slowLane{places: make(chan struct{}, maxWaiting), wait: func(ctx context.Context, d time.Duration) error {
		deadline.Pause(ctx, d)
		return ctx.Err()
	}}
}

func (l *slowLane) pass(ctx context.Context, d time.Duration) error {
	select {
	case l.places <- struct{}{}:
	default:
		return crowded(d)
	}
	defer func() { <-l.places }()
	return l.wait(ctx, d)
}

func locked(left time.Duration) error {
	return &fault.Error{
		Code: fault.AccountLocked, Message: "Too many wrong passwords from here; wait before you try again.",
		RetryAfter: left, Limit: maxFailures, Window: failureWindow,
	}
}
