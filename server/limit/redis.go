package limit

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// redisScript does in one round trip what cell.take does, in the same whole
// microseconds; a double holds them exactly until the year 2255.
//
//go:embed gcra.lua
var redisScript string

// Redis is the limiter of several nodes that share a Redis: one meaning, one
// round trip a question. The clock is Redis's own, so that nodes whose clocks
// differ still agree.
type Redis struct {
	client *redis.Client
	prefix string
	script *redis.Script
	now    func() time.Time // nil: Redis's clock
}

// NewRedis makes a limiter whose keys begin with prefix, which is the same on
// all nodes of a site and on no other's. The client is the caller's.
func NewRedis(client *redis.Client, prefix string) *Redis {
	return &Redis{client: client, prefix: prefix, script: redis.NewScript(redisScript)}
}

// NewRedisAt is NewRedis by another clock.
func NewRedisAt(client *redis.Client, prefix string, now func() time.Time) *Redis {
	r := NewRedis(client, prefix)
	r.now = now
	return r
}

// Allow implements [Limiter].
func (l *Redis) Allow(ctx context.Context, key string, r Rule, n int) (Decision, error) {
	if n < 0 {
		return Decision{}, fmt.Errorf("%w: %d of %q at once", ErrRule, n, r.Name)
	}
	return l.ask(ctx, "take", key, r, n)
}

// Return implements [Limiter].
func (l *Redis) Return(ctx context.Context, key string, r Rule, n int) error {
	if n < 0 {
		return fmt.Errorf("%w: %d of %q given back", ErrRule, n, r.Name)
	}
	_, err := l.ask(ctx, "return", key, r, n)
	return err
}

// Peek implements [Limiter].
func (l *Redis) Peek(ctx context.Context, key string, r Rule) (Decision, error) {
	return l.ask(ctx, "peek", key, r, 1)
}

// Reset implements [Limiter].
func (l *Redis) Reset(ctx context.Context, key string, r Rule) error {
	return l.client.Del(ctx, l.prefix+name(key, r)).Err()
}

func (l *Redis) ask(ctx context.Context, verb, key string, r Rule, n int) (Decision, error) {
	if err := r.Check(); err != nil {
		return Decision{}, err
	}
	c, clock := newCell(r), ""
	if l.now != nil {
		clock = strconv.FormatInt(l.now().UnixMicro(), 10)
	}
	answer, err := l.script.Run(ctx, l.client, []string{l.prefix + name(key, r)}, verb, clock, c.limit, c.interval, c.capacity, n).StringSlice()
	if err != nil {
		return Decision{}, fmt.Errorf("ask redis about %s: %w", r.Name, err)
	}
	if len(answer) != 3 {
		return Decision{}, errors.New("ask redis: the script of another version answers")
	}
	tat, err1 := strconv.ParseInt(answer[1], 10, 64)
	now, err2 := strconv.ParseInt(answer[2], 10, 64)
	if err := errors.Join(err1, err2); err != nil {
		return Decision{}, fmt.Errorf("read redis's answer: %w", err)
	}
	return c.decision(tat, now, int64(n), answer[0] == "1"), nil
}
