package rest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/elite-trading-coach/coach/server/auth"
	"github.com/elite-trading-coach/coach/server/chat"
)

// The faults of an earlier server that can happen over HTTP; each test is
// named after the fault's number and what it prevents.

func TestFault7_NobodyChoosesTheirTierOrRole(t *testing.T) {
	p := open(t)
	var in struct{ User struct{ Tier, Role string } }
	p.do(ask{method: "POST", path: "/api/auth/register", body: map[string]string{
		"email": "ann@example.org", "username": "ann", "password": password, "tier": "enterprise", "subscription_tier": "founder", "role": "admin",
	}}).want(201).into(&in)
	if in.User.Tier != "free" || in.User.Role != "user" {
		t.Errorf("user %+v", in.User)
	}
}

func TestFault6_AnotherPersonsRecordsAreNotThere(t *testing.T) {
	p := open(t)
	ann, eve := p.person("ann"), p.person("eve")
	answer := ann.question()
	var m chat.Message
	ann.get("/api/messages/" + answer).want(200).into(&m)
	var sessions struct{ Sessions []signIn }
	ann.get("/api/auth/sessions").want(200).into(&sessions)
	for _, a := range []ask{
		{method: "GET", path: "/api/conversations/" + m.ConversationID},
		{method: "PATCH", path: "/api/conversations/" + m.ConversationID, body: map[string]string{"title": "mine"}},
		{method: "DELETE", path: "/api/conversations/" + m.ConversationID},
		{method: "POST", path: "/api/conversations/" + m.ConversationID + "/archive"},
		{method: "POST", path: "/api/conversations/" + m.ConversationID + "/unarchive"},
		{method: "GET", path: "/api/conversations/" + m.ConversationID + "/messages"},
		{method: "GET", path: "/api/messages?conversationId=" + m.ConversationID},
		{method: "GET", path: "/api/messages/" + m.ConversationID},
		{method: "POST", path: "/api/messages", body: map[string]string{"conversationId": m.ConversationID, "content": "hi"}},
		{method: "GET", path: "/api/messages/" + answer},
		{method: "PATCH", path: "/api/messages/" + *m.ParentMessageID, body: map[string]string{"content": "hi"}},
		{method: "DELETE", path: "/api/messages/" + *m.ParentMessageID},
		{method: "POST", path: "/api/messages/" + answer + "/stop"},
		{method: "POST", path: "/api/messages/" + answer + "/regenerate"},
		{method: "GET", path: "/api/messages/" + answer + "/stream"},
		{method: "DELETE", path: "/api/auth/sessions/" + sessions.Sessions[0].ID},
	} {
		a.token = eve.token
		got := p.do(a).refused(404, "NOT_FOUND")
		a.path = strings.NewReplacer(m.ConversationID, ghost, answer, ghost, *m.ParentMessageID, ghost, sessions.Sessions[0].ID, ghost).Replace(a.path)
		if raw, ok := a.body.(map[string]string); ok && raw["conversationId"] != "" {
			raw["conversationId"] = ghost
		}
		if missing := p.do(a).refused(404, "NOT_FOUND"); missing.Error != got.Error {
			t.Errorf("%s %s tells what exists: %q and %q", a.method, a.path, got.Error, missing.Error)
		}
	}
	ann.get("/api/messages/" + answer).want(200)
}

// ghost is an id that nothing has.
const ghost = "01890000-0000-7000-8000-000000000000"

func TestFault9_NobodyWritesAsTheCoach(t *testing.T) {
	p := open(t)
	ann := p.person("ann")
	var m chat.Message
	ann.post("/api/messages", map[string]any{
		"conversationId": ann.conversation("off"), "content": "buy", "type": "ai", "verdict": "diamond", "confidence": 100, "model": "me",
		"userId": ghost, "seq": 99, "parentMessageId": ghost, "status": "completed",
	}).want(201).into(&m)
	if m.Type != "user" || m.Verdict != nil || m.Confidence != nil || m.Model != nil || *m.UserID != ann.id || m.Seq != 1 || m.ParentMessageID != nil || m.Status != "sent" {
		t.Errorf("message %+v", m)
	}
	answer := ann.question()
	ann.patch("/api/messages/"+answer, map[string]string{"content": "buy"}).refused(403, "FORBIDDEN")
	ann.delete("/api/messages/"+answer, nil).refused(403, "FORBIDDEN")
}

