package auth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/argon2"

	"github.com/elite-trading-coach/coach/server/fault"
)

// Argon is the cost of one password hash (RFC 9106).
type Argon struct {
	MemoryKiB   uint32
	Iterations  uint32
	Parallelism uint8
}

// DefaultArgon takes 64 MiB and three passes, the second choice of RFC 9106,
// 4; one lane instead of its four, because several hashes run at once anyway.
func DefaultArgon() Argon { return Argon{MemoryKiB: 64 << 10, Iterations: 3, Parallelism: 1} }

const (
	saltBytes = 16
	keyBytes  = 32
	// maxMemoryKiB bounds what a stored hash may ask for, so that a row that
	// was tampered with cannot take the memory.
	maxMemoryKiB  = 1 << 20
	maxIterations = 100
	// queuePerSlot bounds the hashes that wait for a slot: about three seconds
	// of waiting at the default cost.
	queuePerSlot = 32
)

var b64 = base64.RawStdEncoding.Strict()

func (a Argon) check() error {
	switch {
	case a.Iterations < 1 || a.Iterations > maxIterations:
		return fmt.Errorf("argon2 iterations must be 1 to %d, not %d", maxIterations, a.Iterations)
	case a.Parallelism < 1:
		return fmt.Errorf("argon2 parallelism must be at least 1")
	case a.MemoryKiB < 8*uint32(a.Parallelism) || a.MemoryKiB > maxMemoryKiB:
		return fmt.Errorf("argon2 memory must be %d to %d KiB, not %d", 8*uint32(a.Parallelism), maxMemoryKiB, a.MemoryKiB)
	}
	return nil
}

// phc is a hash in the PHC string format: $argon2id$v=19$m=…,t=…,p=…$salt$key.
type phc struct {
	Argon
	salt, key []byte
}

func (p phc) String() string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, p.MemoryKiB, p.Iterations, p.Parallelism,
		b64.EncodeToString(p.salt), b64.EncodeToString(p.key))
}

func parsePHC(s string) (phc, error) {
	var p phc
	parts := strings.Split(s, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return p, fmt.Errorf("the stored password is no argon2id hash of version %d", argon2.Version)
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &p.MemoryKiB, &p.Iterations, &p.Parallelism); err != nil {
		return p, fmt.Errorf("read the parameters of the stored password: %w", err)
	}
	if err := p.check(); err != nil {
		return p, fmt.Errorf("the stored password: %w", err)
	}
	var err error
	if p.salt, err = b64.DecodeString(parts[4]); err != nil {
		return p, fmt.Errorf("read the salt of the stored password: %w", err)
	}
	if p.key, err = b64.DecodeString(parts[5]); err != nil {
		return p, fmt.Errorf("read the key of the stored password: %w", err)
	}
	if len(p.salt) < 8 || len(p.key) < 16 || len(p.key) > 128 {
		return p, fmt.Errorf("the stored password has a salt of %d and a key of %d bytes", len(p.salt), len(p.key))
	}
	return p, nil
}

// hasher hashes passwords, a few at a time: each takes its memory for a tenth
// of a second, so a flood of sign-ins must queue, and a queue must end.
type hasher struct {
	cost    Argon
	slots   chan struct{} // one token per hash under way
	waiting atomic.Int64
	dummy   string
	derive  func(password, salt []byte, time, memory uint32, threads uint8, keyLen uint32) []byte
}

func newHasher(cost Argon) (*hasher, error) {
	if cost == (Argon{}) {
		cost = DefaultArgon()
	}
	if err := cost.check(); err != nil {
		return nil, err
	}
	// No password has this key; checking one against it costs what a real
	// check costs.
	dummy := phc{Argon: cost, salt: random(saltBytes), key: random(keyBytes)}
	return &hasher{cost: cost, slots: make(chan struct{}, runtime.GOMAXPROCS(0)), dummy: dummy.String(), derive: argon2.IDKey}, nil
}

// hash makes the PHC string of a new password.
func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	p := phc{Argon: h.cost, salt: random(saltBytes), key: make([]byte, keyBytes)}
	key, err := h.run(ctx, password, p)
	p.key = key
	return p.String(), err
}

// verify checks a password against a stored hash; "" is nobody's and costs the
// same. stale: the hash was made at another cost than today's.
func (h *hasher) verify(ctx context.Context, password, stored string) (ok, stale bool, err error) {
	nobody := stored == ""
	if nobody {
		stored = h.dummy
	}
	p, err := parsePHC(stored)
	if err != nil {
		return false, false, err
	}
	key, err := h.run(ctx, password, p)
	if err != nil {
		return false, false, err
	}
	ok = subtle.ConstantTimeCompare(key, p.key) == 1 && !nobody
	return ok, p.Argon != h.cost, nil
}

func (h *hasher) run(ctx context.Context, password string, p phc) ([]byte, error) {
	defer h.waiting.Add(-1)
	if h.waiting.Add(1) > int64(cap(h.slots)*(1+queuePerSlot)) {
		return nil, crowded(time.Second)
	}
	select {
	case h.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-h.slots }()
	return h.derive([]byte(password), p.salt, p.Iterations, p.MemoryKiB, p.Parallelism, uint32(len(p.key))), nil
}

func crowded(retry time.Duration) error {
	return &fault.Error{Code: fault.Unavailable, Message: "Too many people are signing in right now; try again in a moment.", RetryAfter: retry}
}

func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails: crypto/rand ends the program instead
	return b
}
