package rest

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/elite-trading-coach/coach/server/admin"
	"github.com/elite-trading-coach/coach/server/api"
	"github.com/elite-trading-coach/coach/server/auth"
	"github.com/elite-trading-coach/coach/server/bus"
	"github.com/elite-trading-coach/coach/server/chat"
	"github.com/elite-trading-coach/coach/server/limit"
	"github.com/elite-trading-coach/coach/storage"
)

// floor is a node with one socket, one room and one answer, which notes what
// it is told to do.
type floor struct {
	mu   sync.Mutex
	done []string
}

func (f *floor) note(what string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.done = append(f.done, what)
}

func (f *floor) did() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := strings.Join(f.done, "; ")
	f.done = nil
	return all
}

const theSocket, theRoom = "socket-1", "room-1"

func (p *place) operators(b bus.Bus) *admin.Service {
	one := api.Connection{ID: theSocket, UserID: storage.NewID(), Username: "ann", Tier: "free", Transport: "websocket", QueueBytes: 7}
	room := api.Room{ID: theRoom, Sockets: 1, Users: 1}
	f := p.floor
	return admin.New(admin.Options{
		Records: admin.NewRecords(p.store, p.auth, func(l api.Limits) error { return limit.Tier(l).Check() }, slog.New(slog.DiscardHandler)),
		Bus:     b, Self: api.Node{ID: "node-1", Name: "here"},
		Floor: admin.Floor{
			Load:        func(context.Context) api.Load { return api.Load{Ready: true, Sockets: 1} },
			Connections: func(yield func(api.Connection) bool) { yield(one) },
			Actors:      func(yield func(auth.Actor) bool) { yield(auth.Actor{UserID: one.UserID, Tier: one.Tier}) },
			Connection: func(id string) (api.ConnectionDetail, bool) {
				return api.ConnectionDetail{Connection: one, ConversationIDs: []string{theRoom}, Recent: []api.RecentEvent{}}, id == theSocket
			},
			Rooms: func(yield func(api.Room) bool) { yield(room) },
			Room: func(id string) (api.RoomDetail, bool) {
				return api.RoomDetail{Room: room, Connections: []api.Connection{one}}, id == theRoom
			},
			SocketsOf:   func(string) []api.Connection { return nil },
			Limits:      func(context.Context, string, string) []api.LimitState { return []api.LimitState{} },
			Disconnect:  func(id string) bool { f.note("disconnect " + id); return id == theSocket },
			Announce:    func(n api.Notice) int { f.note("announce " + n.Level + " " + n.Message); return 1 },
			StopAnswer:  func(_ context.Context, id string) error { f.note("stop " + id); return nil },
			Lift:        func(_ context.Context, key, name string) error { f.note("lift " + key + " " + name); return nil },
			ReloadTiers: func(context.Context) error { f.note("reload"); return nil },
			Drain:       func() { f.note("drain") },
		},
	})
}

// asOperator makes an operator token straight in the room.
func (p *place) asOperator(scope string) *person {
	p.t.Helper()
	made, err := p.site.Operators.CreateToken(p.t.Context(), admin.Operator{Name: "test", Scope: api.ScopeAdmin}, api.NewToken{Name: scope, Scope: scope})
	if err != nil {
		p.t.Fatal(err)
	}
	return &person{place: p, token: made.Secret}
}

