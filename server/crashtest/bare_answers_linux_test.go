package crashtest

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lxzan/gws"
)

// bareAsk begins a message that asks for an answer from the provider whose
// address follows; bareEnd is what its socket hears after it.
const bareAsk, bareEnd = "answer ", "end"

// BenchmarkServerBareAnswers is BenchmarkServerAnswers through the bare server:
// each answer is read from the provider and written to its socket, what comes
// within 37 ms in one frame, and nothing is kept or checked.
func BenchmarkServerBareAnswers(b *testing.B) {
	provider := stampingProvider(b)
	s, all := newBare(b), runs{}
	var askers []*asker
	sockets := map[*asker]*gws.Conn{}
	for range answersAtOnce {
		a := &asker{}
		c, err := dialBare(s, bareListener{asker: a})
		if err != nil {
			b.Fatal(err)
		}
		defer func() { _ = c.NetConn().Close() }()
		askers, sockets[a] = append(askers, a), c
	}
	for range b.N {
		all.answers(b, s, askers, func(a *asker) error { return sockets[a].WriteString(bareAsk + provider) })
	}
	all.report(b)
}

// bareListener lets an asker hear what the bare server says.
type bareListener struct {
	gws.BuiltinEventHandler
	asker *asker
}

func (l bareListener) OnMessage(_ *gws.Conn, message *gws.Message) {
	defer func() { _ = message.Close() }()
	if text := message.Bytes(); string(text) == bareEnd {
		l.asker.Event("ai_response", nil)
	} else {
		l.asker.Event("ai_delta", []json.RawMessage{text})
	}
}

// bareDelta is what a socket is told of an answer.
type bareDelta struct {
	Offset int    `json:"offset"`
	Text   string `json:"text"`
}

// bareAnswer is one on its way to its socket.
type bareAnswer struct {
	to   *gws.Conn
	mu   sync.Mutex
	next bareDelta
	told time.Time
	due  *time.Timer // while text waits
}

func answerBare(to *gws.Conn, provider string) {
	reply, err := askBare(provider)
	if err != nil {
		_ = to.WriteString(err.Error())
		return
	}
	defer reply.Body.Close()
	a := &bareAnswer{to: to}
	lines := bufio.NewScanner(reply.Body)
	for lines.Scan() {
		var piece struct {
			Choices []struct{ Delta struct{ Content string } }
		}
		data, ok := bytes.CutPrefix(lines.Bytes(), []byte("data: "))
		if ok && json.Unmarshal(data, &piece) == nil && len(piece.Choices) > 0 {
			a.add(piece.Choices[0].Delta.Content)
		}
	}
	a.flush()
	_ = to.WriteString(bareEnd)
}

func askBare(provider string) (*http.Response, error) {
	ask, err := http.NewRequestWithContext(context.Background(), http.MethodPost, provider+"/v1/chat/completions",
		strings.NewReader(`{"model":"stub","stream":true,"messages":[{"role":"user","content":"x"}]}`))
	if err != nil {
		return nil, err
	}
	ask.Header.Set("Content-Type", "application/json")
	return http.DefaultClient.Do(ask)
}

func (a *bareAnswer) add(text string) {
	a.mu.Lock()
	a.next.Text += text
	wait := time.Until(a.told.Add(37 * time.Millisecond)) // as coach.deltaEvery
	later := wait > 0
	if later && a.due == nil {
		a.due = time.AfterFunc(wait, a.flush)
	}
	a.mu.Unlock()
	if !later {
		a.flush()
	}
}

func (a *bareAnswer) flush() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.due != nil {
		a.due.Stop()
		a.due = nil
	}
	if a.next.Text == "" {
		return
	}
	frame, err := json.Marshal(a.next)
	if err != nil {
		return
	}
	_ = a.to.WriteMessage(gws.OpcodeText, frame)
	a.next = bareDelta{Offset: a.next.Offset + len(a.next.Text)}
	a.told = time.Now()
}
