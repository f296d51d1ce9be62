package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Client speaks to one server. Its methods are safe for concurrent use.
type Client struct {
	// BaseURL is the server's, without a path: http://localhost:3001.
	BaseURL string
	// Token goes along as the bearer's, unless it is "".
	Token string
	// HTTP carries the requests; nil is a client of its own.
	HTTP *http.Client
	// Timeout bounds one request, its reply included; 0 is ten seconds.
	Timeout time.Duration
}

// maxReply bounds what is read of a reply, in bytes: whatever answers on that
// port must not fill the caller's memory.
const maxReply = 32 << 20

// ErrUnreachable says that no coach answered: nobody listens there, the reply
// took too long, or something else answered.
var ErrUnreachable = errors.New("no coach answers there")

// RefusedError is a reply that says no.
type RefusedError struct {
	Status int // of HTTP
	Failure
}

func (e *RefusedError) Error() string { return e.Failure.Error + " (" + e.Code + ")" }

// Get asks for path and puts the reply's data into out, which may be nil. The
// error is an [ErrUnreachable], a [*RefusedError], or the context's.
func (c *Client) Get(ctx context.Context, path string, out any) error {
	return c.send(ctx, http.MethodGet, path, nil, out)
}

// Post sends in as JSON and puts the reply's data into out; either may be nil.
// Its errors are those of Get.
func (c *Client) Post(ctx context.Context, path string, in, out any) error {
	return c.send(ctx, http.MethodPost, path, in, out)
}

// Delete sends in as JSON with the wish to delete what is at path; it may be
// nil. Its errors are those of Get.
func (c *Client) Delete(ctx context.Context, path string, in any) error {
	return c.send(ctx, http.MethodDelete, path, in, nil)
}

// Health asks how the server is: "" for everything, or one of live, ready, db,
// websocket, ai, uploads. A server that says it is down is an answer, and no
// error.
func (c *Client) Health(ctx context.Context, check string) (Health, error) {
	path := "/api/health"
	if check != "" {
		path += "/" + check
	}
	var found Health
	err := c.Get(ctx, path, &found)
	var refused *RefusedError
	if errors.As(err, &refused) && refused.Data != nil {
		return *refused.Data, nil
	}
	if err == nil && found.Status == "" {
		return found, fmt.Errorf("%w: the reply of %s has no status", ErrUnreachable, path)
	}
	return found, err
}

// send asks, and reads the reply, within the timeout.
func (c *Client) send(ctx context.Context, method, path string, in, out any) error {
	timeout := c.Timeout
	if timeout == 0 {
		timeout = 10 * time.Second
	}
	limited, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	req, err := c.request(limited, method, path, in)
	if err != nil {
		return err
	}
	status, reply, err := c.carry(req)
	if err != nil {
		return unreachable(ctx, err)
	}
	return read(status, reply, out)
}

// request makes a request with in as its JSON, nil: without a body.
func (c *Client) request(ctx context.Context, method, path string, in any) (*http.Request, error) {
	var body io.Reader
	if in != nil {
		data, err := json.Marshal(in)
		if err != nil {
			return nil, fmt.Errorf("encode the request: %w", err)
		}
		body = bytes.NewReader(data)
	}
	req, err := http.NewRequestWithContext(ctx, method, strings.TrimRight(c.BaseURL, "/")+path, body)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	req.Header.Set("Accept", "application/json")
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if c.Token != "" {
		req.Header.Set("Authorization", "Bearer "+c.Token)
	}
	return req, nil
}

// carrier is what carries requests, and what to call when they are over.
func (c *Client) carrier() (client *http.Client, done func()) {
	if c.HTTP != nil {
		return c.HTTP, func() {}
	}
	// A transport of its own, closed at once: nothing is left running behind a
	// command that asked one question.
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true}
	return &http.Client{Transport: transport}, transport.CloseIdleConnections
}

func (c *Client) carry(req *http.Request) (status int, reply []byte, err error) {
	client, done := c.carrier()
	defer done()
	resp, err := client.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	reply, err = io.ReadAll(io.LimitReader(resp.Body, maxReply+1))
	if err == nil && len(reply) > maxReply {
		err = fmt.Errorf("the reply is larger than %d bytes", maxReply)
	}
	return resp.StatusCode, reply, err
}

// unreachable is the error of a request that got no reply: the caller's own
// end, or that nobody answered.
func unreachable(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return fmt.Errorf("%w: %w", ErrUnreachable, bare(err))
}

// bare takes the method and the URL off an error of net/http: the caller knows
// whom it asked.
func bare(err error) error {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		return wrapped.Err
	}
	return err
}

// read opens the envelope.
func read(status int, reply []byte, out any) error {
	var envelope struct {
		Success *bool           `json:"success"`
		Data    json.RawMessage `json:"data"`
	}
	if err := json.Unmarshal(reply, &envelope); err != nil || envelope.Success == nil {
		return fmt.Errorf("%w: it answered %d %s, but not as a coach does", ErrUnreachable, status, http.StatusText(status))
	}
	if !*envelope.Success {
		refused := &RefusedError{Status: status}
		if err := json.Unmarshal(reply, &refused.Failure); err != nil {
			return fmt.Errorf("%w: its refusal cannot be read: %w", ErrUnreachable, err)
		}
		return refused
	}
	if out == nil || len(envelope.Data) == 0 {
		return nil
	}
	if err := json.Unmarshal(envelope.Data, out); err != nil {
		return fmt.Errorf("%w: its reply cannot be read: %w", ErrUnreachable, err)
	}
	return nil
}
