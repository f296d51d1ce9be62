package server_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// playExpiry plays what is said when a token runs out. Two devices come with a
// token that is short; the one that brings a longer one in time stays.
func playExpiry(t *testing.T, w *witness, url string) {
	const secret = "a secret for the tests, long enough to be one"
	base, _, _ := stage(t, config(t, url, "JWT_SECRET="+secret))
	ann, _ := register(t, base, "ann")
	brief := endingSoon(t, ann.token, secret)
	stays, goes := w.dial(t, base, brief), w.dial(t, base, brief)
	stays.says("refresh_auth", object{"token": ann.token}, "")
	goes.hears("session_expired", with("TOKEN_EXPIRED"))
	goes.rest()
	w.turnedAway(t, base, brief, "TOKEN_EXPIRED")
	stays.says("get_online_users", nil, "")
	stays.says("refresh_auth", object{"token": brief}, "TOKEN_EXPIRED")
}

// endingSoon is a token of the same session that is good for two seconds: the
// server gives none that is so short.
func endingSoon(t *testing.T, token, secret string) string {
	t.Helper()
	parts := strings.Split(token, ".")
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	var claims map[string]any
	if err := json.Unmarshal(raw, &claims); err != nil {
		t.Fatal(err)
	}
	claims["exp"] = time.Now().Add(2 * time.Second).Unix()
	if raw, err = json.Marshal(claims); err != nil {
		t.Fatal(err)
	}
	signed := parts[0] + "." + base64.RawURLEncoding.EncodeToString(raw)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(signed))
	return signed + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}
