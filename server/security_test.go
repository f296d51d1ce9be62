package server_test

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/elite-trading-coach/coach/storage/storagetest"
)

// The tests of this file hold single points of the OWASP Application Security Verification Standard 5.0 against the whole
// server, as a stranger on the network would try them; each is named after its point. SECURITY.md lists the points that
// other tests hold.

// exchange sends the bytes of a request as they are, which clients would tidy up, and gives the reply. The request is to
// ask for the connection to be closed.
func exchange(t *testing.T, base, request string) (*http.Response, string) {
	t.Helper()
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("tcp", u.Host)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	method, _, _ := strings.Cut(request, " ")
	res, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	if err != nil {
		t.Fatalf("%.60q: %v", request, err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode == http.StatusSwitchingProtocols {
		return res, ""
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatalf("%.60q: %v", request, err)
	}
	return res, string(body)
}

// request writes a request down: its first line without the version, and more lines of its header.
func request(line string, header ...string) string {
	return line + " HTTP/1.1\r\nHost: coach.example.org\r\nConnection: close\r\n" + strings.Join(append(header, ""), "\r\n") + "\r\n"
}

func TestASVS_V1_2_1_NobodyWritesHeadersOfReplies(t *testing.T) {
	base := start(t, config(t, storagetest.SQLiteURL(t)))
	ann, _ := register(t, base, "ann")
	var room struct{ ID string }
	ann.must(http.MethodPost, "/api/conversations", map[string]string{"title": "a\r\nInjected: yes\r\n\r\nb"}).into(t, &room)
	bearer := "Authorization: Bearer " + ann.token
	for _, text := range []string{
		request("GET /%0d%0aInjected:%20yes"),
		request("GET /api/conversations/"+room.ID+"/export?format=csv%0d%0aInjected:%20yes", bearer),
		request("GET /api/conversations/"+room.ID+"/export?format=md", bearer),
		request("GET /api/auth/me", bearer, "X-Request-ID: a%0d%0aInjected: yes"),
		request("GET /api/auth/me", bearer, "X-Request-ID: a\rInjected: yes"),
		request("GET /api/auth/me", bearer, "Origin: https://a.example%0d%0aInjected: yes"),
	} {
		res, _ := exchange(t, base, text)
		for name, values := range res.Header {
			if strings.Contains(name+strings.Join(values, " "), "Injected") {
				t.Errorf("%.60q is answered with the header %s: %q", text, name, values)
			}
		}
	}
}

func TestASVS_V1_3_6_NoAddressOfAUserIsFetched(t *testing.T) {
	var asked atomic.Int32
	inside := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	t.Cleanup(inside.Close)
	base := start(t, config(t, storagetest.SQLiteURL(t)))
	ann, _ := register(t, base, "ann")
	room, phone := ann.conversation(), mustDial(t, base, ann.token)
	for _, address := range []string{
		inside.URL + "/chart.png", inside.URL + "/api/uploads/../chart.png", "http://169.254.169.254/latest/meta-data/",
		"http://[::1]/x.png", "file:///etc/passwd", "gopher://127.0.0.1:6379/_INFO", "//" + strings.TrimPrefix(inside.URL, "http://") + "/chart.png",
	} {
		body := object{"conversationId": room, "content": "look", "imageUrl": address}
		if r := ann.must(http.MethodPost, "/api/messages", body); r.status != http.StatusBadRequest || r.Code != "VALIDATION_ERROR" {
			t.Errorf("%s over HTTP: %d %s", address, r.status, r.Code)
		}
		if a, err := phone.ask("send_message", body); err != nil || a.Success || a.Code != "VALIDATION_ERROR" {
			t.Errorf("%s over a socket: %s, %v", address, a.raw, err)
		}
	}
	if n := asked.Load(); n != 0 {
		t.Errorf("the server asked %d times", n)
	}
}

func TestASVS_V3_3_1_NoCookieIsEverSetOrTaken(t *testing.T) {
	base := start(t, config(t, storagetest.SQLiteURL(t)))
	ann, _ := register(t, base, "ann")
	replies := []reply{
		ann.must(http.MethodPost, "/api/auth/login", map[string]string{"identifier": "ann", "password": "Correct-Horse-9"}),
		ann.must(http.MethodPost, "/api/auth/login", map[string]string{"identifier": "ann", "password": "wrong"}),
		ann.must(http.MethodPost, "/api/auth/refresh", nil),
		ann.must(http.MethodGet, "/api/auth/me", nil),
	}
	if replies[0].status != http.StatusOK || replies[1].status != http.StatusUnauthorized || replies[3].status != http.StatusOK {
		t.Fatalf("signing in is answered with %d, %d and %d", replies[0].status, replies[1].status, replies[3].status)
	}
	for i, r := range replies {
		if set := r.header.Values("Set-Cookie"); len(set) != 0 {
			t.Errorf("reply %d sets %q", i, set)
		}
	}
	for _, path := range []string{"/", "/docs", "/nowhere", "/socket.io/?EIO=4&transport=polling", "/api/health"} {
		if res, _ := exchange(t, base, request("GET "+path)); len(res.Header.Values("Set-Cookie")) != 0 {
			t.Errorf("%s sets %q", path, res.Header.Values("Set-Cookie"))
		}
	}
	for _, name := range []string{"token", "Authorization", "session", "io"} {
		if res, body := exchange(t, base, request("GET /api/auth/me", "Cookie: "+name+"="+ann.token)); res.StatusCode != http.StatusUnauthorized {
			t.Errorf("a token in the cookie %s is answered with %d %s", name, res.StatusCode, body)
		}
	}
}

// What a page of another origin can send without asking first (a form, or text) carries no token: there is no cookie that a
// browser would add, and writing routes take the token from the header alone.
func TestASVS_V3_5_1_CrossOriginWritesAreRefused(t *testing.T) {
	base := start(t, config(t, storagetest.SQLiteURL(t)))
	ann, _ := register(t, base, "ann")
	for _, line := range []string{
		"POST /api/conversations", "POST /api/conversations?token=" + ann.token, "POST /api/messages?token=" + ann.token,
		"POST /api/auth/password?token=" + ann.token, "POST /api/trades?access_token=" + ann.token,
	} {
		for _, kind := range []string{"application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x"} {
			body := "token=" + ann.token + "&title=forged&content=forged"
			res, said := exchange(t, base, request(line, "Origin: https://evil.example", "Cookie: token="+ann.token,
				"Content-Type: "+kind, "Content-Length: "+strconv.Itoa(len(body)))+body)
			if res.StatusCode != http.StatusUnauthorized || res.Header.Get("Access-Control-Allow-Origin") != "" {
				t.Errorf("%.30s as %s: %d %s", line, kind, res.StatusCode, said)
			}
		}
	}
	var list struct{ Conversations []any }
	if ann.must(http.MethodGet, "/api/conversations", nil).into(t, &list); len(list.Conversations) != 0 {
		t.Errorf("%d conversations were made", len(list.Conversations))
	}
}

func TestASVS_V3_5_2_APreflightOfAnotherOriginIsRefused(t *testing.T) {
	base := start(t, config(t, storagetest.SQLiteURL(t), "FRONTEND_URL=https://app.example.org"))
	for origin, allowed := range map[string]bool{"https://app.example.org": true, "https://evil.example": false, "null": false} {
		res, _ := exchange(t, base, request("OPTIONS /api/messages", "Origin: "+origin,
			"Access-Control-Request-Method: POST", "Access-Control-Request-Headers: authorization,content-type"))
		if got := res.Header.Get("Access-Control-Allow-Origin"); (got == origin) != allowed || !allowed && got != "" {
			t.Errorf("%s: allowed is %q", origin, got)
		}
		if got := res.Header.Get("Access-Control-Allow-Headers"); strings.Contains(strings.ToLower(got), "authorization") != allowed {
			t.Errorf("%s: headers %q", origin, got)
		}
	}
}

func TestASVS_V3_7_2_TheWayToTLSLeadsNowhereElse(t *testing.T) {
	certFile, keyFile := certificate(t)
	plain := freePort(t)
	start(t, config(t, storagetest.SQLiteURL(t), "TLS_CERT_FILE="+certFile, "TLS_KEY_FILE="+keyFile,
		"TLS_REDIRECT_PORT="+strconv.Itoa(plain), "PUBLIC_URL=https://coach.example.org"))
	base := fmt.Sprintf("http://127.0.0.1:%d", plain)
	for _, text := range []string{
		request("GET /a?b=c"),
		request("GET //evil.example/"),
		request(`GET /\evil.example/`),
		request("GET /%0d%0aInjected:%20yes"),
		request("GET http://evil.example/a"),
		"GET /a HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n",
		request("GET /a", "X-Forwarded-Host: evil.example", "Forwarded: host=evil.example"),
	} {
		res, _ := exchange(t, base, text)
		to, err := url.Parse(res.Header.Get("Location"))
		if err != nil || res.StatusCode != http.StatusPermanentRedirect || to.Scheme != "https" || to.Host != "coach.example.org" || to.User != nil {
			t.Errorf("%.40q: %d to %q, %v", text, res.StatusCode, res.Header.Get("Location"), err)
		}
		if res.Header.Get("Injected") != "" {
			t.Errorf("%.40q wrote a header", text)
		}
	}
}

func TestASVS_V4_4_2_ACrossSiteWebSocketIsRefused(t *testing.T) {
	base := start(t, config(t, storagetest.SQLiteURL(t), "FRONTEND_URL=https://app.example.org"))
	for origin, allowed := range map[string]bool{
		"https://app.example.org": true, "https://evil.example": false, "null": false, "https://app.example.org.evil.example": false,
		"http://app.example.org": false, "https://app.example.org:8443": false,
	} {
		res, _ := exchange(t, base, "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: coach.example.org\r\nConnection: Upgrade\r\n"+
			"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nOrigin: "+origin+"\r\n\r\n")
		if (res.StatusCode == http.StatusSwitchingProtocols) != allowed {
			t.Errorf("a WebSocket from %s: %d", origin, res.StatusCode)
		}
		res, body := exchange(t, base, request("GET /socket.io/?EIO=4&transport=polling", "Origin: "+origin))
		if (res.StatusCode == http.StatusOK) != allowed || !allowed && strings.Contains(body, "sid") {
			t.Errorf("polling from %s: %d %s", origin, res.StatusCode, body)
		}
	}
}

func TestASVS_V5_3_2_NoPathLeadsOut(t *testing.T) {
	c := config(t, storagetest.SQLiteURL(t))
	base := start(t, c)
	ann, _ := register(t, base, "ann")
	ups := []string{"..", "%2e%2e", "..%2f..%2f..%2f..%2fetc%2fpasswd", `..\..`, "%5c..%5c..", "....//....//", "..%00", "%252e%252e"}
	for _, folder := range []string{"/assets/", "/docs/", "/docs/images/", "/api/uploads/", "/socket.io/"} {
		for _, up := range ups {
			for _, path := range []string{folder + up, folder + up + "/" + up + "/etc/passwd", folder + up + "/go.mod", folder + up + "/file"} {
				res, body := exchange(t, base, request("GET "+path, "Authorization: Bearer "+ann.token))
				if res.StatusCode < 400 || res.StatusCode >= 500 || strings.Contains(body, "root:") || strings.Contains(body, "module ") {
					t.Errorf("%s: %d %.100s", path, res.StatusCode, body)
				}
			}
		}
	}
	// The name that a picture comes with is shown, and is the name of no file.
	id := ann.upload(aPNG(t))
	err := filepath.WalkDir(c.DataDir, func(path string, _ fs.DirEntry, err error) error {
		if strings.Contains(filepath.Base(path), "chart") {
			t.Errorf("%s is called as its sender said", path)
		}
		return err
	})
	if err != nil || id == "" {
		t.Error(err)
	}
}

func TestASVS_V9_1_2_ATokenOfAnotherAlgorithmIsRefused(t *testing.T) {
	base := start(t, config(t, storagetest.SQLiteURL(t)))
	ann, _ := register(t, base, "ann")
	part := strings.Split(ann.token, ".")
	if len(part) != 3 {
		t.Fatalf("a token has %d parts", len(part))
	}
	for _, algorithm := range []string{"none", "None", "HS512", "RS256", ""} {
		head := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"` + algorithm + `","typ":"JWT"}`))
		for _, signature := range []string{"", part[2]} {
			who := &caller{t: t, base: base, token: head + "." + part[1] + "." + signature}
			if r := who.must(http.MethodGet, "/api/auth/me", nil); r.status != http.StatusUnauthorized || r.Code != "TOKEN_INVALID" {
				t.Errorf("alg %q, signature %q: %d %s", algorithm, signature, r.status, r.Code)
			}
			if s, err := dial(t, base, who.token); err == nil {
				s.Close()
				t.Errorf("alg %q, signature %q: a socket is let in", algorithm, signature)
			}
		}
	}
}

func TestASVS_V13_4_NothingTellsOfTheInside(t *testing.T) {
	base := start(t, config(t, storagetest.SQLiteURL(t)))
	for name, paths := range map[string][]string{
		"13.4.1, source control":     {"/.git/HEAD", "/.git/config", "/.env"},
		"13.4.3, lists of folders":   {"/assets/", "/docs/images/", "/api/uploads/"},
		"13.4.5, operators' reading": {"/metrics", "/debug/pprof/heap", "/debug/pprof/goroutine", "/debug/vars", "/api/admin/snapshot", "/api/admin/events"},
	} {
		for _, path := range paths {
			if res, body := exchange(t, base, request("GET "+path)); res.StatusCode < 400 || res.StatusCode >= 500 {
				t.Errorf("%s: %s gives %d %.80s", name, path, res.StatusCode, body)
			}
		}
	}
	res, body := exchange(t, base, request("TRACE /api/auth/me", "X-Canary: a-canary"))
	if res.StatusCode < 400 || strings.Contains(body, "a-canary") {
		t.Errorf("13.4.4: TRACE gives %d %s", res.StatusCode, body)
	}
	if server := res.Header.Get("Server") + res.Header.Get("X-Powered-By"); server != "" {
		t.Errorf("13.4.6: the reply is said to come from %q", server)
	}
}

func TestASVS_V15_2_2_ABodyThatIsTooLargeIsRefused(t *testing.T) {
	base := start(t, config(t, storagetest.SQLiteURL(t)))
	ann, _ := register(t, base, "ann")
	bearer := "Authorization: Bearer " + ann.token
	for _, path := range []string{"/api/auth/login", "/api/messages", "/api/plan", "/api/trades/import", "/api/nowhere"} {
		for _, size := range []string{"104857600", "9223372036854775807"} {
			res, body := exchange(t, base, request("POST "+path, bearer, "Content-Type: application/json", "Content-Length: "+size))
			if res.StatusCode != http.StatusRequestEntityTooLarge || !strings.Contains(body, `"PAYLOAD_TOO_LARGE"`) {
				t.Errorf("%s with %s announced bytes: %d %s", path, size, res.StatusCode, body)
			}
		}
	}
	// One that announces nothing is cut off on its way; the client may see the end before the reply.
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+"/api/messages",
		io.MultiReader(strings.NewReader(`{"content":"`), bytes.NewReader(bytes.Repeat([]byte("x"), 11<<20)), strings.NewReader(`"}`)))
	if err != nil {
		t.Fatal(err)
	}
	req.Header = http.Header{"Content-Type": {"application/json"}, "Authorization": {"Bearer " + ann.token}}
	if res, err := http.DefaultClient.Do(req); err == nil {
		_ = res.Body.Close()
		if res.StatusCode != http.StatusRequestEntityTooLarge {
			t.Errorf("a body without a length: %d", res.StatusCode)
		}
	}
	if r := ann.must(http.MethodGet, "/api/auth/me", nil); r.status != http.StatusOK {
		t.Errorf("after all that: %d", r.status)
	}
}

// insides are what only the program itself knows: its source, its queries, its libraries, its folders.
var insides = regexp.MustCompile(`(?i)goroutine|\.go:\d|runtime error|panic|\bselect\b.*\bfrom\b|insert into|sqlstate|sqlite|pgx|constraint|json: |strconv|echo\.|/tmp/|eyJ`)

func TestASVS_V16_5_1_ErrorsTellNothingOfTheInside(t *testing.T) {
	onBoth(t, func(t *testing.T, base string) {
		ann, _ := register(t, base, "ann")
		room := ann.conversation()
		bearer, kind := "Authorization: Bearer "+ann.token, "Content-Type: application/json"
		for _, try := range []struct{ line, body string }{
			{"POST /api/messages", `{"conversationId":"` + room + `","content":"a\u0000b"}`},
			{"POST /api/messages", `{"conversationId":"' OR 1=1 --","content":"x"}`},
			{"POST /api/messages", `{"conversationId":7,"content":{}}`},
			{"POST /api/messages", `{"conversationId":"` + strings.Repeat("a", 5000) + `","content":"x"}`},
			{"POST /api/messages", `{"content":`},
			{"POST /api/messages", "\xff\xfe"},
			{"POST /api/messages", `[[[[`},
			{"GET /api/messages/search?q=%00", ""},
			{"GET /api/messages/search?q='%22%3B--", ""},
			{"GET /api/messages/search?q=%22", ""},
			{"GET /api/conversations?limit=99999999999999999999", ""},
			{"GET /api/conversations?cursor=AAAA", ""},
			{"GET /api/conversations/%00", ""},
			{"GET /api/conversations/%ff", ""},
			{"GET /api/trades?from=never", ""},
			{"PUT /api/plan", `{"yaml":"a: &a [*a]"}`},
			{"POST /api/trades/import", "a,b\n\"c"},
			{"GET /api/uploads/x/file?signature=x", ""},
			{"GET /api/auth/me?x=%zz", ""},
			{"DELETE /api/auth/sessions/x", ""},
			{"GET /metrics", ""},
		} {
			text := request(try.line, bearer, kind, "Content-Length: "+strconv.Itoa(len(try.body))) + try.body
			res, body := exchange(t, base, text)
			if found := insides.FindString(body); found != "" && res.StatusCode >= 400 {
				t.Errorf("%s %.60s: %d tells of %q: %s", try.line, try.body, res.StatusCode, found, body)
			}
			if res.StatusCode >= 500 {
				t.Errorf("%s %.60s: %d %s", try.line, try.body, res.StatusCode, body)
			}
			var refused struct{ Success *bool }
			if err := json.Unmarshal([]byte(body), &refused); res.StatusCode >= 400 && (err != nil || refused.Success == nil || *refused.Success) {
				t.Errorf("%s: %d is not the envelope of errors: %.100s", try.line, res.StatusCode, body)
			}
		}
	})
}
