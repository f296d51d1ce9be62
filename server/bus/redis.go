package bus

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/redis/go-redis/v9"
)

// DialRedis makes the client of a redis:// or rediss:// URL. It connects when
// it is first used, and tries once: whoever uses it knows what to do when
// Redis is away, and says so in the log.
func DialRedis(url string) (*redis.Client, error) {
	o, err := redis.ParseURL(url)
	if err != nil {
		return nil, errors.New("REDIS_URL cannot be read; write redis://user:password@host:6379/0")
	}
	o.MaxRetries, o.DialerRetries = -1, 1
	o.DialTimeout, o.ReadTimeout, o.WriteTimeout = 2*time.Second, time.Second, time.Second
	redis.SetLogger(quiet{}) // it would tell of each try in a format of its own
	return redis.NewClient(o), nil
}

// quiet is a logger for the library.
type quiet struct{}

func (quiet) Printf(context.Context, string, ...any) {}

// NewRedis is the bus of nodes that share a Redis. Its publish/subscribe keeps
// nothing: what a node misses it reads from the store, as after any gap.
// channel is the same on all nodes of a site and on no other's; node differs
// between processes. The client is the caller's and stays open.
func NewRedis(client *redis.Client, channel, node string, log *slog.Logger) *Remote {
	return newRemote(&redisCarrier{client: client, channel: channel}, node, log)
}

type redisCarrier struct {
	client  *redis.Client
	channel string
}

func (c *redisCarrier) name() string { return "redis" }

// size keeps a frame far below what a subscriber's buffer on the server holds.
func (c *redisCarrier) size() int { return 256 << 10 }

// send publishes the frames in one round trip.
func (c *redisCarrier) send(ctx context.Context, frames []string) error {
	_, err := c.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for _, frame := range frames {
			p.Publish(ctx, c.channel, frame)
		}
		return nil
	})
	return err
}

// receive never lets the client reconnect behind our back: a connection that
// was away must be known as a gap.
func (c *redisCarrier) receive(ctx context.Context, ready func(), heard func(string)) error {
	sub := c.client.Subscribe(ctx, c.channel)
	defer func() { _ = sub.Close() }()
	// Receive does not end with its context.
	stop := context.AfterFunc(ctx, func() { _ = sub.Close() })
	defer stop()
	for {
		message, err := sub.Receive(ctx)
		if err != nil {
			return err
		}
		switch m := message.(type) {
		case *redis.Subscription:
			ready()
		case *redis.Message:
			heard(m.Payload)
		}
	}
}

func (c *redisCarrier) close() {}
