package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"image"
	"image/png"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/elite-trading-coach/coach/configs"
	"github.com/elite-trading-coach/coach/server"
	"github.com/elite-trading-coach/coach/server/api"
	"github.com/elite-trading-coach/coach/server/live"
	"github.com/elite-trading-coach/coach/server/rest"
	"github.com/elite-trading-coach/coach/server/socketio/socketiotest"
	"github.com/elite-trading-coach/coach/storage"
	"github.com/elite-trading-coach/coach/storage/storagetest"
)

// The callers, as the columns of the tables.
const (
	asNobody   = "nobody"
	asExpired  = "expired"
	asDisabled = "disabled"
	asStranger = "stranger"
	asAdmin    = "admin"
	asViewer   = "viewer"
	asMember   = "member"
	asOwner    = "owner"
)

const drainRoute = "POST /api/admin/drain"

// line is a line of a table.
type line struct {
	what  string            // method and path, or the event
	gets  map[string]string // by caller
	body  string
	named map[string]bool // what the line asks for in braces
}

var braced = regexp.MustCompile(`\{(\w+)\}`)

// readTable reads a table whose lines begin with so many words of what is asked.
func readTable(t *testing.T, table string, what int) (callers []string, lines []line) {
	t.Helper()
	for text := range strings.Lines(strings.TrimSpace(table)) {
		fields := strings.Fields(text)
		switch {
		case len(fields) == 0:
		case callers == nil:
			callers = fields
		case len(fields) < what+len(callers):
			t.Fatalf("this line says nothing for some of %v:\n%s", callers, text)
		default:
			l := line{what: strings.Join(fields[:what], " "), gets: map[string]string{}, named: map[string]bool{}}
			for i, c := range callers {
				l.gets[c] = fields[what+i]
			}
			l.body = strings.Join(fields[what+len(callers):], " ")
			for _, m := range braced.FindAllStringSubmatch(l.what+l.body, -1) {
				l.named[m[1]] = true
			}
			lines = append(lines, l)
		}
	}
	return callers, lines
}

// asks reports whether a line is one of a route like "GET /api/messages/:id".
func (l line) asks(route string) bool {
	have, _, _ := strings.Cut(l.what, "?")
	a, b := strings.Split(have, "/"), strings.Split(route, "/")
	return slices.EqualFunc(a, b, func(part, pattern string) bool {
		if strings.HasPrefix(pattern, ":") {
			return strings.HasPrefix(part, "{")
		}
		return part == pattern
	})
}

func TestEveryRouteAndEventHasALine(t *testing.T) {
	_, routes := readTable(t, routeTable, 2)
	for _, route := range rest.Routes() {
		if !slices.ContainsFunc(routes, func(l line) bool { return l.asks(route) }) {
			t.Errorf("nothing says who may ask for %s: add a line to routeTable in server/access_table_test.go", route)
		}
	}
	for _, l := range routes {
		if !slices.ContainsFunc(rest.Routes(), l.asks) {
			t.Errorf("there is no route for the line %q", l.what)
		}
	}
	_, events := readTable(t, eventTable, 1)
	for _, event := range live.Events() {
		if !slices.ContainsFunc(events, func(l line) bool { return l.what == event }) {
			t.Errorf("nothing says who may send %s: add a line to eventTable in server/access_table_test.go", event)
		}
	}
	for _, l := range events {
		if !slices.Contains(live.Events(), l.what) {
			t.Errorf("there is no event for the line %q", l.what)
		}
	}
}

func TestWhoMayAskForWhichRoute(t *testing.T) {
	t.Parallel()
	usual := newHouse(t)
	callers, lines := readTable(t, routeTable, 2)
	for _, l := range lines {
		t.Run(strings.ReplaceAll(l.what, "/", " "), func(t *testing.T) {
			h, callers := usual, callers
			if l.asks(drainRoute) { // by whoever may, it is the last that this house hears
				h, callers = newHouse(t), append(slices.DeleteFunc(slices.Clone(callers), func(c string) bool { return c == asAdmin }), asAdmin)
			}
			for _, caller := range callers {
				who, things := h.cell(t, l, caller)
				if got := strconv.Itoa(h.status(t, who, things.Replace(l.what), things.Replace(l.body))); got != l.gets[caller] {
					t.Errorf("%s gets %s, want %s", caller, got, l.gets[caller])
				}
			}
		})
	}
}

func TestWhoMaySendWhichEvent(t *testing.T) {
	h := newHouse(t)
	callers, lines := readTable(t, eventTable, 1)
	sockets := map[string]*socket{}
	for _, l := range lines {
		t.Run(l.what, func(t *testing.T) {
			for _, caller := range callers {
				who, things := h.cell(t, l, caller)
				if got := h.sends(t, sockets, who, l.what, things.Replace(l.body)); got != l.gets[caller] {
					t.Errorf("%s gets %s, want %s", caller, got, l.gets[caller])
				}
			}
		})
	}
	// Who is in none of it heard of none of it.
	for _, caller := range []string{asStranger, asAdmin} {
		s := sockets[caller]
		s.must("ping", object{"success": true}) // whatever was on its way is here now
		for len(s.Events) > 0 {
			if e := <-s.Events; e.Name != "connected" && e.Name != "message_error" {
				t.Errorf("the %s was told %s %s", caller, e.Name, e.Data)
			}
		}
	}
}

