package bus_test

import (
	"net/url"
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/google/uuid"

	"github.com/elite-trading-coach/coach/server/bus"
	"github.com/elite-trading-coach/coach/server/bus/bustest"
	"github.com/elite-trading-coach/coach/server/needs"
	"github.com/elite-trading-coach/coach/storage/storagetest"
)

func TestRedis(t *testing.T) {
	site := redisSite(func(t *testing.T) string { return needs.Redis(t) })
	bustest.Run(t, func(t *testing.T) bus.Bus { return site(t).Node(t) })
	bustest.RunCluster(t, site)
}

// TestMiniRedis is the same without any service on the machine.
func TestMiniRedis(t *testing.T) {
	site := redisSite(func(t *testing.T) string { return miniredis.RunT(t).Addr() })
	bustest.Run(t, func(t *testing.T) bus.Bus { return site(t).Node(t) })
	bustest.RunCluster(t, site)
}

func TestPostgres(t *testing.T) {
	bustest.Run(t, func(t *testing.T) bus.Bus { return postgresSite(t).Node(t) })
	bustest.RunCluster(t, postgresSite)
}

// redisSite makes sites on the Redis at an address, each on a channel of its own.
func redisSite(address func(t *testing.T) string) func(t *testing.T) bustest.Site {
	return func(t *testing.T) bustest.Site {
		wire, channel := bustest.NewWire(t, address(t)), "coach-test:"+uuid.NewString()
		return bustest.Site{Wire: wire, Node: func(t *testing.T) *bus.Remote {
			client, err := bus.DialRedis("redis://" + wire.Addr())
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = client.Close() })
			return bus.NewRedis(client, channel, uuid.NewString(), nil)
		}}
	}
}

func postgresSite(t *testing.T) bustest.Site {
	u, err := url.Parse(storagetest.PostgresURL(t))
	if err != nil {
		t.Fatal(err)
	}
	wire, channel := bustest.NewWire(t, u.Host), "coach_test_"+uuid.NewString()
	u.Host = wire.Addr()
	return bustest.Site{Wire: wire, Node: func(*testing.T) *bus.Remote {
		return bus.NewPostgres(u.String(), channel, uuid.NewString(), nil)
	}}
}
