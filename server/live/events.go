package live

import (
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/elite-trading-coach/coach/server/deadline"
	"github.com/elite-trading-coach/coach/server/fault"
	"github.com/elite-trading-coach/coach/server/limit"
	"github.com/elite-trading-coach/coach/server/socketio"
)

// handler does what one event asks. What it returns becomes the ack, with
// success beside it; a nil map is an ack that says only success.
type handler func(s *Server, ctx context.Context, c *client, e *request) (map[string]any, error)

// handlers is every event a client may send; ping is answered in Event.
func handlers() map[string]handler {
	return map[string]handler{
		"send_message":       (*Server).sendMessage,
		"edit_message":       (*Server).editMessage,
		"delete_message":     (*Server).deleteMessage,
		"join_conversation":  (*Server).joinConversation,
		"leave_conversation": (*Server).leaveConversation,
		"typing_start":       (*Server).typingStart,
		"typing_stop":        (*Server).typingStop,
		"typing":             (*Server).typingEither,
		"update_status":      (*Server).updateStatus,
		"get_online_users":   (*Server).onlineUsers,
		"stop_ai":            (*Server).stopAI,
		"regenerate":         (*Server).regenerate,
		"sync":               (*Server).sync,
		"mark_read":          (*Server).markRead,
		"refresh_auth":       (*Server).refreshAuth,
	}
}

// Events lists every event that a client may send, so that a test can ask of
// each who may.
func Events() []string {
	return append(slices.Sorted(maps.Keys(handlers())), "ping")
}

// request is one event on its way through a handler.
type request struct {
	event *socketio.Event
	acked bool
	began time.Time
	// took is from the arrival to the acknowledgement; code is of the refusal,
	// "" = done.
	took  time.Duration
	code  fault.Code
	after func() // what must follow the answer, whatever that is; nil: nothing
}

// ack answers before the handler returns, for what must follow the answer.
func (r *request) ack(v map[string]any) {
	if v == nil {
		v = map[string]any{}
	}
	v["success"] = true
	r.answer(v)
}

// answer is ack with all that it says, success too.
func (r *request) answer(v any) {
	if r.acked {
		return
	}
	r.acked, r.took = true, time.Since(r.began)
	_ = r.event.Ack(v)
}

// Event implements socketio.Handler: every event is counted, handled and
// acknowledged, unknown and malformed ones too.
func (s *Server) Event(socket *socketio.Socket, e *socketio.Event) {
	c := of(socket)
	ctx, cancel := deadline.Within(s.ctx, eventLimit)
	defer cancel()
	r := &request{event: e, began: time.Now()}
	defer func() {
		s.handled(c, r)
		if r.after != nil {
			r.after()
		}
	}()
	if err := s.allow(ctx, c); err != nil {
		s.refuse(c, r, err)
		return
	}
	s.o.Auth.Used(c.who(), &c.used)
	if e.Name == "ping" {
		pong(e)
		return
	}
	handle := s.handler[e.Name]
	if handle == nil {
		s.refuse(c, r, fault.Newf(fault.Validation, "There is no event %q; see the API description.", fault.Clip(e.Name)))
		return
	}
	answer, err := handle(s, ctx, c, r)
	if err != nil {
		s.refuse(c, r, err)
		return
	}
	r.ack(answer)
}

// pong echoes what the ping held, binary data too.
func pong(e *socketio.Event) {
	if len(e.Args) == 0 || string(e.Args[0]) == "null" {
		_ = e.Ack("pong")
		return
	}
	_ = e.AckRaw(e.Args[:1], e.Attachments)
}