// house is a server with somebody of every kind.
type house struct {
	c      configs.Config
	base   string
	store  *storage.Store
	people map[string]*someone
	made   int
}

// someone is a caller of the tables.
type someone struct {
	*caller
	kind, id, name string
}

const houseSecret = "a secret of the house, long enough to sign with"

func newHouse(t *testing.T) *house {
	t.Helper()
	url := storagetest.SQLiteURL(t)
	h := &house{c: config(t, url, "JWT_SECRET="+houseSecret), people: map[string]*someone{}}
	h.base = start(t, h.c)
	h.store = storagetest.Open(t, url)
	for _, kind := range []string{asNobody, asExpired, asDisabled, asStranger, asAdmin, asViewer, asMember, asOwner} {
		h.people[kind] = h.person(t, kind)
	}
	return h
}

// person makes somebody of a kind, with an account of their own.
func (h *house) person(t *testing.T, kind string) *someone {
	t.Helper()
	h.made++
	who := &someone{caller: &caller{t: t, base: h.base}, kind: kind, name: kind + strconv.Itoa(h.made)}
	if kind == asNobody {
		return who
	}
	who.caller, who.id = register(t, h.base, who.name)
	switch kind {
	case asExpired:
		who.token = lateToken(t, who.token)
	case asDisabled:
		h.operator(t, func(ctx context.Context, u *server.Desk) error {
			_, err := u.Disable(ctx, who.name)
			return err
		})
	case asAdmin:
		h.operator(t, func(ctx context.Context, u *server.Desk) error {
			role := storage.RoleAdmin
			_, err := u.ChangeAccount(ctx, who.name, api.AccountChange{Role: &role})
			return err
		})
	}
	return who
}

// operator does what `coach user` does, and waits until the server knows.
func (h *house) operator(t *testing.T, do func(context.Context, *server.Desk) error) {
	t.Helper()
	u, err := server.OpenDesk(t.Context(), h.c, server.MakeAbsent, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = u.Close() }()
	if err := do(t.Context(), u); err != nil {
		t.Fatal(err)
	}
}

// lateToken is a token as it is after its time.
func lateToken(t *testing.T, token string) string {
	t.Helper()
	claims := jwt.MapClaims{}
	if _, _, err := jwt.NewParser().ParseUnverified(token, claims); err != nil {
		t.Fatal(err)
	}
	claims["exp"] = time.Now().Add(-time.Minute).Unix()
	late, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString([]byte(houseSecret))
	if err != nil {
		t.Fatal(err)
	}
	return late
}

// cell is the caller of a cell and the things that its line names. Whoever may
// change an account or a session does so with an account of their own.
func (h *house) cell(t *testing.T, l line, caller string) (*someone, *strings.Replacer) {
	t.Helper()
	who := h.people[caller]
	if strings.Contains(l.what, "/api/auth/") && !slices.Contains([]string{asNobody, asExpired, asDisabled}, caller) {
		who = h.person(t, caller)
	}
	things := h.conversation(t)
	things["viewer"], things["token"], things["name"] = h.people[asViewer].id, who.token, who.name
	things["none"], things["tier"], things["profile"] = storage.NewID(), "free", "goroutine"
	h.made++
	things["new"] = "new" + strconv.Itoa(h.made)
	for name, get := range map[string]func(*testing.T, *someone, string) string{
		"guest": h.guest, "session": h.session, "person": h.bystander, "mine": h.mine, "trade": h.trade, "draft": h.upload, "upload": h.shown,
	} {
		if l.named[name] {
			things[name] = get(t, who, things["room"])
		}
	}
	var pairs []string
	for name, thing := range things {
		pairs = append(pairs, "{"+name+"}", thing)
	}
	return who, strings.NewReplacer(pairs...)
}

// conversation stores one of the owner, the member, the viewer and the
// disabled one, with a question and its answer.
func (h *house) conversation(t *testing.T) map[string]string {
	t.Helper()
	room, question, answer, at := storage.NewID(), storage.NewID(), storage.NewID(), storage.Now()
	owner, member := h.people[asOwner].id, h.people[asMember].id
	err := h.store.Tx(t.Context(), func(tx *storage.Tx) error {
		c := storage.Conversation{
			ID: room, OwnerID: owner, Title: "t", Mode: "analysis", Coach: "off", CreatedAt: at, LastSeq: 2, LastRev: 2, MessageCount: 2, LastMessageAt: at,
		}
		asked := storage.Message{
			ID: question, ConversationID: room, Seq: 1, Rev: 1, UserID: member, Type: "user", Status: "sent", Content: "a plan", Mode: "analysis", CreatedAt: at,
		}
		said := storage.Message{
			ID: answer, ConversationID: room, Seq: 2, Rev: 2, ParentID: question, AskedBy: member, Type: "ai", Status: "completed", Content: "it is sound",
			Mode: "analysis", CreatedAt: at,
		}
		return errors.Join(tx.InsertConversation(t.Context(), c), tx.AdvanceConversation(t.Context(), c),
			h.enter(t, tx, room, asMember, "member"), h.enter(t, tx, room, asViewer, "viewer"), h.enter(t, tx, room, asDisabled, "member"),
			tx.InsertMessage(t.Context(), asked), tx.InsertMessage(t.Context(), said))
	})
	if err != nil {
		t.Fatal(err)
	}
	return map[string]string{"room": room, "question": question, "answer": answer}
}