// everyOperatorRoute asks for each of them once.
func (p *place) everyOperatorRoute() {
	boss := p.asOperator(api.ScopeAdmin)
	for _, path := range []string{"snapshot?history=true", "connections?filter=queue%3E0&sort=-age&limit=5", "rooms", "answers", "users", "limits", "audit", "tiers", "tokens"} {
		boss.get("/api/admin/" + path).want(http.StatusOK)
	}
	boss.get("/api/admin/connections/" + theSocket).want(http.StatusOK)
	boss.get("/api/admin/rooms/" + theRoom).want(http.StatusOK)
	boss.delete("/api/admin/connections/"+theSocket, nil).want(http.StatusOK)
	boss.post("/api/admin/answers/"+storage.NewID()+"/stop", nil).want(http.StatusOK)
	boss.post("/api/admin/users", map[string]string{"email": "new@example.org", "username": "newcomer", "password": password}).want(http.StatusCreated)
	boss.get("/api/admin/users/newcomer").want(http.StatusOK)
	boss.patch("/api/admin/users/newcomer", map[string]string{"tier": "premium", "role": "admin"}).want(http.StatusOK)
	for _, verb := range []string{"sign-out", "disable", "enable"} {
		boss.post("/api/admin/users/newcomer/"+verb, nil).want(http.StatusOK)
	}
	boss.delete("/api/admin/users/newcomer", nil).want(http.StatusOK)
	var made api.TestUsers
	boss.post("/api/admin/test-users", map[string]any{"count": 2}).want(http.StatusCreated).into(&made)
	boss.delete("/api/admin/test-users/"+made.Batch, nil).want(http.StatusOK)
	p.storeTiers()
	boss.patch("/api/admin/tiers/free", map[string]any{"sockets": 3}).want(http.StatusOK)
	boss.post("/api/admin/limits/lift", map[string]string{"key": "address:192.0.2.1"}).want(http.StatusOK)
	boss.post("/api/admin/notices", map[string]string{"message": "Back soon."}).want(http.StatusOK)
	boss.post("/api/admin/drain", nil).want(http.StatusOK)
	boss.post("/api/admin/tokens", map[string]any{"name": "other", "scope": "read-only", "expiresInSeconds": 60}).want(http.StatusCreated)
	boss.delete("/api/admin/tokens/other", nil).want(http.StatusOK)
	boss.get("/metrics").want(http.StatusOK)
	boss.get("/debug/pprof/goroutine").want(http.StatusOK)
	p.firstEvent(boss)
}

// firstEvent reads the stream until its first event, and leaves.
func (p *place) firstEvent(boss *person) {
	p.t.Helper()
	ctx, cancel := context.WithCancel(p.t.Context())
	defer cancel()
	req := p.request(ask{method: "GET", path: "/api/admin/events", token: boss.token})
	res, err := p.http.Do(req.WithContext(ctx))
	if err != nil {
		p.t.Fatal(err)
	}
	defer res.Body.Close()
	lines := bufio.NewScanner(res.Body)
	for lines.Scan() && !strings.HasPrefix(lines.Text(), "data: ") {
	}
	var load api.Load
	if err := json.Unmarshal([]byte(strings.TrimPrefix(lines.Text(), "data: ")), &load); err != nil || load.Sockets != 1 {
		p.t.Errorf("the stream begins with %q, %v", lines.Text(), err)
	}
	route := described(p.t, req, res, nil, false)
	if p.diary != nil {
		p.diary.Exchange(route, req, nil, res, []byte("event: load\n"+lines.Text()+"\n"))
	}
}

