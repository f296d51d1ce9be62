package journal_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/elite-trading-coach/coach/server/auth"
	"github.com/elite-trading-coach/coach/server/fault"
	"github.com/elite-trading-coach/coach/server/journal"
	"github.com/elite-trading-coach/coach/server/trading"
	"github.com/elite-trading-coach/coach/storage"
	"github.com/elite-trading-coach/coach/storage/storagetest"
)

// noon is a Tuesday, 12:00 in New York.
var noon = time.Date(2026, 3, 10, 16, 0, 0, 0, time.UTC)

// place is a journal on a fresh store, with a clock that the test sets.
type place struct {
	t     *testing.T
	store *storage.Store
	*journal.Service
	now time.Time
}

func onBoth(t *testing.T, fn func(p *place)) {
	t.Helper()
	storagetest.Run(t, func(t *testing.T, s *storage.Store) { fn(placeOn(t, s)) })
}

func open(t *testing.T) *place {
	t.Helper()
	return placeOn(t, storagetest.NewSQLite(t))
}

func placeOn(t *testing.T, s *storage.Store) *place {
	p := &place{t: t, store: s, now: noon}
	p.Service = journal.New(journal.Options{Store: s, Now: func() time.Time { return p.now }})
	return p
}

// trader makes an account.
func (p *place) trader(name string) auth.Actor {
	p.t.Helper()
	u := storage.User{
		ID: storage.NewID(), Email: name + "@example.org", Username: name, Timezone: "UTC", PasswordHash: "x",
		Role: storage.RoleUser, Tier: "free", CreatedAt: noon,
	}
	if err := p.store.Tx(context.Background(), func(tx *storage.Tx) error { return tx.InsertUser(context.Background(), u) }); err != nil {
		p.t.Fatal(err)
	}
	return auth.Actor{UserID: u.ID, Username: name, Tier: "free"}
}

func (p *place) put(a auth.Actor, plan string) journal.Plan {
	p.t.Helper()
	out, err := p.PutPlan(context.Background(), a, []byte(plan), nil)
	if err != nil {
		p.t.Fatal(err)
	}
	return out
}

func (p *place) add(a auth.Actor, body string) journal.Trade {
	p.t.Helper()
	out, err := p.AddTrade(context.Background(), a, []byte(body))
	if err != nil {
		p.t.Fatalf("%s: %v", body, err)
	}
	return out
}

// closed records one MES traded and closed so many minutes before noon.
func (p *place) closed(a auth.Actor, minutesAgo int, exit string) journal.Trade {
	p.t.Helper()
	at := noon.Add(-time.Duration(minutesAgo) * time.Minute)
	return p.add(a, fmt.Sprintf(`{"instrument":"MES","side":"long","quantity":2,"entry":6000,"stop":5994,"exit":%s,"openedAt":%q,"closedAt":%q}`,
		exit, at.Add(-time.Minute).Format(time.RFC3339), at.Format(time.RFC3339)))
}

// refused fails unless err has the code and, when given, names the field.
func refused(t *testing.T, err error, code fault.Code, field string) {
	t.Helper()
	if !fault.Is(err, code) {
		t.Fatalf("got %v, want %s", err, code)
	}
	if field == "" {
		return
	}
	for _, d := range fault.From(err).Details {
		if d.Field == field && d.Message != "" {
			return
		}
	}
	t.Errorf("%v does not name %s: %+v", err, field, fault.From(err).Details)
}

