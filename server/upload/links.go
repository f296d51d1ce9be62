package upload

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"time"
)

const (
	// linkStep is how long one address of an image stays the same, so that
	// browsers can keep what it gave them; it is good for one to two steps more.
	linkStep = 6 * time.Hour
	linkInfo = "coach upload links v1"
)

// Why an address of an image does not open it.
var (
	ErrLinkForged  = errors.New("the address was not made here")
	ErrLinkExpired = errors.New("the address has run out")
)

// Links makes and checks addresses that show an image to whoever has them, for
// some hours. Its keys are made of the sign-in's secrets (HKDF, RFC 5869), so
// that neither can be used for the other.
type Links struct {
	keys [][]byte // the first signs, all are accepted
	now  func() time.Time
}

// NewLinks derives the keys; empty secrets are left out, as when there is no
// previous one. now nil: the real clock.
func NewLinks(now func() time.Time, secrets ...[]byte) (*Links, error) {
	l := &Links{now: now}
	if l.now == nil {
		l.now = time.Now
	}
	for _, secret := range secrets {
		if len(secret) == 0 {
			continue
		}
		key, err := hkdf.Key(sha256.New, secret, nil, linkInfo, sha256.Size)
		if err != nil {
			return nil, fmt.Errorf("derive the key of image addresses: %w", err)
		}
		l.keys = append(l.keys, key)
	}
	if len(l.keys) == 0 {
		return nil, errors.New("addresses of images need a secret to be signed with")
	}
	return l, nil
}

// Path is the signed path and query of an upload's picture.
func (l *Links) Path(id string, size Size) string {
	expires := l.now().UTC().Truncate(linkStep).Add(2 * linkStep).Unix()
	q := url.Values{
		"size": {string(size)}, "expires": {strconv.FormatInt(expires, 10)},
		"signature": {base64.RawURLEncoding.EncodeToString(sign(l.keys[0], id, size, expires))},
	}
	return "/api/uploads/" + id + "/file?" + q.Encode()
}

// Check reports whether a query opens this picture, and until when.
func (l *Links) Check(id string, size Size, q url.Values) (until time.Time, err error) {
	expires, err := strconv.ParseInt(q.Get("expires"), 10, 64)
	if err != nil {
		return time.Time{}, ErrLinkForged
	}
	given, err := base64.RawURLEncoding.Strict().DecodeString(q.Get("signature"))
	if err != nil {
		return time.Time{}, ErrLinkForged
	}
	known := false
	for _, key := range l.keys {
		known = hmac.Equal(given, sign(key, id, size, expires)) || known // constant in time for each key
	}
	until = time.Unix(expires, 0).UTC()
	switch {
	case !known:
		return time.Time{}, ErrLinkForged
	case !l.now().Before(until):
		return until, ErrLinkExpired
	}
	return until, nil
}

func sign(key []byte, id string, size Size, expires int64) []byte {
	mac := hmac.New(sha256.New, key)
	_, _ = fmt.Fprintf(mac, "%s\n%s\n%d", id, size, expires) // a hash takes everything
	return mac.Sum(nil)
}
