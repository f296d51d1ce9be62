package openaitest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"
)

// Exchange is one request and its reply as they went over the wire, without
// any header that could hold a key.
type Exchange struct {
	Request json.RawMessage `json:"request"`
	Status  int             `json:"status"`
	Type    string          `json:"contentType"`
	Reply   string          `json:"reply"`
}

// Recorder is a transport that keeps what passes through it.
type Recorder struct {
	Below http.RoundTripper // nil: http.DefaultTransport

	mu   sync.Mutex
	kept []Exchange
}

// RoundTrip sends a request on. The reply is read whole before it is handed
// up: a recording is not for watching a stream.
func (r *Recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, fmt.Errorf("read the request: %w", err)
	}
	_ = req.Body.Close()
	out := req.Clone(req.Context())
	out.Body = io.NopCloser(bytes.NewReader(body))
	below := r.Below
	if below == nil {
		below = http.DefaultTransport
	}
	resp, err := below.RoundTrip(out)
	if err != nil {
		return nil, err
	}
	reply, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if err != nil {
		return nil, fmt.Errorf("read the reply: %w", err)
	}
	resp.Body = io.NopCloser(bytes.NewReader(reply))
	r.mu.Lock()
	defer r.mu.Unlock()
	r.kept = append(r.kept, Exchange{Request: body, Status: resp.StatusCode, Type: resp.Header.Get("Content-Type"), Reply: string(reply)})
	return resp, nil
}

// Save writes what was kept to a file.
func (r *Recorder) Save(path string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	raw, err := json.MarshalIndent(r.kept, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the recording: %w", err)
	}
	return os.WriteFile(path, append(raw, '\n'), 0o600)
}

// Player is a transport that replies from a recording, in its order.
type Player struct {
	mu   sync.Mutex
	left []Exchange
}

// Load reads a recording.
func Load(path string) (*Player, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	p := &Player{}
	if err := json.Unmarshal(raw, &p.left); err != nil {
		return nil, fmt.Errorf("read the recording %s: %w", path, err)
	}
	return p, nil
}

// RoundTrip gives the next reply of the recording.
func (p *Player) RoundTrip(req *http.Request) (*http.Response, error) {
	_, _ = io.Copy(io.Discard, req.Body)
	_ = req.Body.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.left) == 0 {
		return nil, fmt.Errorf("the recording has no further reply to %s", req.URL.Path)
	}
	next := p.left[0]
	p.left = p.left[1:]
	return &http.Response{
		StatusCode: next.Status, Status: http.StatusText(next.Status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {next.Type}}, Body: io.NopCloser(bytes.NewReader([]byte(next.Reply))), Request: req,
	}, nil
}
