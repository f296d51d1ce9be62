package doctor

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/elite-trading-coach/coach/server/api"
	"github.com/elite-trading-coach/coach/server/engineio"
	"github.com/elite-trading-coach/coach/server/socketio"
)

const (
	// clockWarn and clockFail are how far two clocks may be apart.
	clockWarn, clockFail = 5 * time.Second, 2 * time.Minute
	// tellingDelay is how long an answer must take to show whether its stream
	// is kept back.
	tellingDelay = 500 * time.Millisecond
)

// signIn signs somebody in, or makes an account for the visit.
func (v *visit) signIn(ctx context.Context) bool {
	began := time.Now()
	var grant struct{ Token string }
	if v.Identifier != "" {
		err := v.api.Post(ctx, "/api/auth/login", map[string]string{"identifier": v.Identifier, "password": v.Password}, &grant)
		if err != nil {
			v.fail("sign-in", "Signing in does not work: "+plain(err), "Look at the name and the password; `coach user list` shows who there is.")
			return false
		}
	} else {
		name := "doctor_" + word()
		v.password = "Doctor-" + word()
		body := map[string]string{"email": name + "@doctor.invalid", "username": name, "password": v.password}
		if err := v.api.Post(ctx, "/api/auth/register", body, &grant); err != nil {
			v.fail("sign-in", "No account can be made: "+plain(err), "Wait where a limit is named, or give an account of yours with --as.")
			return false
		}
		v.account = true
	}
	v.api.Token = grant.Token
	v.timed("sign-in", "Signing in works", time.Since(began))
	return true
}

// leave takes away what the visit made.
func (v *visit) leave(ctx context.Context) {
	var err error
	switch {
	case v.account:
		err = v.api.Delete(ctx, "/api/auth/me", map[string]string{"password": v.password})
	case v.conversation != "":
		err = v.api.Delete(ctx, "/api/conversations/"+v.conversation, nil)
	}
	if err != nil {
		v.warn("tidying up", "What this visit made could not be taken away: "+plain(err), "`coach user list doctor_` finds accounts that are left; `coach user delete` removes them.")
	}
}

// event is one from the server, and when it came.
type event struct {
	name string
	data json.RawMessage
	at   time.Time
}

// ear collects events. Its channel holds more than one short answer has; what
// is more is dropped, so that the read loop never waits.
type ear struct{ events chan event }

func (e *ear) Event(name string, args []json.RawMessage) {
	if len(args) == 0 {
		args = []json.RawMessage{nil}
	}
	select {
	case e.events <- event{name, args[0], time.Now()}:
	default:
	}
}

func (e *ear) Closed(error) {}

// await is the next event of one of the names.
func (e *ear) await(ctx context.Context, names ...string) (event, error) {
	for {
		select {
		case got := <-e.events:
			for _, name := range names {
				if got.name == name {
					return got, nil
				}
			}
		case <-ctx.Done():
			return event{}, fmt.Errorf("no %s came", strings.Join(names, " or "))
		}
	}
}

// talk sends a message over WebSocket, and listens to the answer.
func (v *visit) talk(ctx context.Context) {
	dialling, cancel := context.WithTimeout(ctx, stepLimit)
	defer cancel()
	hears := &ear{make(chan event, 4096)}
	began := time.Now()
	socket, err := socketio.Dial(dialling, v.URL, map[string]string{"token": v.api.Token}, hears)
	if err != nil {
		v.fail("websocket", "No WebSocket opens: "+plain(err), passUpgrade)
		v.sendByREST(ctx)
		return
	}
	defer func() {
		socket.Close()
		<-socket.Done()
	}()
	v.timed("websocket", "A WebSocket opens and is signed in", time.Since(began))
	v.clock(dialling, hears, began)
	if v.send(ctx, socket) && v.Ask {
		v.answer(ctx, hears)
	}
}

// clock compares the server's with ours.
func (v *visit) clock(ctx context.Context, hears *ear, asked time.Time) {
	first, err := hears.await(ctx, "connected")
	var hello struct{ ServerTime time.Time }
	if err == nil {
		err = json.Unmarshal(first.data, &hello)
	}
	if err != nil {
		v.fail("clock", "The server did not say what time it is: "+err.Error()+".", "Look whether it is a coach of another version.")
		return
	}
	// Its time is of some moment between our asking and our hearing.
	var apart time.Duration
	switch {
	case hello.ServerTime.Before(asked):
		apart = asked.Sub(hello.ServerTime)
	case hello.ServerTime.After(first.at):
		apart = hello.ServerTime.Sub(first.at)
	}
	const remedy = "Let NTP set the clocks of both machines (timedatectl set-ntp true): tokens, certificates and trading days go by them."
	text := fmt.Sprintf("The server's clock and this one are %s apart.", apart.Round(100*time.Millisecond))
	switch {
	case apart >= clockFail:
		v.fail("clock", text, remedy)
	case apart >= clockWarn:
		v.warn("clock", text, remedy)
	default:
		v.ok("clock", "The server's clock and this one agree.")
	}
}

// open makes a conversation of the visit's own.
func (v *visit) open(ctx context.Context) error {
	coach := "off"
	if v.Ask {
		coach = "always"
	}
	var made struct{ ID string }
	err := v.api.Post(ctx, "/api/conversations", map[string]string{"title": "coach doctor", "coach": coach}, &made)
	v.conversation = made.ID
	return err
}

const question = "What is risk per trade? One sentence, please."

