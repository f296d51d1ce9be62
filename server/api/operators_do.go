package api

import (
	"context"
	"net/http"
	"net/url"
)

// Disconnect closes a socket, on whichever node; its client comes back by
// itself.
func (c *Client) Disconnect(ctx context.Context, connection string) error {
	_, err := operate[any](ctx, c, http.MethodDelete, "/connections/"+url.PathEscape(connection), nil)
	return err
}

// CreateAccount makes an account.
func (c *Client) CreateAccount(ctx context.Context, n NewAccount) (User, error) {
	return operate[User](ctx, c, http.MethodPost, "/users", n)
}

// ChangeAccount changes what is given of an account.
func (c *Client) ChangeAccount(ctx context.Context, whom string, change AccountChange) (User, error) {
	return operate[User](ctx, c, http.MethodPatch, "/users/"+url.PathEscape(whom), change)
}

// DeleteAccount deletes an account and all its data.
func (c *Client) DeleteAccount(ctx context.Context, whom string) error {
	_, err := operate[any](ctx, c, http.MethodDelete, "/users/"+url.PathEscape(whom), nil)
	return err
}

// SignOut ends all of an account's sessions; its sockets close within a second.
func (c *Client) SignOut(ctx context.Context, whom string) (Ended, error) {
	return operate[Ended](ctx, c, http.MethodPost, "/users/"+url.PathEscape(whom)+"/sign-out", nil)
}

// Disable shuts an account out; its sockets close within a second.
func (c *Client) Disable(ctx context.Context, whom string) (User, error) {
	return operate[User](ctx, c, http.MethodPost, "/users/"+url.PathEscape(whom)+"/disable", nil)
}

// Enable lets it in again.
func (c *Client) Enable(ctx context.Context, whom string) (User, error) {
	return operate[User](ctx, c, http.MethodPost, "/users/"+url.PathEscape(whom)+"/enable", nil)
}

// EditTier changes what is given of a tier's limits.
func (c *Client) EditTier(ctx context.Context, name string, change LimitsChange) (Tier, error) {
	return operate[Tier](ctx, c, http.MethodPatch, "/tiers/"+url.PathEscape(name), change)
}

// LiftLimit gives limits back.
func (c *Client) LiftLimit(ctx context.Context, l Lift) error {
	_, err := operate[any](ctx, c, http.MethodPost, "/limits/lift", l)
	return err
}

// StopAnswer ends an answer and keeps what was written.
func (c *Client) StopAnswer(ctx context.Context, id string) error {
	_, err := operate[any](ctx, c, http.MethodPost, "/answers/"+url.PathEscape(id)+"/stop", nil)
	return err
}

// Announce tells everybody who is connected, on every node.
func (c *Client) Announce(ctx context.Context, n Notice) (Told, error) {
	return operate[Told](ctx, c, http.MethodPost, "/notices", n)
}

// Drain has the answering node stop as on SIGTERM: no new work, sockets told
// and closed one after another, then the end of the process.
func (c *Client) Drain(ctx context.Context) error {
	_, err := operate[any](ctx, c, http.MethodPost, "/drain", nil)
	return err
}

// CreateToken makes an operator token.
func (c *Client) CreateToken(ctx context.Context, n NewToken) (MadeToken, error) {
	return operate[MadeToken](ctx, c, http.MethodPost, "/tokens", n)
}

// RevokeToken ends an operator token, named by id, name or prefix.
func (c *Client) RevokeToken(ctx context.Context, which string) (Token, error) {
	return operate[Token](ctx, c, http.MethodDelete, "/tokens/"+url.PathEscape(which), nil)
}

// CreateTestUsers makes throw-away accounts.
func (c *Client) CreateTestUsers(ctx context.Context, n NewTestUsers) (TestUsers, error) {
	return operate[TestUsers](ctx, c, http.MethodPost, "/test-users", n)
}

// RemoveTestUsers deletes a batch of them and all their data; "all" deletes
// every batch there is.
func (c *Client) RemoveTestUsers(ctx context.Context, batch string) (Ended, error) {
	return operate[Ended](ctx, c, http.MethodDelete, "/test-users/"+url.PathEscape(batch), nil)
}