func TestFault12_SigningOutEndsTheSignIn(t *testing.T) {
	p := open(t)
	ann := p.person("ann")
	var again struct{ Token string }
	ann.post("/api/auth/refresh", nil).want(200).into(&again)
	ann.post("/api/auth/logout", nil).want(200)
	for _, token := range []string{ann.token, again.Token} {
		p.do(ask{method: "GET", path: "/api/auth/me", token: token}).refused(401, "SESSION_REVOKED")
		p.do(ask{method: "POST", path: "/api/auth/refresh", token: token}).refused(401, "SESSION_REVOKED")
	}
}

func TestFault13_MessagesOfADeletedConversationAreGone(t *testing.T) {
	p := open(t)
	ann := p.person("ann")
	id := ann.conversation("off")
	m := ann.say(id, "hello")
	got := ann.delete("/api/conversations/"+id, nil).want(200)
	if strings.TrimSpace(string(got.raw)) != `{"success":true}` {
		t.Errorf("reply %s", got.raw)
	}
	ann.get("/api/messages/"+m.ID).refused(404, "NOT_FOUND")
	ann.get("/api/conversations/"+id+"/messages").refused(404, "NOT_FOUND")
	ann.delete("/api/conversations/"+id, nil).refused(404, "NOT_FOUND")
}

func TestFault14_NobodyMintsTokens(t *testing.T) {
	p := open(t)
	for _, path := range []string{"/generate-test-token", "/api/generate-test-token", "/api/test-ai", "/api/system/status", "/api/auth/verify", "/api/admin/login"} {
		for _, method := range []string{"GET", "POST"} {
			p.do(ask{method: method, path: path}).refused(404, "NOT_FOUND")
		}
	}
}

func TestFault21_RegisteringDoesNotTellWhoExists(t *testing.T) {
	p := open(t)
	p.person("ann")
	register := func(email, name string) answer {
		return p.do(ask{method: "POST", path: "/api/auth/register", body: map[string]string{"email": email, "username": name, "password": password}})
	}
	email, name := register("ANN@example.org", "other").refused(409, "CONFLICT"), register("other@example.org", "Ann").refused(409, "CONFLICT")
	if email.Error != name.Error || len(email.Details)+len(name.Details) > 0 {
		t.Errorf("%s and %s", email.raw, name.raw)
	}
	login := func(identifier string) answer {
		return p.do(ask{method: "POST", path: "/api/auth/login", body: map[string]string{"identifier": identifier, "password": "Wrong-Horse-9"}})
	}
	if known, unknown := login("ann").refused(401, "INVALID_CREDENTIALS"), login("nobody").refused(401, "INVALID_CREDENTIALS"); known.Error != unknown.Error {
		t.Errorf("%q and %q", known.Error, unknown.Error)
	}
}

func TestFault28_ALockedPairSaysHowLong(t *testing.T) {
	p := open(t)
	p.person("ann")
	for range 5 {
		p.do(ask{method: "POST", path: "/api/auth/login", body: map[string]string{"identifier": "ann", "password": "Wrong-Horse-9"}}).refused(401, "INVALID_CREDENTIALS")
	}
	got := p.do(ask{method: "POST", path: "/api/auth/login", body: map[string]string{"identifier": "ann", "password": password}}).refused(423, "ACCOUNT_LOCKED")
	if got.header.Get("Retry-After") != "900" || !got.Retryable {
		t.Errorf("Retry-After %q, %s", got.header.Get("Retry-After"), got.raw)
	}
}

func TestFault49_TwoAtOnceForOneName(t *testing.T) {
	p := open(t)
	var made, taken atomic.Int64
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			got := p.do(ask{method: "POST", path: "/api/auth/register", body: map[string]string{
				"email": fmt.Sprintf("ann%d@example.org", i), "username": "ann", "password": password,
			}})
			switch got.status {
			case http.StatusCreated:
				made.Add(1)
			case http.StatusConflict:
				taken.Add(1)
			default:
				t.Errorf("%d %s", got.status, got.raw)
			}
		})
	}
	wg.Wait()
	if made.Load() != 1 || taken.Load() != 7 {
		t.Errorf("%d made, %d refused", made.Load(), taken.Load())
	}
}

