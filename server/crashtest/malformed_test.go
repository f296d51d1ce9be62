//go:build unix

package crashtest

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/elite-trading-coach/coach/server/api"
)

// TestMalformedInputNeverEndsTheProcess sends what no client of ours would,
// each on a connection of its own, and asks after each kind how the server is.
func TestMalformedInputNeverEndsTheProcess(t *testing.T) {
	t.Parallel()
	// Connections that only hang about are soon over. The time for a pong is the
	// bystander's too, who on a loaded machine may be late with it.
	server := newSite(t, "", "WS_CONNECT_TIMEOUT=1000", "WS_PING_INTERVAL=2000", "WS_PING_TIMEOUT=10000").start()
	who := register(t, server.base, "trader")
	room := who.conversation("always")
	bystander := who.dial()
	for name, send := range map[string]func(*testing.T, *process, *person){
		"Requests": brokenRequests, "Upgrades": brokenUpgrades, "Polls": brokenPolls, "Bodies": brokenBodies, "Ids": brokenIDs, "Queries": brokenQueries,
		"Tokens": brokenTokens, "Frames": brokenFrames, "Packets": brokenPackets, "Slowness": slowness,
	} {
		t.Run(name, func(t *testing.T) {
			send(t, server, who)
			h, err := who.client.Health(t.Context(), "")
			if err != nil || h.Status != api.StatusOK {
				t.Errorf("health says %+v, %v", h, err)
			}
		})
	}
	a, err := bystander.ask("send_message", map[string]string{"conversationId": room, "content": "long 2 MES at 6000, stop 5994"})
	if err != nil || !a.Success {
		t.Errorf("somebody else is answered %+v, %v", a, err)
	}
	answersEnd(t, who, []string{room})
	if lines := server.log.containing(`"level":"ERROR"`); len(lines) > 0 {
		t.Errorf("%d errors in the log, such as\n%s", len(lines), strings.Join(lines[:min(5, len(lines))], "\n"))
	}
	server.unharmed()
}

// noFault checks a reply to rubbish: a refusal, or nothing at all, but no
// failure of ours. 501 and 505 are HTTP's own refusals.
func noFault(t *testing.T, sent string, a answer) {
	t.Helper()
	if a.status >= 500 && a.status != 501 && a.status != 505 {
		t.Errorf("%s is answered %d %s", short(sent), a.status, short(a.body))
	}
}

// refused is noFault for what must be answered with the contract's envelope.
func refused(t *testing.T, sent string, a answer) {
	t.Helper()
	if a.status < 400 || a.status > 499 || !strings.Contains(a.body, `"success":false`) || !strings.Contains(a.body, `"code":"`) {
		t.Errorf("%s is answered %d %s", short(sent), a.status, short(a.body))
	}
}

// noise is random bytes, the same in every run.
func noise(seed uint64, n int) string {
	r := rand.NewChaCha8([32]byte{byte(seed)})
	b := make([]byte, n)
	_, _ = r.Read(b)
	return string(b)
}

// brokenRequests are bytes that are no HTTP, or bad HTTP.
func brokenRequests(t *testing.T, server *process, who *person) {
	const host = "Host: coach\r\nConnection: close\r\n"
	signedIn := "Authorization: Bearer " + who.client.Token + "\r\n"
	whole := []string{
		"\x00\x00\x00\x00\r\n\r\n", "GET\r\n\r\n", "GET /\r\n\r\n", "GET / HTTP/9.9\r\n" + host + "\r\n", "GET / HTTP/1.1\r\n\r\n",
		"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
		"GET /" + strings.Repeat("a", 200_000) + " HTTP/1.1\r\n" + host + "\r\n",
		"GET / HTTP/1.1\r\n" + host + "X-Long: " + strings.Repeat("a", 200_000) + "\r\n\r\n",
		"GET / HTTP/1.1\r\n" + host + strings.Repeat("X-Many: 1\r\n", 20_000) + "\r\n",
		"GET / HTTP/1.1\r\n" + host + "X-Nul: a\x00b\r\n\r\n", "GET / HTTP/1.1\r\n" + host + "Bad Name : x\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
		"GET /%zz HTTP/1.1\r\n" + host + "\r\n", "GET /%00 HTTP/1.1\r\n" + host + "\r\n", "GET /../../etc/passwd HTTP/1.1\r\n" + host + "\r\n",
		"GET //api//health HTTP/1.1\r\n" + host + "\r\n", "GET http://[::1/ HTTP/1.1\r\n" + host + "\r\n", "OPTIONS * HTTP/1.1\r\n" + host + "\r\n",
		"CONNECT other:443 HTTP/1.1\r\n" + host + "\r\n", "TRACE / HTTP/1.1\r\n" + host + "\r\n", "F\xffO / HTTP/1.1\r\n" + host + "\r\n",
		"POST /api/messages HTTP/1.1\r\n" + host + signedIn + "Content-Length: -1\r\n\r\n{}",
		"POST /api/messages HTTP/1.1\r\n" + host + signedIn + "Content-Length: 99999999999999999999\r\n\r\n{}",
		"POST /api/messages HTTP/1.1\r\n" + host + signedIn + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
		"POST /api/messages HTTP/1.1\r\n" + host + signedIn + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"POST /api/messages HTTP/1.1\r\n" + host + signedIn + "Content-Type: application/json\r\nTransfer-Encoding: chunked, gzip\r\n\r\n",
		"GET /api/health HTTP/1.1\r\n" + host + "X-Request-ID: " + strings.Repeat("\xff", 300) + "\r\n\r\n",
		"GET /api/health HTTP/1.1\r\n" + host + "X-Forwarded-For: " + strings.Repeat("1.2.3.4, ", 3000) + "\r\n\r\n",
		"GET /api/health HTTP/1.1\r\n" + host + "Accept-Encoding: " + strings.Repeat("gzip;q=1e400,", 1000) + "\r\n\r\n",
		"GET / HTTP/1.1\r\n" + host + "Range: bytes=" + strings.Repeat("0-,", 2000) + "\r\nIf-None-Match: \"\r\n\r\n",
	}
	cut := []string{
		"", "\r\n", "G", "GET / HTTP/1.1\r\nHost: coach\r\nX-Half", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + noise(1, 512),
		"POST /api/messages HTTP/1.1\r\n" + host + signedIn + "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n",
		"POST /api/messages HTTP/1.1\r\n" + host + signedIn + "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n{}\r\n",
		"POST /api/messages HTTP/1.1\r\n" + host + signedIn + "Content-Type: application/json\r\nContent-Length: 50\r\n\r\n{\"content\":",
		"POST /api/messages HTTP/1.1\r\n" + host + signedIn + "Expect: 100-continue\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n",
	}
	for seed := range uint64(20) {
		cut = append(cut, noise(seed, 1<<(seed%13)))
	}
	for _, text := range whole {
		noFault(t, text, exchange(t, server, text))
	}
	for _, text := range cut {
		noFault(t, text, cutOff(t, server, text))
	}
}
