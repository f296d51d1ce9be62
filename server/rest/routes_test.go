package rest

import (
	"bufio"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/elite-trading-coach/coach/server/auth"
	"github.com/elite-trading-coach/coach/server/chat"
)

// TestEveryRoute asks for every route once, as a client would, and then that
// the description has no operation that was not among them.
func TestEveryRoute(t *testing.T) {
	p := open(t)
	p.diary = newDiary()
	p.do(ask{method: "POST", path: "/api/auth/register", body: map[string]string{"email": "bob@example.org", "username": "bob", "password": password}}).want(http.StatusCreated)
	ann := p.person("ann")
	session := p.do(ask{"POST", "/api/auth/login", "", map[string]string{"email": "ann@example.org", "password": password}, nil, false}).want(http.StatusOK)
	p.do(ask{"POST", "/api/auth/login", "", map[string]string{"username": "ANN", "password": password}, nil, false}).want(http.StatusOK)

	var other struct{ Token string }
	session.into(&other)
	p.do(ask{"POST", "/api/auth/logout", other.Token, nil, nil, false}).want(http.StatusOK)
	ann.post("/api/auth/refresh", nil).want(http.StatusOK)
	ann.get("/api/auth/me").want(http.StatusOK)
	ann.patch("/api/auth/me", map[string]string{"timezone": "Europe/Berlin", "displayName": "Änn"}).want(http.StatusOK)
	ann.post("/api/auth/password", map[string]string{"currentPassword": password, "newPassword": password + "x"}).want(http.StatusOK)
	p.do(ask{"POST", "/api/auth/login", "", map[string]string{"identifier": "ann", "password": password + "x"}, nil, false}).want(http.StatusOK)
	reset, err := p.auth.IssueReset(t.Context(), auth.By{Name: "test"}, "bob", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	p.do(ask{"POST", "/api/auth/reset", "", map[string]string{"code": reset.Code, "newPassword": password + "y"}, nil, false}).want(http.StatusOK)
	var list struct{ Sessions []signIn }
	ann.get("/api/auth/sessions").want(http.StatusOK).into(&list)
	for _, s := range list.Sessions {
		if !s.Current {
			ann.delete("/api/auth/sessions/"+s.ID, nil).want(http.StatusOK)
		}
	}
	ann.get("/api/limits").want(http.StatusOK)

	id := ann.conversation("always")
	ann.get("/api/conversations").want(http.StatusOK)
	ann.get("/api/conversations?offset=0&limit=1&mode=analysis&q=&archived=false").want(http.StatusOK)
	ann.get("/api/conversations/" + id).want(http.StatusOK)
	ann.patch("/api/conversations/"+id, map[string]string{"title": "Θ", "mode": "psychology"}).want(http.StatusOK)
	ann.post("/api/conversations/"+id+"/archive", nil).want(http.StatusOK)
	ann.post("/api/conversations/"+id+"/unarchive", nil).want(http.StatusOK)
	m := ann.say(id, "long 2 MES at 6000, stop 5994, target 6012, account 25k, risk 1%")
	ann.get("/api/conversations/" + id + "/messages").want(http.StatusOK)
	for _, format := range []string{"", "?format=json", "?format=md", "?format=csv"} {
		ann.get("/api/conversations/" + id + "/export" + format).want(http.StatusOK)
	}
	ann.get("/api/auth/me/export").want(http.StatusOK)
	ann.get("/api/messages?conversationId=" + id).want(http.StatusOK)
	ann.get("/api/messages/search?q=mes&conversationId=" + id).want(http.StatusOK)
	ann.get("/api/messages/" + m.ID).want(http.StatusOK)
	ann.patch("/api/messages/"+m.ID, map[string]string{"content": "long 3 MES at 6000, stop 5994, target 6012, account 25k, risk 1%"}).want(http.StatusOK)

	var page struct{ Messages []chat.Message }
	ann.get("/api/messages/" + id).want(http.StatusOK).into(&page) // an older client
	answer := page.Messages[1]
	ann.post("/api/messages/"+answer.ID+"/stop", nil).want(http.StatusOK)
	ann.post("/api/messages/"+answer.ID+"/regenerate", nil).want(http.StatusCreated)
	ann.get("/api/messages/" + answer.ID + "/stream").want(http.StatusOK)
	ann.delete("/api/messages/"+m.ID, nil).want(http.StatusOK)
	bobs := ann.post("/api/conversations/"+id+"/members", map[string]string{"identifier": "BOB", "role": "viewer"}).want(http.StatusCreated)
	ann.post("/api/conversations/"+id+"/members", map[string]string{"identifier": "bob@example.org", "role": "member"}).want(http.StatusOK)
	ann.get("/api/conversations/" + id + "/members").want(http.StatusOK)
	var bob struct{ UserID string }
	bobs.into(&bob)
	ann.delete("/api/conversations/"+id+"/members/"+bob.UserID, nil).want(http.StatusOK)
	ann.everyUploadRoute(id)
	ann.delete("/api/conversations/"+id, nil).want(http.StatusOK)
	ann.everyJournalRoute()
	for _, path := range []string{"", "/live", "/ready", "/db", "/websocket", "/ai", "/uploads"} {
		p.do(ask{method: "GET", path: "/api/health" + path}).want(http.StatusOK)
	}
	p.do(ask{method: "GET", path: "/health"}).want(http.StatusOK)
	p.everyOperatorRoute()
	ann.delete("/api/auth/me", map[string]string{"password": password + "x"}).want(http.StatusOK)

	doc, err := contract()
	if err != nil {
		t.Fatal(err)
	}
	doc.mu.Lock()
	defer doc.mu.Unlock()
	for path, item := range doc.Paths.Map() {
		for method := range item.Operations() {
			if !doc.seen[method+" "+path] {
				t.Errorf("%s %s is described and did not answer", method, path)
			}
		}
	}
	p.keepDiary(t)
}

type signIn struct {
	ID      string
	Current bool
}

func TestTheTableIsTheDescription(t *testing.T) {
	params := regexp.MustCompile(`:(\w+)`)
	doc, err := contract()
	if err != nil {
		t.Fatal(err)
	}
	var written, served []string
	for path, item := range doc.Paths.Map() {
		for method := range item.Operations() {
			written = append(written, method+" "+path)
		}
	}
	for _, r := range (&site{}).routes() {
		served = append(served, r.method+" "+params.ReplaceAllString(r.path, "{$1}"))
	}
	slices.Sort(written)
	slices.Sort(served)
	if diff := cmp.Diff(written, served); diff != "" {
		t.Errorf("described and served (-described +served):\n%s", diff)
	}
}

func TestUnknownPathsAreJSON(t *testing.T) {
	p := open(t)
	ann := p.person("ann")
	for _, path := range []string{
		"/", "/nothing", "/api", "/api/", "/api/nothing", "/api/conversations/", "/api/messages/x/y/z", "/socket.io/", "/docs",
		"/package.json", "/.env", "/server.js", "/..%2f..%2fetc/passwd", "/%00", "/api/conversations/%00", "/api/trade", "/api/auth/me/x",
	} {
		t.Run(path, func(t *testing.T) {
			p.t = t
			got := p.do(ask{"GET", path, ann.token, nil, nil, false}).refused(http.StatusNotFound, "NOT_FOUND")
			if got.header.Get("Cache-Control") != "no-store" {
				t.Errorf("Cache-Control %q", got.header.Get("Cache-Control"))
			}
		})
	}
}

func TestMethodsThatARouteDoesNotTake(t *testing.T) {
	p := open(t)
	for path, allow := range map[string]string{
		"/api/auth/login": "POST", "/api/conversations": "GET, HEAD, POST", "/api/messages/x": "DELETE, GET, HEAD, PATCH",
		"/api/health": "GET, HEAD", "/api/messages/x/stream": "GET",
	} {
		t.Run(path, func(t *testing.T) {
			p.t = t
			got := p.do(ask{method: "PUT", path: path}).refused(http.StatusMethodNotAllowed, "METHOD_NOT_ALLOWED")
			listed := strings.Split(strings.ReplaceAll(got.header.Get("Allow"), " ", ""), ",")
			slices.Sort(listed)
			if diff := cmp.Diff(allow, strings.Join(slices.DeleteFunc(listed, func(m string) bool { return m == "OPTIONS" }), ", ")); diff != "" {
				t.Errorf("Allow (-want +got):\n%s", diff)
			}
		})
	}
}

func TestHeadIsGetWithoutItsBody(t *testing.T) {
	p := open(t)
	ann := p.person("ann")
	full := ann.get("/api/auth/me").want(http.StatusOK)
	head := p.do(ask{"HEAD", "/api/auth/me", ann.token, nil, nil, false}).want(http.StatusOK)
	if len(head.raw) != 0 || head.header.Get("Content-Length") != full.header.Get("Content-Length") {
		t.Errorf("HEAD gave %d bytes, Content-Length %q instead of %q", len(head.raw), head.header.Get("Content-Length"), full.header.Get("Content-Length"))
	}
	p.do(ask{method: "HEAD", path: "/api/auth/me"}).want(http.StatusUnauthorized)
}

func TestSocketsAreHandedOver(t *testing.T) {
	var methods []string
	p := open(t, func(o *Options, _ *chat.Options, _ *authOptions) {
		o.Sockets = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			methods = append(methods, r.Method)
			if r.Header.Get("Upgrade") == "" {
				w.WriteHeader(http.StatusTeapot)
				return
			}
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			_, _ = conn.Write([]byte("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: test\r\n\r\nhello\n"))
			_ = conn.Close()
		})
		tight(o)
		o.Draining = func() bool { return true }
	})
	for _, method := range []string{"GET", "POST", "OPTIONS", "DELETE", "PATCH", "QUERY"} {
		for _, path := range []string{"/socket.io/?EIO=4", "/socket.io", "/socket.io/"} {
			got := p.do(ask{method: method, path: path, header: map[string]string{"Origin": "https://elsewhere.example"}}).want(http.StatusTeapot)
			if got.header.Get("X-Request-ID") == "" || got.header.Get("Access-Control-Allow-Origin") != "" {
				t.Errorf("headers %v", got.header)
			}
		}
	}
	res, err := p.http.Do(p.request(ask{method: "GET", path: "/socket.io/", header: map[string]string{"Connection": "Upgrade", "Upgrade": "test"}}))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	line, err := bufio.NewReader(res.Body).ReadString('\n')
	if res.StatusCode != http.StatusSwitchingProtocols || line != "hello\n" {
		t.Errorf("upgrade: %d %q %v", res.StatusCode, line, err)
	}
	if len(methods) != 19 {
		t.Errorf("the sockets saw %d requests", len(methods))
	}
}