func TestFault50_ADatabaseThatIsAwayKeepsPeopleSignedIn(t *testing.T) {
	p := open(t, few)
	ann, bob := p.person("ann"), p.person("bob")
	if err := p.auth.Logout(t.Context(), bob.actor); err != nil { // the cache forgets bob
		t.Fatal(err)
	}
	if err := p.store.Close(); err != nil {
		t.Fatal(err)
	}
	for range 10 { // nobody is told to slow down instead, either
		got := p.do(ask{method: "GET", path: "/api/auth/me", token: bob.token})
		got.refused(503, "UNAVAILABLE")
		if !got.Retryable || strings.Contains(string(got.raw), "sql") {
			t.Fatalf("refusal %s", got.raw)
		}
	}
	if got := ann.get("/api/auth/me"); got.status < 500 || strings.Contains(string(got.raw), "sql") {
		t.Errorf("%d %s", got.status, got.raw)
	}
}

func TestFault51_ExpiredIsNotInvalid(t *testing.T) {
	var shift atomic.Int64
	p := open(t, func(_ *Options, _ *chat.Options, ao *auth.Options) {
		ao.Now = func() time.Time { return time.Now().Add(time.Duration(shift.Load())) }
	})
	ann := p.person("ann")
	shift.Store(int64(8 * 24 * time.Hour))
	ann.get("/api/auth/me").refused(401, "TOKEN_EXPIRED")
	for _, bad := range []string{"x", ann.token + "x", strings.Replace(ann.token, ".", "..", 1), strings.Repeat("a", 5000)} {
		got := p.do(ask{method: "GET", path: "/api/auth/me", token: bad}).refused(401, "TOKEN_INVALID")
		if got.header.Get("WWW-Authenticate") != "Bearer" {
			t.Errorf("WWW-Authenticate %q", got.header.Get("WWW-Authenticate"))
		}
	}
}

func TestFault52_MistakesInTheQueryAreNamed(t *testing.T) {
	p := open(t)
	ann := p.person("ann")
	id := ann.conversation("off")
	list, messages := "/api/conversations?", "/api/conversations/"+id+"/messages?"
	for path, field := range map[string]string{
		list + "limit=0": "limit", list + "limit=-1": "limit", list + "limit=101": "limit", list + "limit=ten": "limit", list + "limit=": "limit",
		list + "limit=1e1": "limit", list + "limit=1&limit=2": "limit", list + "limit=99999999999999999999": "limit",
		list + "offset=-1": "offset", list + "offset=x": "offset", list + "archived=yes": "archived", list + "mode=poetry": "mode",
		list + "q=%00": "q", list + "q=%ff": "q", list + "q=" + strings.Repeat("x", 201): "q", list + "q=a&q=b": "q",
		list + "cursor=nonsense": "cursor", list + "cursor=%00": "cursor", list + "cursor=AAAA": "cursor", list + "limit=%zz": "",
		messages + "limit=0": "limit", messages + "before=0": "before", messages + "before=x": "before", messages + "after=-1": "after",
		messages + "afterRev=-1": "afterRev", messages + "afterRev=1.5": "afterRev", messages + "offset=-1": "offset",
		messages + "before=1&after=1": "before", messages + "afterRev=1&offset=1": "before",
		"/api/messages": "conversationId", "/api/messages?conversationId=": "conversationId", "/api/messages?conversationId=a&conversationId=b": "conversationId",
		"/api/messages?conversationId=%00": "conversationId",
	} {
		got := ann.get(path).refused(400, "VALIDATION_ERROR")
		if field != "" {
			got.names(field)
		}
	}
	ann.get(list + "unknown=1&unknown=2").want(200)
	ann.get("/api/messages?conversationId=nonsense").refused(404, "NOT_FOUND")
	ann.post("/api/conversations/nonsense/archive", nil).refused(404, "NOT_FOUND")
	ann.patch("/api/messages/nonsense", map[string]string{"content": "x"}).refused(404, "NOT_FOUND")
	ann.delete("/api/auth/sessions/nonsense", nil).refused(404, "NOT_FOUND")
}

