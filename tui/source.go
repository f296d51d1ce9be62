package tui

import (
	"context"
	"iter"

	"github.com/elite-trading-coach/coach/server/api"
)

// Source is the server as the screen needs it. *[api.Client] is one, over HTTP
// with an operator's token and over the admin socket alike; tests write their
// own script. Errors are those of api.Client.
type Source interface {
	// SnapshotWithHistory has the load of the last minutes with it.
	SnapshotWithHistory(ctx context.Context) (api.Snapshot, error)
	Snapshot(ctx context.Context) (api.Snapshot, error)
	// Events follows the server until ctx ends or the connection breaks, which
	// is the last pair.
	Events(ctx context.Context) iter.Seq2[api.Event, error]
	Lists
	Verbs
}

// Lists are what can be looked at, a page at a time or one thing closely.
type Lists interface {
	Connections(ctx context.Context, l api.List) (api.Page[api.Connection], error)
	Connection(ctx context.Context, id string) (api.ConnectionDetail, error)
	Rooms(ctx context.Context, l api.List) (api.Page[api.Room], error)
	Room(ctx context.Context, id string) (api.RoomDetail, error)
	Accounts(ctx context.Context, l api.List) (api.Page[api.Account], error)
	Account(ctx context.Context, whom string) (api.AccountDetail, error)
	Answers(ctx context.Context, l api.List) (api.Page[api.Answer], error)
	LimitHits(ctx context.Context, l api.List) (api.Page[api.LimitHit], error)
	Audit(ctx context.Context, l api.List) (api.Page[api.AuditEntry], error)
}

// Verbs are what can be done; a read-only operator is refused each of them.
type Verbs interface {
	Disconnect(ctx context.Context, connection string) error
	SignOut(ctx context.Context, whom string) (api.Ended, error)
	Disable(ctx context.Context, whom string) (api.User, error)
	Enable(ctx context.Context, whom string) (api.User, error)
	ChangeAccount(ctx context.Context, whom string, change api.AccountChange) (api.User, error)
	EditTier(ctx context.Context, name string, change api.LimitsChange) (api.Tier, error)
	LiftLimit(ctx context.Context, l api.Lift) error
	StopAnswer(ctx context.Context, id string) error
	Announce(ctx context.Context, n api.Notice) (api.Told, error)
	Drain(ctx context.Context) error
}

var _ Source = (*api.Client)(nil)
