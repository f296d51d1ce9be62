package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strings"
	"time"

	"github.com/elite-trading-coach/coach/server/fault"
	"github.com/elite-trading-coach/coach/storage"
)

// How long a reset code may be good for.
const (
	LeastReset = time.Minute
	MostReset  = 7 * 24 * time.Hour
)

// Reset is a code that an operator hands to somebody who cannot sign in.
type Reset struct {
	User storage.User
	// Code is 256 random bits in base64url. Only its hash is stored, so this is
	// the one moment at which anybody can read it.
	Code      string
	ExpiresAt time.Time
	// Sent tells that the Notifier has brought it to the user already.
	Sent bool
}

// Notice is what a person should hear outside of coach.
type Notice struct {
	User storage.User
	// Code sets a new password until ExpiresAt; "" says instead that the
	// password has just been reset by one.
	Code      string
	ExpiresAt time.Time
}

// Notifier brings notices to people, by e-mail for instance, and tells whether
// it did. coach has none of its own: see [NoNotifier].
type Notifier func(ctx context.Context, n Notice) (sent bool, err error)

// NoNotifier is the Notifier of a server without e-mail: nobody is told, and
// the operator hands the code over.
func NoNotifier(context.Context, Notice) (bool, error) { return false, nil }

// IssueReset makes a one-time code for an account, in place of an earlier one.
// It is audited, without the code.
func (s *Service) IssueReset(ctx context.Context, by By, identifier string, validFor time.Duration) (Reset, error) {
	if validFor < LeastReset || validFor > MostReset {
		return Reset{}, fault.Invalid("validFor", "A reset code is good for one minute to seven days.")
	}
	u, err := s.FindUser(ctx, identifier)
	if err != nil {
		return Reset{}, err
	}
	r := Reset{User: u, Code: newResetCode(), ExpiresAt: s.now().Add(validFor)}
	err = s.store.Tx(ctx, func(tx *storage.Tx) error {
		row := storage.ResetCode{Hash: hashCode(r.Code), UserID: u.ID, CreatedAt: s.now(), ExpiresAt: r.ExpiresAt}
		if err := tx.InsertResetCode(ctx, row); err != nil {
			return err
		}
		return s.audit(ctx, tx, by, "user.reset-link", u.ID, "validFor="+validFor.String())
	})
	if err != nil {
		return Reset{}, err
	}
	r.Sent = s.notify(ctx, Notice{User: u, Code: r.Code, ExpiresAt: r.ExpiresAt})
	return r, nil
}

// RedeemReset sets a new password by a code, ends all sessions of the account
// and lifts its lockouts. A code that is unknown, used or expired is
// INVALID_CREDENTIALS, in the same words after the same work: the password is
// hashed before anybody looks.
func (s *Service) RedeemReset(ctx context.Context, code, password string, c Client) error {
	code = strings.TrimSpace(code)
	var wrong problems
	if code == "" {
		wrong.add("code", "The code is required.")
	}
	wrong.add("newPassword", checkPassword(password, "", ""))
	if err := wrong.err(); err != nil {
		return err
	}
	hash, err := s.hasher.hash(ctx, password)
	if err != nil {
		return err
	}
	var u storage.User
	err = s.store.Tx(ctx, func(tx *storage.Tx) error {
		if u, err = s.takeCode(ctx, tx, code, hash); err != nil {
			return err
		}
		if message := checkPassword(password, u.Email, u.Username); message != "" {
			return fault.Invalid("newPassword", message) // and the code stays good
		}
		if err := forgetSignIns(ctx, tx, u); err != nil {
			return err
		}
		return s.audit(ctx, tx, By{Name: u.ID, Address: clean(c.Address, maxAddress)}, "user.reset-by-link", u.ID, "")
	})
	if err != nil {
		return err
	}
	s.announce(ctx, u.ID, "")
	s.notify(ctx, Notice{User: u})
	return nil
}

// takeCode uses the code up and stores the password.
func (s *Service) takeCode(ctx context.Context, tx *storage.Tx, code, hash string) (storage.User, error) {
	id, err := tx.TakeResetCode(ctx, hashCode(code), s.now())
	if err != nil {
		return storage.User{}, badCode(err)
	}
	u, err := tx.SetAccess(ctx, id, storage.Access{PasswordHash: &hash})
	return u, badCode(err)
}

// notify tells a person. Nothing depends on it: what was done is done.
func (s *Service) notify(ctx context.Context, n Notice) (sent bool) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	sent, err := s.notifier(ctx, n)
	if err != nil {
		s.log.Warn("somebody was not told about a reset of the password", "user", n.User.ID, "err", err)
	}
	return sent && err == nil
}

func newResetCode() string {
	random := make([]byte, 32)
	_, _ = rand.Read(random) // never fails: crypto/rand ends the program instead
	return base64.RawURLEncoding.EncodeToString(random)
}

// hashCode needs no salt and no slowness: nobody guesses 256 bits.
func hashCode(code string) string {
	sum := sha256.Sum256([]byte(code))
	return hex.EncodeToString(sum[:])
}

func badCode(err error) error {
	if errors.Is(err, storage.ErrNotFound) {
		return fault.Wrap(fault.InvalidCredentials, "This code does not work: it was used, is too old, or was mistyped. Ask the operator for a new one.", err)
	}
	return err
}