func TestFault54_ProfileAndPasswordCanBeChanged(t *testing.T) {
	p := open(t)
	ann := p.person("ann")
	var user struct{ Username, DisplayName, Timezone string }
	ann.patch("/api/auth/me", map[string]string{"username": "anna", "timezone": "America/New_York"}).want(200).into(&user)
	if user.Username != "anna" || user.Timezone != "America/New_York" {
		t.Errorf("user %+v", user)
	}
	ann.patch("/api/auth/me", map[string]string{"timezone": "Mars"}).refused(400, "VALIDATION_ERROR").names("timezone")
	ann.post("/api/auth/password", map[string]string{"currentPassword": "Wrong-Horse-9", "newPassword": "Other-Horse-9"}).refused(401, "INVALID_CREDENTIALS")
	ann.post("/api/auth/password", map[string]string{"currentPassword": password, "newPassword": "short"}).refused(400, "VALIDATION_ERROR").names("newPassword")
	var other struct{ Token string }
	p.do(ask{method: "POST", path: "/api/auth/login", body: map[string]string{"identifier": "anna", "password": password}}).want(200).into(&other)
	ann.post("/api/auth/password", map[string]string{"currentPassword": password, "newPassword": "Other-Horse-9"}).want(200)
	ann.get("/api/auth/me").want(200)
	p.do(ask{method: "GET", path: "/api/auth/me", token: other.Token}).refused(401, "SESSION_REVOKED")
	ann.delete("/api/auth/me", map[string]string{"password": password}).refused(401, "INVALID_CREDENTIALS")
	ann.delete("/api/auth/me", map[string]string{"password": "Other-Horse-9"}).want(200)
	ann.get("/api/auth/me").refused(401, "SESSION_REVOKED")
}

func TestFault59_NamesAndTitlesAreInAnyScript(t *testing.T) {
	p := open(t)
	ann := p.person("ann")
	var c chat.Conversation
	ann.post("/api/conversations", map[string]string{"title": "日経 – Straße 🚀"}).want(201).into(&c)
	if c.Title != "日経 – Straße 🚀" {
		t.Errorf("title %q", c.Title)
	}
	var list conversationPage
	ann.get("/api/conversations?q=STRASSE").want(200)
	ann.get("/api/conversations?q=%E6%97%A5%E7%B5%8C").want(200).into(&list)
	if len(list.Items) != 1 {
		t.Errorf("%d found", len(list.Items))
	}
	ann.post("/api/conversations", map[string]string{"title": strings.Repeat("🚀", 200)}).want(201)
	ann.post("/api/conversations", map[string]string{"title": strings.Repeat("🚀", 201)}).refused(400, "VALIDATION_ERROR").names("title")
}

func TestFault61_PagesNeitherSkipNorRepeat(t *testing.T) {
	p := open(t)
	ann := p.person("ann")
	for range 7 {
		ann.conversation("off")
	}
	seen := map[string]bool{}
	path, pages := "/api/conversations?limit=3", 0
	for path != "" {
		var page conversationPage
		ann.get(path).want(200).into(&page)
		if page.Pagination.Total != nil || page.Pagination.Limit != 3 || page.Pagination.HasMore != (page.NextCursor != nil) {
			t.Errorf("pagination %+v", page.Pagination)
		}
		for _, c := range page.Items {
			if seen[c.ID] {
				t.Errorf("%s twice", c.ID)
			}
			seen[c.ID] = true
		}
		path = ""
		if page.NextCursor != nil {
			path = "/api/conversations?limit=3&cursor=" + *page.NextCursor
		}
		pages++
	}
	if len(seen) != 7 || pages != 3 {
		t.Errorf("%d conversations on %d pages", len(seen), pages)
	}
	var page conversationPage
	ann.get("/api/conversations?limit=3&offset=6").want(200).into(&page)
	if len(page.Items) != 1 || *page.Pagination.Total != 7 || *page.Pagination.Offset != 6 || page.Pagination.HasMore {
		t.Errorf("page %+v", page)
	}
}

func TestFault69_HealthIsWhereProbesLook(t *testing.T) {
	p := open(t)
	a, b := p.do(ask{method: "GET", path: "/health"}).want(200), p.do(ask{method: "GET", path: "/api/health"}).want(200)
	if string(a.Data) != string(b.Data) {
		t.Errorf("%s and %s", a.Data, b.Data)
	}
}

func TestNothingHasATopLevelMessage(t *testing.T) {
	p := open(t)
	ann := p.person("ann")
	for _, a := range []ask{
		{method: "GET", path: "/api/auth/me", token: ann.token},
		{method: "GET", path: "/api/auth/me"},
		{method: "POST", path: "/api/auth/register", body: "{}"},
		{method: "GET", path: "/api/health"},
		{method: "GET", path: "/nowhere"},
	} {
		var top map[string]json.RawMessage
		if err := json.Unmarshal(p.do(a).raw, &top); err != nil {
			t.Fatal(err)
		}
		if _, there := top["message"]; there {
			t.Errorf("%s %s has one", a.method, a.path)
		}
	}
}