// send has a message acknowledged.
func (v *visit) send(ctx context.Context, socket *socketio.Client) bool {
	if err := v.open(ctx); err != nil {
		v.fail("send", "No conversation can be made: "+plain(err), "The server's log says why.")
		return false
	}
	began, acked := time.Now(), make(chan json.RawMessage, 1)
	err := socket.Emit("send_message", map[string]string{"conversationId": v.conversation, "content": question}, func(args []json.RawMessage) {
		if len(args) > 0 {
			acked <- args[0]
		}
	})
	var reply struct {
		Success bool
		Error   string
	}
	if err == nil {
		select {
		case raw := <-acked:
			err = json.Unmarshal(raw, &reply)
		case <-socket.Done():
			err = errors.New("the socket was closed before the acknowledgement")
		case <-time.After(stepLimit):
			err = errors.New("no acknowledgement came")
		case <-ctx.Done():
			err = ctx.Err()
		}
	}
	switch {
	case err != nil:
		v.fail("send", "A message was sent and not acknowledged: "+err.Error()+".", "Look for a proxy that ends or buffers WebSockets, and at the server's log.")
	case !reply.Success:
		v.fail("send", "The server refuses a message: "+reply.Error, "The server's log says why.")
	default:
		v.timed("send", "A message is acknowledged, and so is stored", time.Since(began))
	}
	return err == nil && reply.Success
}

// sendByREST tells whether at least that works.
func (v *visit) sendByREST(ctx context.Context) {
	v.Ask = false
	began, err := time.Now(), v.open(ctx)
	if err == nil {
		err = v.api.Post(ctx, "/api/messages", map[string]string{"conversationId": v.conversation, "content": question}, nil)
	}
	if err != nil {
		v.fail("send", "A message cannot be stored over REST either: "+plain(err), "The server's log says why.")
		return
	}
	v.timed("send", "A message is stored over REST", time.Since(began))
}

// answer waits for the coach, and listens to the same answer as a stream of
// HTTP, which proxies like to keep back until it is whole.
func (v *visit) answer(ctx context.Context, hears *ear) {
	ctx, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	const remedy = "`coach health` on the server shows the models; its log says what they answered. OPENAI_BASE_URL, OPENAI_API_KEY and AI_MODELS name them."
	began := time.Now()
	thinking, err := hears.await(ctx, "ai_thinking", "ai_error")
	var pending struct{ MessageID string }
	if err == nil {
		err = json.Unmarshal(thinking.data, &pending)
	}
	if err != nil {
		v.fail("answer", "The coach did not begin to answer: "+err.Error()+".", remedy)
		return
	}
	asked, firstByte := time.Now(), make(chan time.Time, 1)
	go func() { firstByte <- v.follow(ctx, pending.MessageID) }()
	finished, err := hears.await(ctx, "ai_response", "ai_error")
	var done struct {
		Error   string
		Message struct{ Model, Status string }
	}
	if err == nil {
		err = json.Unmarshal(finished.data, &done)
	}
	switch {
	case err != nil:
		v.fail("answer", "The coach did not finish its answer: "+err.Error()+".", remedy)
	case done.Error != "":
		v.fail("answer", "The coach could not answer: "+done.Error, remedy)
	default:
		v.ok("answer", "%s answers (%d ms).", done.Message.Model, finished.at.Sub(began).Milliseconds())
	}
	v.buffering(<-firstByte, asked, finished.at)
}

// follow reads the answer as server-sent events, and gives when its first byte
// came; zero: none did.
func (v *visit) follow(ctx context.Context, id string) time.Time {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, v.URL+"/api/messages/"+id+"/stream", http.NoBody)
	if err != nil {
		return time.Time{}
	}
	req.Header.Set("Authorization", "Bearer "+v.api.Token)
	req.Header.Set("Accept", "text/event-stream")
	resp, err := v.http.Do(req)
	if err != nil {
		return time.Time{}
	}
	defer resp.Body.Close()
	reader := bufio.NewReader(resp.Body)
	if _, err := reader.ReadByte(); err != nil || resp.StatusCode != http.StatusOK {
		return time.Time{}
	}
	at := time.Now()
	_, _ = io.Copy(io.Discard, reader) // to its end, as a reader does
	return at
}

// buffering judges by when the stream began: coach writes its first line at
// once, so one that begins in the last tenth of the answer's time was kept back
// until the end, which reaches the socket and the stream some moments apart.
func (v *visit) buffering(first, asked, finished time.Time) {
	const check = "streaming"
	const remedy = "Turn the proxy's buffering off for /api/ (nginx: proxy_buffering off and no proxy_ignore_headers X-Accel-Buffering; Caddy: flush_interval -1), and its compression of text/event-stream."
	switch {
	case first.IsZero():
		v.fail(check, "The answer does not come as a stream (/api/messages/:id/stream).", remedy)
	case finished.Sub(asked) < tellingDelay:
		v.ok(check, "The answer streams; it was written too quickly (%d ms) to show whether a proxy keeps it back.", max(0, finished.Sub(asked).Milliseconds()))
	case finished.Sub(first) < finished.Sub(asked)/10:
		v.warn(check, fmt.Sprintf("The stream of an answer began only when it was whole, after %d ms: something on the way keeps it back.", first.Sub(asked).Milliseconds()), remedy)
	default:
		v.ok(check, "The answer streams: it began after %d ms and was whole after %d ms.", first.Sub(asked).Milliseconds(), finished.Sub(asked).Milliseconds())
	}
}

// plain is an error in words that end a sentence.
func plain(err error) string {
	var refused *api.RefusedError
	var reply *engineio.UnexpectedReplyError
	switch {
	case errors.As(err, &refused):
		return refused.Failure.Error
	case errors.As(err, &reply):
		return fmt.Sprintf("the answer was %d %s.", reply.Status, http.StatusText(reply.Status))
	}
	return strings.TrimSuffix(err.Error(), ".") + "."
}