// allow counts one event in the actor's burst.
func (s *Server) allow(ctx context.Context, c *client) error {
	a := c.who()
	if s.o.Unlimited || a.Admin() {
		return nil
	}
	rule := s.o.Tiers.Of(a.Tier).Burst()
	d, err := s.o.Limiter.Allow(ctx, limit.UserKey(a.UserID), rule, 1)
	if err != nil || d.Allowed {
		return nil //nolint:nilerr // a limiter that is away must not take the chat with it
	}
	return &fault.Error{
		Code: fault.RateLimited, Message: "Too many events at once; slow down.",
		RetryAfter: d.RetryAfter, Tier: a.Tier, Rule: rule.Name, Limit: rule.Limit, Window: rule.Window,
	}
}

// refusal is what a client is told: success false, and why.
type refusal struct {
	Success   bool           `json:"success"`
	Error     string         `json:"error"`
	Code      fault.Code     `json:"code"`
	Retryable bool           `json:"retryable"`
	Details   []fault.Detail `json:"details,omitempty"`
	// RetryAfterMs is there when waiting that long helps.
	RetryAfterMs int64 `json:"retryAfterMs,omitempty"`
}

// refuse acknowledges a failure, tells of it by the events of the contract,
// and logs what is ours.
func (s *Server) refuse(c *client, r *request, err error) {
	f := fault.From(err)
	r.code = f.Code
	if f.Code == fault.Internal || f.Err != nil {
		s.log.Log(s.ctx, severity(err), "an event failed", "event", fault.Clip(r.event.Name), "user", c.who().UserID, "code", f.Code, "err", err)
	}
	if f.Code == fault.RateLimited {
		s.tellLimited(c, r, f)
		s.limited(c.socket, c.who(), f)
	}
	if r.event.Name == "send_message" {
		s.tellNotSent(c, r, f)
	}
	if r.acked {
		return
	}
	_ = r.event.Ack(refusal{
		Error: f.Message, Code: f.Code, Retryable: f.Code.Retryable(), Details: f.Details, RetryAfterMs: f.RetryAfter.Milliseconds(),
	})
}

// tellLimited is never kept for recovery: whoever sends without end would fill
// the log that all share, and push out what others missed.
func (s *Server) tellLimited(c *client, r *request, f *fault.Error) {
	p, err := socketio.NewPacket("rate_limited", map[string]any{
		"event": fault.Clip(r.event.Name), "limit": f.Limit, "windowSeconds": int(f.Window / time.Second),
		"retryAfterMs": f.RetryAfter.Milliseconds(), "tier": f.Tier,
	})
	if err == nil {
		_ = c.socket.Send(p.Transient()) // a socket that has gone needs no telling
	}
}

// severity is how loudly a failure is logged. That the database is away is
// said by the store, once and not for every event.
func severity(err error) slog.Level {
	if fault.Is(err, fault.Unavailable) {
		return slog.LevelDebug
	}
	return slog.LevelWarn
}

// decode reads the first argument into v, a pointer to a struct. Unknown
// fields are ignored; a wrong type is refused with the field's name.
func (r *request) decode(v any) error {
	if len(r.event.Args) == 0 {
		return fault.New(fault.Validation, "The event needs an object as its first argument.")
	}
	err := json.Unmarshal(r.event.Args[0], v)
	if err == nil && string(r.event.Args[0]) != "null" {
		return nil
	}
	if wrong, ok := err.(*json.UnmarshalTypeError); ok && wrong.Field != "" { //nolint:errorlint // json returns it bare
		return fault.Invalid(wrong.Field, "The field "+wrong.Field+" must not be a "+wrong.Value+".")
	}
	return fault.New(fault.Validation, "The event needs an object as its first argument.")
}

// conversationID reads {conversationId} or, from older clients, the bare id.
func (r *request) conversationID() (string, error) {
	var bare string
	if len(r.event.Args) > 0 && json.Unmarshal(r.event.Args[0], &bare) == nil && bare != "" {
		return bare, nil
	}
	var v struct {
		ConversationID string `json:"conversationId"`
	}
	if err := r.decode(&v); err != nil {
		return "", err
	}
	if v.ConversationID == "" {
		return "", fault.Invalid("conversationId", "Say which conversation.")
	}
	return v.ConversationID, nil
}
