package limit_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/elite-trading-coach/coach/server/limit"
	"github.com/elite-trading-coach/coach/server/limit/limittest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestMemory(t *testing.T) {
	limittest.Run(t, func(_ *testing.T, clock *limittest.Clock) limit.Limiter { return limit.NewMemoryAt(clock.Now) })
}

func TestKeys(t *testing.T) {
	for name, pair := range map[string][2]string{
		"one address":          {limit.AddressKey("192.0.2.1"), limit.AddressKey("::ffff:192.0.2.1")},
		"one network":          {limit.AddressKey("2001:db8::1"), limit.AddressKey("2001:db8::ffff:1")},
		"one unreadable text":  {limit.AddressKey("pipe"), limit.AddressKey("pipe")},
		"one network and zone": {limit.AddressKey("fe80::1%eth0"), limit.AddressKey("fe80::2%eth1")},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s: %q and %q", name, pair[0], pair[1])
		}
	}
	for name, pair := range map[string][2]string{
		"two addresses":    {limit.AddressKey("192.0.2.1"), limit.AddressKey("192.0.2.2")},
		"two networks":     {limit.AddressKey("2001:db8::1"), limit.AddressKey("2001:db8:0:1::1")},
		"user and address": {limit.UserKey("1"), limit.AddressKey("1")},
	} {
		if pair[0] == pair[1] {
			t.Errorf("%s: both %q", name, pair[0])
		}
	}
}

// The rows of the contract's table, section 4.
func TestDefaultsAreTheContracts(t *testing.T) {
	rows := map[string][4]int64{
		"requests15m":       {100, 100, 500, 5000},
		"burstPerSecond":    {10, 10, 30, 100},
		"messagesPerMinute": {0, 10, 30, 120},
		"answersPerDay":     {0, 50, 500, 5000},
		"budgetMonthMicros": {0, 2e6, 25e6, 250e6},
		"uploads15m":        {0, 5, 20, 100},
		"sockets":           {0, 5, 20, 100},
		"members":           {0, 5, 50, 2000},
	}
	tiers := limit.Defaults()
	for column, name := range []string{limit.Anonymous, limit.Free, limit.Premium, limit.Enterprise} {
		text, err := json.Marshal(tiers[name])
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]int64{}
		if err := json.Unmarshal(text, &got); err != nil {
			t.Fatal(err)
		}
		want := map[string]int64{}
		for row, values := range rows {
			want[row] = values[column]
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if got, want := limit.SignIn(), (limit.Rule{Name: "signin", Limit: 10, Window: 15 * time.Minute, Strict: true}); got != want {
		t.Errorf("sign-in: %+v", got)
	}
}

func TestTiers(t *testing.T) {
	defaults := limit.Defaults()
	tiers := limit.NewTiers()
	var changed []string
	tiers.OnChanged(func(name string, _ limit.Tier) { changed = append(changed, name) })

	t.Run("a tier nobody knows is free", func(t *testing.T) {
		if tiers.Of("founder") != defaults["free"] {
			t.Errorf("founder: %+v", tiers.Of("founder"))
		}
	})
	t.Run("what is stored is in force", func(t *testing.T) {
		free := defaults["free"]
		free.MessagesPerMinute = 3
		if err := tiers.Load(map[string]limit.Tier{"free": free, "beta": free, "premium": defaults["premium"]}); err != nil {
			t.Fatal(err)
		}
		if got := tiers.Of("free").Messages(); got != (limit.Rule{Name: "messages", Limit: 3, Window: time.Minute}) {
			t.Errorf("messages of free: %+v", got)
		}
		if diff := cmp.Diff([]string{"beta", "free"}, changed); diff != "" {
			t.Errorf("told of (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{"anonymous", "beta", "enterprise", "free", "premium"}, tiers.Names()); diff != "" {
			t.Errorf("names (-want +got):\n%s", diff)
		}
	})
	t.Run("nonsense changes nothing", func(t *testing.T) {
		before := tiers.Of("free")
		err := tiers.Load(map[string]limit.Tier{"free": {Sockets: -1}})
		if !errors.Is(err, limit.ErrRule) {
			t.Errorf("load: %v", err)
		}
		if tiers.Of("free") != before {
			t.Error("it changed")
		}
	})
	t.Run("another window", func(t *testing.T) {
		r := limit.Tier{Requests15m: 7, RequestsWindowSeconds: 60}.Requests()
		if r != (limit.Rule{Name: "requests", Limit: 7, Window: time.Minute}) {
			t.Errorf("%+v", r)
		}
	})
}
