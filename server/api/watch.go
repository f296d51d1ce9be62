package api

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"strings"
)

// maxEvent bounds one line of the stream, in bytes.
const maxEvent = 1 << 20

// Events follows the server until ctx ends, the connection breaks or the loop
// does. A break is the last pair, with an error as of [Client.Get]: the caller
// takes a snapshot again and follows anew. Follow first and snapshot then, and
// nothing falls between.
func (c *Client) Events(ctx context.Context) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		body, err := c.stream(ctx, adminPath+"/events")
		if err != nil {
			yield(Event{}, err)
			return
		}
		defer body.Close()
		for e, err := range readEvents(body) {
			if ctx.Err() != nil {
				return
			}
			if !yield(e, err) || err != nil {
				return
			}
		}
	}
}

// stream opens an answer that does not end by itself.
func (c *Client) stream(ctx context.Context, path string) (io.ReadCloser, error) {
	req, err := c.request(ctx, http.MethodGet, path, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "text/event-stream")
	client, done := c.carrier()
	resp, err := client.Do(req)
	if err != nil {
		done()
		return nil, unreachable(ctx, err)
	}
	if resp.StatusCode == http.StatusOK {
		return closing{resp.Body, done}, nil
	}
	defer done()
	defer resp.Body.Close()
	reply, err := io.ReadAll(io.LimitReader(resp.Body, maxReply))
	if err != nil {
		return nil, unreachable(ctx, err)
	}
	if err := read(resp.StatusCode, reply, nil); err != nil {
		return nil, err
	}
	return nil, fmt.Errorf("%w: it answered %d where a stream was asked for", ErrUnreachable, resp.StatusCode)
}

// closing ends what carried a body together with it.
type closing struct {
	io.ReadCloser
	done func()
}

func (c closing) Close() error {
	defer c.done()
	return c.ReadCloser.Close()
}

// readEvents reads server-sent events; the last pair is why they ended.
func readEvents(r io.Reader) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		lines := bufio.NewScanner(r)
		lines.Buffer(nil, maxEvent)
		name, data := "", ""
		for lines.Scan() {
			line := lines.Text()
			switch key, value, _ := strings.Cut(line, ":"); {
			case line == "":
				if e, known, err := readEvent(name, data); known && (!yield(e, err) || err != nil) {
					return
				}
				name, data = "", ""
			case key == "event":
				name = strings.TrimPrefix(value, " ")
			case key == "data":
				data += strings.TrimPrefix(value, " ")
			}
		}
		err := lines.Err()
		if err == nil {
			err = errors.New("it ended the stream")
		}
		yield(Event{}, fmt.Errorf("%w: %w", ErrUnreachable, err))
	}
}

// readEvent is false for names that a newer server may know.
func readEvent(name, data string) (e Event, known bool, err error) {
	e.Name = name
	var into any
	switch name {
	case EventLoad:
		e.Load = &Load{}
		into = e.Load
	case EventChanged:
		e.Changed = &Changed{}
		into = e.Changed
	case EventLog:
		e.Log = &LogLine{}
		into = e.Log
	case EventLimit:
		e.Limit = &LimitHit{}
		into = e.Limit
	case EventAudit:
		e.Audit = &AuditEntry{}
		into = e.Audit
	case EventLost:
		e.Lost = &Lost{}
		into = e.Lost
	default:
		return Event{}, false, nil
	}
	if err := json.Unmarshal([]byte(data), into); err != nil {
		return Event{}, true, fmt.Errorf("%w: its event %s cannot be read: %w", ErrUnreachable, name, err)
	}
	return e, true, nil
}