func (p *place) storeTiers() {
	p.t.Helper()
	err := p.store.Tx(p.t.Context(), func(tx *storage.Tx) error {
		for name, tier := range limit.Defaults() {
			b, err := json.Marshal(tier)
			if err != nil {
				return err
			}
			if err := tx.PutTier(p.t.Context(), storage.Tier{Name: name, Limits: b, UpdatedAt: storage.Now()}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		p.t.Fatal(err)
	}
}

// verbs is everything that a read-only token is refused.
func verbs() []ask {
	return []ask{
		{method: "DELETE", path: "/api/admin/connections/" + theSocket},
		{method: "POST", path: "/api/admin/answers/" + storage.NewID() + "/stop"},
		{method: "POST", path: "/api/admin/users", body: map[string]string{"email": "x@example.org", "username": "xavier", "password": password}},
		{method: "PATCH", path: "/api/admin/users/ann", body: map[string]string{"tier": "premium"}},
		{method: "DELETE", path: "/api/admin/users/ann"},
		{method: "POST", path: "/api/admin/users/ann/sign-out"},
		{method: "POST", path: "/api/admin/users/ann/disable"},
		{method: "POST", path: "/api/admin/users/ann/enable"},
		{method: "POST", path: "/api/admin/test-users", body: map[string]int{"count": 1}},
		{method: "DELETE", path: "/api/admin/test-users/all"},
		{method: "PATCH", path: "/api/admin/tiers/free", body: map[string]int{"sockets": 1}},
		{method: "POST", path: "/api/admin/limits/lift", body: map[string]string{"key": "address:192.0.2.1"}},
		{method: "POST", path: "/api/admin/notices", body: map[string]string{"message": "m"}},
		{method: "POST", path: "/api/admin/drain"},
		{method: "POST", path: "/api/admin/tokens", body: map[string]string{"name": "n", "scope": "admin"}},
		{method: "DELETE", path: "/api/admin/tokens/read-only"},
		{method: "GET", path: "/debug/pprof/heap"},
	}
}

func TestReadOnlyOperatorsAreRefusedEveryVerb(t *testing.T) {
	p := open(t)
	p.person("ann")
	p.storeTiers()
	looker := p.asOperator(api.ScopeReadOnly)
	before := p.audited()
	for _, a := range verbs() {
		a.token = looker.token
		p.do(a).refused(http.StatusForbidden, "FORBIDDEN")
	}
	if did := p.floor.did(); did != "" {
		t.Errorf("done all the same: %s", did)
	}
	if after := p.audited(); len(after) != len(before) {
		t.Errorf("the audit log grew: %+v", after)
	}
	// What is not in the list of verbs is a GET.
	known := map[string]bool{}
	for _, a := range verbs() {
		known[a.method] = true
	}
	for _, r := range (&site{}).operatorRoutes() {
		if r.method != http.MethodGet && !known[r.method] {
			t.Errorf("%s %s is no verb of this test", r.method, r.path)
		}
	}
	looker.get("/api/admin/snapshot").want(http.StatusOK)
	looker.get("/metrics").want(http.StatusOK)
}

func (p *place) audited() []api.AuditEntry {
	p.t.Helper()
	page, err := p.site.Operators.Audit(p.t.Context(), api.List{Limit: api.MaxPage})
	if err != nil {
		p.t.Fatal(err)
	}
	return page.Items
}

func TestOnlyOperatorsComeThrough(t *testing.T) {
	p := open(t)
	ann, root := p.person("ann"), p.person("root")
	if _, err := p.auth.SetRole(t.Context(), auth.By{Name: "test"}, "root", "admin"); err != nil {
		t.Fatal(err)
	}
	revoked := p.asOperator(api.ScopeAdmin)
	if _, err := p.site.Operators.RevokeToken(t.Context(), admin.Operator{Scope: api.ScopeAdmin}, api.ScopeAdmin); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/api/admin/snapshot", "/api/admin/connections", "/api/admin/events", "/metrics", "/debug/pprof/heap"} {
		for name, tc := range map[string]struct {
			token  string
			status int
			code   string
		}{
			"nobody":         {"", http.StatusUnauthorized, "TOKEN_MISSING"},
			"a user":         {ann.token, http.StatusForbidden, "FORBIDDEN"},
			"an unknown one": {"coach_op_nonsense", http.StatusUnauthorized, "TOKEN_INVALID"},
			"a revoked one":  {revoked.token, http.StatusUnauthorized, "SESSION_REVOKED"},
		} {
			t.Run(name+" "+path, func(t *testing.T) {
				p.t = t
				p.do(ask{method: "GET", path: path, token: tc.token}).refused(tc.status, tc.code)
			})
		}
	}
	p.t = t
	root.get("/api/admin/snapshot").want(http.StatusOK)
	p.do(ask{method: "GET", path: "/api/auth/me", token: p.asOperator(api.ScopeReadOnly).token}).refused(http.StatusUnauthorized, "TOKEN_INVALID")
}

func TestGuessingAtOperatorTokensIsCounted(t *testing.T) {
	p := open(t, func(o *Options, _ *chat.Options, _ *authOptions) { tight(o) })
	var last answer
	for range 50 {
		if last = p.do(ask{method: "GET", path: "/api/admin/snapshot", token: "coach_op_guess"}); last.status == http.StatusTooManyRequests {
			break
		}
	}
	last.refused(http.StatusTooManyRequests, "RATE_LIMITED")
	boss := p.asOperator(api.ScopeAdmin)
	for range 50 {
		boss.get("/api/admin/rooms").want(http.StatusOK)
	}
	var hits api.Page[api.LimitHit]
	boss.get("/api/admin/limits").want(http.StatusOK).into(&hits)
	if len(hits.Items) == 0 || hits.Items[0].Tier != limit.Anonymous || !strings.HasPrefix(hits.Items[0].Key, "address:") {
		t.Errorf("limits hit: %+v", hits)
	}
}

func TestWhatOperatorsTypeWrong(t *testing.T) {
	p := open(t)
	p.storeTiers()
	boss := p.asOperator(api.ScopeAdmin)
	for _, tc := range []struct {
		ask
		field, message string
	}{
		{ask{method: "GET", path: "/api/admin/connections?filter=tier%3Dfree+quue%3E0"}, "filter", `At 11, "quue>0": There is no field quue`},
		{ask{method: "GET", path: "/api/admin/connections?sort=size"}, "sort", "One cannot sort by it"},
		{ask{method: "GET", path: "/api/admin/users?cursor=nonsense"}, "cursor", "This is no cursor of this server"},
		{ask{method: "GET", path: "/api/admin/audit?limit=501", loose: true}, "limit", "whole number from 1 to 500"},
		{ask{method: "GET", path: "/debug/pprof/profile?seconds=61", loose: true}, "seconds", "whole number from 1 to 60"},
		{ask{method: "POST", path: "/api/admin/tokens", body: map[string]string{"name": "", "scope": "admin"}}, "name", "A token needs a name"},
		{ask{method: "POST", path: "/api/admin/tokens", body: map[string]string{"name": "n", "scope": "root"}}, "scope", "admin or read-only"},
		{ask{method: "POST", path: "/api/admin/notices", body: map[string]string{"message": " "}}, "message", "1 to 500 characters"},
		{ask{method: "POST", path: "/api/admin/test-users", body: map[string]any{"count": 1001}}, "count", "from 1 to 1000"},
		{ask{method: "POST", path: "/api/admin/test-users", body: map[string]any{"count": "many"}}, "count", "whole number"},
		{ask{method: "PATCH", path: "/api/admin/tiers/free", body: map[string]any{}}, "requests15m", "Say which limits"},
		{ask{method: "PATCH", path: "/api/admin/tiers/anonymous", body: map[string]any{"requests15m": 5}}, "requests15m", "RATE_LIMIT_MAX_REQUESTS"},
		{ask{method: "PATCH", path: "/api/admin/tiers/anonymous", body: map[string]any{"burstPerSecond": 5, "messagesPerMinute": 5}}, "messagesPerMinute", "Strangers only ask"},
		{ask{method: "POST", path: "/api/admin/limits/lift", body: map[string]string{"key": "ann"}}, "key", `"user:" and an id`},
		{ask{method: "PATCH", path: "/api/admin/users/ann", body: map[string]string{}}, "role", "Say what to change"},
	} {
		t.Run(fmt.Sprint(tc.path, tc.body), func(t *testing.T) {
			p.t = t
			if strings.HasSuffix(tc.path, "/users/ann") {
				p.person("ann")
			}
			a := tc.ask
			a.token = boss.token
			got := p.do(a).refused(http.StatusBadRequest, "VALIDATION_ERROR")
			if len(got.Details) == 0 || got.Details[0].Field != tc.field || !strings.Contains(got.Details[0].Message, tc.message) {
				t.Errorf("details %+v, want %s: …%s…", got.Details, tc.field, tc.message)
			}
		})
	}
	p.t = t
	for _, path := range []string{"/api/admin/connections/none", "/api/admin/rooms/none", "/api/admin/users/none", "/debug/pprof/none"} {
		boss.get(path).refused(http.StatusNotFound, "NOT_FOUND")
	}
	boss.delete("/api/admin/connections/none", nil).refused(http.StatusNotFound, "NOT_FOUND")
	boss.patch("/api/admin/tiers/gold", map[string]int{"sockets": 1}).refused(http.StatusNotFound, "NOT_FOUND")
	boss.delete("/api/admin/tokens/none", nil).refused(http.StatusNotFound, "NOT_FOUND")
	boss.post("/api/admin/tokens", map[string]string{"name": "admin", "scope": "admin"}).refused(http.StatusConflict, "CONFLICT")
}

func TestTheLocalHandlerKnowsItsCaller(t *testing.T) {
	p := open(t)
	srv := httptest.NewUnstartedServer(NewLocal(p.site.Options))
	srv.Listener = fromSocket{srv.Listener}
	srv.Start()
	t.Cleanup(srv.Close)
	p.url = srv.URL
	var found api.Snapshot
	p.do(ask{method: "GET", path: "/api/admin/snapshot"}).want(http.StatusOK).into(&found)
	if found.You != (api.Operator{Name: "socket:ann", Scope: api.ScopeAdmin}) {
		t.Errorf("you are %+v", found.You)
	}
	p.do(ask{method: "GET", path: "/api/health/live"}).want(http.StatusOK)
	res, err := p.http.Do(p.request(ask{method: "GET", path: "/api/auth/me"}))
	if err != nil || res.StatusCode != http.StatusNotFound {
		t.Errorf("a route that is no operator's answers %v, %v", res, err)
	}
	_ = res.Body.Close()
	p.do(ask{method: "POST", path: "/api/admin/drain"}).want(http.StatusOK)
	if e := p.audited()[0]; e.Action != "node.drain" || e.Actor != "socket:ann" {
		t.Errorf("audited %+v", e)
	}
}

// fromSocket names every caller as the admin socket's listener does.
type fromSocket struct{ net.Listener }

func (l fromSocket) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	return namedConn{c}, err
}

type namedConn struct{ net.Conn }

func (namedConn) RemoteAddr() net.Addr { return &net.UnixAddr{Name: "socket:ann", Net: "unix"} }
