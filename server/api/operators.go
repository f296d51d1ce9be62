package api

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
)

// ErrNoOperators says that a coach answered, but one that knows nothing of
// what was asked: it is older than this program.
var ErrNoOperators = errors.New("that server is older than this program and does not know how to answer; update it, or use its own coach")

// OverSocket is a client of the server whose admin socket is at path. It needs
// no token: who may open the socket is an operator.
func OverSocket(path string) *Client {
	transport := &http.Transport{
		DisableKeepAlives: true, // nothing is left running behind a command
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "unix", path)
		},
	}
	return &Client{BaseURL: "http://admin.sock", HTTP: &http.Client{Transport: transport}}
}

const adminPath = "/api/admin"

// operate asks one thing below /api/admin and reads the answer as a T.
func operate[T any](ctx context.Context, c *Client, method, path string, in any) (T, error) {
	var out T
	err := c.send(ctx, method, adminPath+path, in, &out)
	var refused *RefusedError
	if errors.As(err, &refused) && refused.Status == http.StatusNotFound && refused.Failure.Error == NothingHere {
		return out, fmt.Errorf("%w (%s %s)", ErrNoOperators, method, adminPath+path)
	}
	return out, err
}

func list[T any](ctx context.Context, c *Client, name string, l List) (Page[T], error) {
	q := url.Values{}
	for key, value := range map[string]string{"filter": l.Filter, "sort": l.Sort, "cursor": l.Cursor} {
		if value != "" {
			q.Set(key, value)
		}
	}
	if l.Limit > 0 {
		q.Set("limit", strconv.Itoa(l.Limit))
	}
	return operate[Page[T]](ctx, c, http.MethodGet, "/"+name+"?"+q.Encode(), nil)
}

// Snapshot is the server at this moment.
func (c *Client) Snapshot(ctx context.Context) (Snapshot, error) {
	return operate[Snapshot](ctx, c, http.MethodGet, "/snapshot", nil)
}

// SnapshotWithHistory is Snapshot with the load of the last minutes.
func (c *Client) SnapshotWithHistory(ctx context.Context) (Snapshot, error) {
	return operate[Snapshot](ctx, c, http.MethodGet, "/snapshot?history=true", nil)
}

// Connections lists the answering node's sockets.
func (c *Client) Connections(ctx context.Context, l List) (Page[Connection], error) {
	return list[Connection](ctx, c, "connections", l)
}

// Connection is one of them, closely; NOT_FOUND when it has gone.
func (c *Client) Connection(ctx context.Context, id string) (ConnectionDetail, error) {
	return operate[ConnectionDetail](ctx, c, http.MethodGet, "/connections/"+url.PathEscape(id), nil)
}

// Rooms lists the conversations that somebody on the answering node has open.
func (c *Client) Rooms(ctx context.Context, l List) (Page[Room], error) {
	return list[Room](ctx, c, "rooms", l)
}

// Room is one of them, closely.
func (c *Client) Room(ctx context.Context, id string) (RoomDetail, error) {
	return operate[RoomDetail](ctx, c, http.MethodGet, "/rooms/"+url.PathEscape(id), nil)
}

// Accounts lists accounts.
func (c *Client) Accounts(ctx context.Context, l List) (Page[Account], error) {
	return list[Account](ctx, c, "users", l)
}

// Account is one, closely; whom is an e-mail, a username or an id, here and in
// every verb.
func (c *Client) Account(ctx context.Context, whom string) (AccountDetail, error) {
	return operate[AccountDetail](ctx, c, http.MethodGet, "/users/"+url.PathEscape(whom), nil)
}

// Answers lists the answers that are not finished.
func (c *Client) Answers(ctx context.Context, l List) (Page[Answer], error) {
	return list[Answer](ctx, c, "answers", l)
}

// LimitHits lists who was refused by a limit of late.
func (c *Client) LimitHits(ctx context.Context, l List) (Page[LimitHit], error) {
	return list[LimitHit](ctx, c, "limits", l)
}

// Audit lists what operators did.
func (c *Client) Audit(ctx context.Context, l List) (Page[AuditEntry], error) {
	return list[AuditEntry](ctx, c, "audit", l)
}

// Tiers lists the tiers by name, with their use.
func (c *Client) Tiers(ctx context.Context) ([]Tier, error) {
	return operate[[]Tier](ctx, c, http.MethodGet, "/tiers", nil)
}

// Tokens lists operator tokens, the revoked ones too, newest first.
func (c *Client) Tokens(ctx context.Context) ([]Token, error) {
	return operate[[]Token](ctx, c, http.MethodGet, "/tokens", nil)
}