func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(asJSON(t, want), asJSON(t, got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func asJSON(t *testing.T, v any) any {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var out any
	if err := json.Unmarshal(raw, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestPlanVersions(t *testing.T) {
	ctx := context.Background()
	onBoth(t, func(p *place) {
		t := p.t
		ann, bob := p.trader("ann"), p.trader("bob")
		first, err := p.Plan(ctx, ann)
		if err != nil || first.Version != 0 || first.Plan.Account.Equity != nil || first.Plan.Risk.PerTradePct.String() != "1" {
			t.Fatalf("a new trader has %+v, %v; want the default plan", first, err)
		}
		one := p.put(ann, "account: {equity: 25000}\nrisk:\n  perTradePct: 0.5\n")
		if one.Version != 1 || one.InForce.Account.Equity.String() != "25000" || len(one.HeldBack) != 0 {
			t.Errorf("the first plan of one's own: %+v", one)
		}
		again := p.put(ann, "{\n\t\"account\": {\"equity\": \"25000\"},\n\t\"risk\": {\"perTradePct\": 0.50}}")
		if again.Version != 1 {
			t.Errorf("the same plan made version %d", again.Version)
		}
		was := int64(0)
		_, err = p.PutPlan(ctx, ann, []byte("risk: {perTradePct: 0.4}"), &was)
		refused(t, err, fault.Conflict, "")
		was = 1
		if two, err := p.PutPlan(ctx, ann, []byte("risk: {perTradePct: 0.4}"), &was); err != nil || two.Version != 2 {
			t.Errorf("%+v, %v", two, err)
		}
		if other, err := p.Plan(ctx, bob); err != nil || other.Version != 0 {
			t.Errorf("another's plan changed: %+v, %v", other, err)
		}
	})
}

func TestBadPlansNameTheLine(t *testing.T) {
	p := open(t)
	ann := p.trader("ann")
	_, err := p.PutPlan(context.Background(), ann, []byte("risk:\n  perTradePct: 2\n  maxDailyLossPct: 1\n  maxLoss: 3\n"), nil)
	refused(t, err, fault.Validation, "risk.maxLoss")
	var bad *journal.BadPlan
	if !errors.As(err, &bad) || bad.Findings[0].Line != 4 {
		t.Errorf("findings %+v", bad)
	}
	_, err = p.PutPlan(context.Background(), ann, []byte("risk:\n  perTradePct: 2\n  maxDailyLossPct: 1\n"), nil)
	refused(t, err, fault.Validation, "risk.maxDailyLossPct")
	_, err = p.PutPlan(context.Background(), ann, []byte(strings.Repeat("#", 1<<20)), nil)
	refused(t, err, fault.Validation, "plan")
}

// TestStoredPlanStaysReadable: what is refused today may have been stored
// before.
func TestStoredPlanStaysReadable(t *testing.T) {
	ctx := context.Background()
	p := open(t)
	ann := p.trader("ann")
	const plan = `{"risk":{"maxSize":{"mes":3}},"entries":{"instruments":["BTC"]}}`
	_, err := p.PutPlan(ctx, ann, []byte(plan), nil)
	refused(t, err, fault.Validation, "risk.maxSize.mes")
	row := storage.PlanVersion{UserID: ann.UserID, Version: 1, Body: plan, CreatedAt: noon}
	if err := p.store.Tx(ctx, func(tx *storage.Tx) error { return tx.InsertPlan(ctx, row) }); err != nil {
		t.Fatal(err)
	}
	if got, err := p.Plan(ctx, ann); err != nil || got.Plan.Risk.MaxSize["mes"].String() != "3" {
		t.Errorf("%+v, %v", got.Plan.Risk, err)
	}
}

func TestLooserRulesWaitForTheNextDay(t *testing.T) {
	ctx := context.Background()
	p := open(t)
	ann := p.trader("ann")
	p.now = noon.AddDate(0, 0, -3)
	p.put(ann, `{"account":{"equity":25000},"risk":{"perTradePct":1,"maxSize":{"MES":5}},"session":{"maxTrades":3,"maxConsecutiveLosses":2}}`)
	p.now = noon
	loose := p.put(ann, `{"account":{"equity":50000},"risk":{"perTradePct":2},"session":{"maxTrades":0,"maxConsecutiveLosses":2,"cooldownAfterLossMinutes":0,"dayEnds":"11:30","timezone":"Asia/Tokyo"},
		"entries":{"stopRequired":false},"critical":[]}`)
	in := loose.InForce
	if in.Risk.PerTradePct.String() != "1" || in.Account.Equity.String() != "25000" || in.Risk.MaxSize["MES"].String() != "5" ||
		in.Session.MaxTrades != 3 || in.Session.CooldownAfterLossMinutes != 15 || !in.Entries.StopRequired || len(in.Critical) != 7 ||
		in.Session.DayEnds != "17:00" || in.Session.Timezone != "America/New_York" {
		t.Errorf("looser rules count at once: %+v", in)
	}
	same(t, "held back", loose.HeldBack, []string{
		"account.equity", "risk.perTradePct", "risk.maxSize", "session.timezone", "session.dayEnds",
		"session.maxTrades", "session.cooldownAfterLossMinutes", "entries.stopRequired", "critical",
	})
	same(t, "until", loose.HeldUntil, "2026-03-10T21:00:00.000Z")

	p.now = noon.Add(time.Minute)
	tight := p.put(ann, `{"account":{"equity":50000},"risk":{"perTradePct":0.25,"maxSize":{"NQ":1}},"session":{"maxTrades":2,"maxConsecutiveLosses":2,"noTrade":[{"from":"12:00","to":"13:00"}]}}`)
	if in := tight.InForce; in.Risk.PerTradePct.String() != "0.25" || in.Session.MaxTrades != 2 || len(in.Risk.MaxSize) != 2 || len(in.Session.NoTrade) != 1 {
		t.Errorf("tighter rules wait: %+v", in)
	}
	p.now = noon.Add(4*time.Hour + 59*time.Minute)
	if before, err := p.Plan(ctx, ann); err != nil || len(before.HeldBack) == 0 {
		t.Errorf("before the day ends: %+v, %v", before.HeldBack, err)
	}
	p.now = noon.Add(5*time.Hour + time.Second)
	after, err := p.Plan(ctx, ann)
	if err != nil || len(after.HeldBack) != 0 || after.InForce.Account.Equity.String() != "50000" {
		t.Errorf("the next day: held back %v, %v", after.HeldBack, err)
	}
}

func encode(t *testing.T, v any) []byte {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// The page that explains the plan shows the default one.
func TestTheDocumentedPlanIsTheDefault(t *testing.T) {
	page, err := os.ReadFile("../../docs/plan.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "```yaml\n")
	text, _, found := strings.Cut(rest, "```")
	if !found {
		t.Fatal("docs/plan.md shows no plan")
	}
	plan, findings := trading.ReadPlan([]byte(text))
	if len(findings) > 0 {
		t.Fatalf("%+v", findings)
	}
	same(t, "docs/plan.md", plan, trading.DefaultPlan())
}
