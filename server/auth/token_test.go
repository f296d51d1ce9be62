package auth

import (
	"encoding/base64"
	"encoding/binary"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/elite-trading-coach/coach/server/fault"
	"github.com/elite-trading-coach/coach/storage"
)

var (
	testSecret  = []byte("0123456789abcdef0123456789abcdef")
	otherSecret = []byte("fedcba9876543210fedcba9876543210")
)

func newTestTokens(t testing.TB, secret, previous []byte, now time.Time) *tokens {
	t.Helper()
	tk, err := newTokens(secret, previous, func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	return tk
}

// Fault 24: a constant in the code that signs tokens when nobody set a secret.
func TestThereIsNoSecretToFallBackTo(t *testing.T) {
	for _, secret := range [][]byte{nil, {}, []byte("secret"), testSecret[:31]} {
		if _, err := newTokens(secret, nil, time.Now); err == nil || strings.Contains(err.Error(), "0123") {
			t.Errorf("a secret of %d bytes: %v", len(secret), err)
		}
	}
	if _, err := newTokens(testSecret, []byte("short"), time.Now); err == nil {
		t.Error("a short previous secret was taken")
	}
}

func TestTokens(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	user, session := storage.NewID(), storage.NewID()
	good := func() jwt.MapClaims {
		return jwt.MapClaims{
			"iss": issuer, "aud": []string{audience}, "sub": user, "sid": session,
			"iat": now.Add(-time.Minute).Unix(), "exp": now.Add(time.Minute).Unix(),
		}
	}
	with := func(key string, value any) jwt.MapClaims {
		c := good()
		c[key] = value
		if value == nil {
			delete(c, key)
		}
		return c
	}
	expired := func(more ...string) jwt.MapClaims {
		c := with("exp", now.Unix())
		for _, key := range more {
			c[key] = "other"
		}
		return c
	}
	sign := func(method jwt.SigningMethod, key any, c jwt.MapClaims) string {
		token, err := jwt.NewWithClaims(method, c).SignedString(key)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	hs256 := func(c jwt.MapClaims) string { return sign(jwt.SigningMethodHS256, testSecret, c) }
	whole := hs256(good())
	parts := strings.Split(whole, ".")
	loose := base64.RawURLEncoding.EncodeToString([]byte(`{"typ":"JWT","alg":"HS256"}`)) + "."

	tk := newTestTokens(t, testSecret, nil, now)
	for name, test := range map[string]struct {
		token string
		code  fault.Code // "" = accepted
	}{
		"good":                         {whole, ""},
		"missing":                      {"", fault.TokenMissing},
		"garbage":                      {"abc", fault.TokenInvalid},
		"empty parts":                  {"..", fault.TokenInvalid},
		"huge":                         {strings.Repeat("a", 1<<20), fault.TokenInvalid},
		"with a newline":               {whole + "\n", fault.TokenInvalid},
		"with a newline inside":        {parts[0] + "." + parts[1][:9] + "\r\n" + parts[1][9:] + "." + parts[2], fault.TokenInvalid},
		"signature cut":                {parts[0] + "." + parts[1] + ".", fault.TokenInvalid},
		"signature's spare bits":       {whole[:len(whole)-1] + string(nextBase64(whole[len(whole)-1])), fault.TokenInvalid},
		"payload changed":              {parts[0] + "." + parts[1] + "x." + parts[2], fault.TokenInvalid},
		"header changed":               {loose + parts[1] + "." + parts[2], fault.TokenInvalid},
		"another secret":               {sign(jwt.SigningMethodHS256, otherSecret, good()), fault.TokenInvalid},
		"another secret and expired":   {sign(jwt.SigningMethodHS256, otherSecret, expired()), fault.TokenInvalid},
		"alg none":                     {sign(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, good()), fault.TokenInvalid},
		"alg HS512":                    {sign(jwt.SigningMethodHS512, testSecret, good()), fault.TokenInvalid},
		"expired":                      {hs256(expired()), fault.TokenExpired},
		"expired and another audience": {hs256(expired("aud")), fault.TokenInvalid},
		"expired and another issuer":   {hs256(expired("iss")), fault.TokenInvalid},
		"expired and another subject":  {hs256(expired("sub")), fault.TokenInvalid},
		"another issuer":               {hs256(with("iss", "other")), fault.TokenInvalid},
		"another audience":             {hs256(with("aud", "other")), fault.TokenInvalid},
		"no issuer":                    {hs256(with("iss", nil)), fault.TokenInvalid},
		"no audience":                  {hs256(with("aud", nil)), fault.TokenInvalid},
		"no end":                       {hs256(with("exp", nil)), fault.TokenInvalid},
		"an end that is no number":     {hs256(with("exp", "tomorrow")), fault.TokenInvalid},
		"no beginning":                 {hs256(with("iat", nil)), fault.TokenInvalid},
		"not yet":                      {hs256(with("nbf", now.Add(time.Hour).Unix())), fault.TokenInvalid},
		"no session":                   {hs256(with("sid", nil)), fault.TokenInvalid},
		"a session that is no id":      {hs256(with("sid", "x' OR '1'='1")), fault.TokenInvalid},
		"no subject":                   {hs256(with("sub", nil)), fault.TokenInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := tk.read(test.token)
			if test.code != "" {
				if !fault.Is(err, test.code) {
					t.Fatalf("got %v, want %s", err, test.code)
				}
				return
			}
			if err != nil || c.Subject != user || c.SessionID != session {
				t.Errorf("%+v, %v", c, err)
			}
		})
	}
}

func TestAPreviousSecretIsTakenWhileRotating(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	before := newTestTokens(t, otherSecret, nil, now)
	old, err := before.sign(storage.NewID(), storage.NewID(), now.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	during := newTestTokens(t, testSecret, otherSecret, now)
	if _, err := during.read(old); err != nil {
		t.Errorf("a token of the previous secret: %v", err)
	}
	fresh, err := during.sign(storage.NewID(), storage.NewID(), now.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := during.read(fresh); err != nil {
		t.Errorf("a token of the new secret: %v", err)
	}
	after := newTestTokens(t, testSecret, nil, now)
	if _, err := after.read(old); !fault.Is(err, fault.TokenInvalid) {
		t.Errorf("after the rotation: %v", err)
	}
	if _, err := after.read(fresh); err != nil {
		t.Errorf("a new token after the rotation: %v", err)
	}
	late := newTestTokens(t, testSecret, otherSecret, now.Add(2*time.Hour))
	if _, err := late.read(old); !fault.Is(err, fault.TokenExpired) {
		t.Errorf("an expired token of the previous secret: %v", err)
	}
}

// A token that is known is good until it expires, in this spelling and under
// these secrets only.
func TestAKnownTokenIsNotGoodForLonger(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	clock := now
	tk, err := newTokens(testSecret, nil, func() time.Time { return clock })
	if err != nil {
		t.Fatal(err)
	}
	token, err := tk.sign(storage.NewID(), storage.NewID(), now.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	first, err := tk.read(token)
	if err != nil {
		t.Fatal(err)
	}
	clock = now.Add(time.Hour - time.Second)
	if again, err := tk.read(token); err != nil || again.Subject != first.Subject || again.SessionID != first.SessionID || !again.ExpiresAt.Equal(first.ExpiresAt.Time) {
		t.Errorf("known: %+v, %v; at first %+v", again, err, first)
	}
	forged := token[:len(token)-1] + string(nextBase64(token[len(token)-1]))
	if _, err := tk.read(forged); !fault.Is(err, fault.TokenInvalid) {
		t.Errorf("another spelling: %v", err)
	}
	clock = now.Add(time.Hour)
	if _, err := tk.read(token); !fault.Is(err, fault.TokenExpired) {
		t.Errorf("at its end: %v", err)
	}
	if _, err := newTestTokens(t, otherSecret, nil, now).read(token); !fault.Is(err, fault.TokenInvalid) {
		t.Errorf("under another secret: %v", err)
	}
}

func TestKnownTokensAreBounded(t *testing.T) {
	var k known
	for i := range 3 * knownShards * knownPerShard {
		var sum [32]byte
		binary.LittleEndian.PutUint64(sum[:], uint64(i))
		k.put(sum, claims{})
	}
	for i := range k.shards {
		if n := len(k.shards[i].claims); n != knownPerShard {
			t.Errorf("shard %d knows %d", i, n)
		}
	}
}

// nextBase64 is another last character that a lax decoder reads as the same
// bytes: the last of 43 carries two bits that mean nothing.
func nextBase64(c byte) byte {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return alphabet[strings.IndexByte(alphabet, c)+1]
}

func FuzzReadToken(f *testing.F) {
	tk := newTestTokens(f, testSecret, otherSecret, time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
	// Fixed ids: each worker of the fuzzer must make the same token.
	token, err := tk.sign("0198f2a4-0000-7000-8000-000000000001", "0198f2a4-0000-7000-8000-000000000002", time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(token)
	f.Add("a.b.c")
	f.Add("eyJhbGciOiJub25lIn0.e30.")
	f.Fuzz(func(t *testing.T, s string) {
		if _, err := tk.read(s); err == nil && s != token {
			t.Errorf("%q was taken", s)
		}
	})
}