func (h *house) enter(t *testing.T, tx *storage.Tx, room, who, role string) error {
	return tx.PutMember(t.Context(), storage.Member{ConversationID: room, UserID: h.people[who].id, Role: role, JoinedAt: storage.Now()})
}

func (h *house) guest(t *testing.T, _ *someone, _ string) string {
	return h.person(t, "guest").name
}

func (h *house) bystander(t *testing.T, _ *someone, _ string) string {
	return h.person(t, "bystander").id
}

func (h *house) session(t *testing.T, _ *someone, room string) string {
	return h.mine(t, h.person(t, asStranger), room)
}

func (h *house) mine(t *testing.T, who *someone, _ string) string {
	var list struct{ Sessions []struct{ ID string } }
	if r := who.must(http.MethodGet, "/api/auth/sessions", nil); r.Success {
		r.into(t, &list)
		return list.Sessions[0].ID
	}
	return storage.NewID()
}

func (h *house) trade(t *testing.T, _ *someone, _ string) string {
	var made struct{ ID string }
	h.people[asOwner].must(http.MethodPost, "/api/trades", object{
		"instrument": "MES", "side": "long", "quantity": 1, "entry": 6000, "openedAt": "2026-03-02T15:00:00Z",
	}).into(t, &made)
	return made.ID
}

func (h *house) upload(t *testing.T, _ *someone, room string) string {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	_ = form.WriteField("conversationId", room)
	file, err := form.CreateFormFile("file", "chart.png")
	if err == nil {
		err = png.Encode(file, image.NewGray(image.Rect(0, 0, 64, 64)))
	}
	if err = errors.Join(err, form.Close()); err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, h.base+"/api/uploads", &body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", form.FormDataContentType())
	req.Header.Set("Authorization", "Bearer "+h.people[asOwner].token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	var made struct {
		Data struct{ Uploads []struct{ ID string } }
	}
	if err := json.NewDecoder(res.Body).Decode(&made); err != nil || len(made.Data.Uploads) != 1 {
		t.Fatalf("an upload gave %d, %+v, %v", res.StatusCode, made, err)
	}
	return made.Data.Uploads[0].ID
}

// shown is an upload that a message of the room shows.
func (h *house) shown(t *testing.T, who *someone, room string) string {
	id := h.upload(t, who, room)
	h.people[asOwner].must(http.MethodPost, "/api/messages", object{"conversationId": room, "uploadIds": []string{id}}).into(t, &struct{}{})
	return id
}

// status asks for a route.
func (h *house) status(t *testing.T, who *someone, what, body string) int {
	t.Helper()
	method, path, _ := strings.Cut(what, " ")
	req, err := http.NewRequestWithContext(t.Context(), method, h.base+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if who.token != "" {
		req.Header.Set("Authorization", "Bearer "+who.token)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	// What operators follow has no end.
	if res.Header.Get("Content-Type") != "text/event-stream" {
		if _, err := io.Copy(io.Discard, res.Body); err != nil {
			t.Fatal(err)
		}
	}
	return res.StatusCode
}

// sends sends an event on the caller's socket, and gives "ok" or the code of
// the refusal: of the event, or of the socket.
func (h *house) sends(t *testing.T, sockets map[string]*socket, who *someone, event, body string) string {
	t.Helper()
	if sockets[who.kind] == nil {
		s, err := dial(h.people[who.kind].t, h.base, who.token)
		var refused *socketiotest.RefusedError
		if errors.As(err, &refused) {
			return codeOf(t, refused.Payload)
		}
		if err != nil {
			t.Fatal(err)
		}
		s.t.Cleanup(s.Close)
		sockets[who.kind] = s
	}
	raw, err := sockets[who.kind].Ask(event, json.RawMessage(body))
	if err != nil {
		t.Fatal(err)
	}
	return codeOf(t, string(raw))
}

// codeOf reads the code of a refusal; that of a sync stands with its
// conversation, that of a handshake in data.
func codeOf(t *testing.T, raw string) string {
	t.Helper()
	var a struct {
		Success       bool
		Code          string
		Data          struct{ Code string }
		Conversations []struct{ Code string }
	}
	if err := json.Unmarshal([]byte(raw), &a); err != nil {
		t.Fatalf("read %s: %v", raw, err)
	}
	for _, c := range a.Conversations {
		a.Code += c.Code
	}
	if code := a.Code + a.Data.Code; code != "" || !a.Success {
		return code
	}
	return "ok"
}
