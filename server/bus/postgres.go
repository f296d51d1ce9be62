package bus

import (
	"context"
	"errors"
	"log/slog"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// NewPostgres is the bus of nodes that share a Postgres and nothing else, over
// LISTEN and NOTIFY. It takes two connections of its own, which must not go
// through a transaction pooler. channel is the same on all nodes of a site and
// on no other's; node differs between processes.
//
// A commit with a NOTIFY takes a lock of the whole cluster, so the bus never
// notifies inside a transaction of the store: it sends, in one statement each,
// as many events as fit into the 8 000 bytes that a NOTIFY may carry.
func NewPostgres(url, channel, node string, log *slog.Logger) *Remote {
	return newRemote(&postgresCarrier{url: url, channel: channel}, node, log)
}

type postgresCarrier struct {
	url, channel string
	conn         *pgx.Conn // that sends; nil: none is open. Owned by the sending goroutine.
}

func (c *postgresCarrier) name() string { return "postgres" }

// size is less than the 7 999 bytes that pg_notify takes.
func (c *postgresCarrier) size() int { return 7900 }

func (c *postgresCarrier) send(ctx context.Context, frames []string) error {
	if c.conn == nil {
		conn, err := c.connect(ctx)
		if err != nil {
			return err
		}
		c.conn = conn
	}
	// A batch is one round trip and one transaction.
	batch := &pgx.Batch{}
	for _, frame := range frames {
		batch.Queue("SELECT pg_notify($1, $2)", c.channel, frame)
	}
	err := c.conn.SendBatch(ctx, batch).Close()
	if err != nil {
		c.close()
	}
	return err
}

func (c *postgresCarrier) receive(ctx context.Context, ready func(), heard func(string)) error {
	conn, err := c.connect(ctx)
	if err != nil {
		return err
	}
	defer hangUp(conn)
	if _, err := conn.Exec(ctx, "LISTEN "+pgx.Identifier{c.channel}.Sanitize()); err != nil {
		return err
	}
	ready()
	for {
		n, err := conn.WaitForNotification(ctx)
		if err != nil {
			return err
		}
		heard(n.Payload)
	}
}

func (c *postgresCarrier) connect(ctx context.Context) (*pgx.Conn, error) {
	pool, err := pgxpool.ParseConfig(c.url) // knows the pool's parameters, which a URL may hold
	if err != nil {
		return nil, errors.New("the database URL cannot be read")
	}
	cfg := pool.ConnConfig
	if cfg.RuntimeParams["application_name"] == "" {
		cfg.RuntimeParams["application_name"] = "coach bus"
	}
	ctx, cancel := context.WithTimeout(ctx, wirePatience)
	defer cancel()
	return pgx.ConnectConfig(ctx, cfg)
}

func (c *postgresCarrier) close() {
	if c.conn != nil {
		hangUp(c.conn)
		c.conn = nil
	}
}

func hangUp(conn *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), farewell)
	defer cancel()
	_ = conn.Close(ctx)
}
