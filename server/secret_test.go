package server_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/elite-trading-coach/coach/configs"
	"github.com/elite-trading-coach/coach/storage/storagetest"
)

func TestARotatedSecretIsInForceWithoutARestart(t *testing.T) {
	c := config(t, storagetest.SQLiteURL(t))
	base := start(t, c)
	who, _ := register(t, base, "trader")
	old := who.token
	first, _, err := configs.KeptSecrets(c.DataDir)
	if err != nil {
		t.Fatal(err)
	}
	if err := configs.RotateKept(c.DataDir); err != nil {
		t.Fatal(err)
	}
	waitUntil(t, "new tokens are signed by the new secret", func() bool {
		var fresh struct{ Token string }
		who.must(http.MethodPost, "/api/auth/refresh", nil).into(t, &fresh)
		return !signedBy(fresh.Token, first)
	})
	if r := who.must(http.MethodGet, "/api/auth/me", nil); r.status != http.StatusOK || who.token != old {
		t.Errorf("the token of the secret before is answered %d %s", r.status, r.Code)
	}
}

// waitUntil asks again and again for what no signal tells.
func waitUntil(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline, tick := time.After(patience), time.NewTicker(50*time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("not within %s: %s", patience, what)
		}
	}
}

func signedBy(token string, secret configs.Secret) bool {
	at := strings.LastIndexByte(token, '.')
	mac := hmac.New(sha256.New, []byte(secret.Reveal()))
	mac.Write([]byte(token[:at]))
	return token[at+1:] == base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}
