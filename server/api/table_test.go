package api_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/elite-trading-coach/coach/server/api"
)

// crowd is a few connections that differ in everything filters look at.
func crowd() []api.Connection {
	at := func(age int) api.Time { return api.Time(time.Date(2026, 1, 1, 0, 0, -age, 0, time.UTC)) }
	return []api.Connection{
		{ID: "a", Username: "ana", Tier: "free", Transport: "websocket", QueueBytes: 0, RoundTripMs: 12, AgeSeconds: 10, IdleSeconds: 1, ConnectedAt: at(10)},
		{ID: "b", Username: "Anatol", Tier: "premium", Transport: "polling", QueueBytes: 70_000, RoundTripMs: 900, AgeSeconds: 400, IdleSeconds: 301, ConnectedAt: at(400)},
		{ID: "c", Username: "bob", Tier: "free", Transport: "websocket", QueueBytes: 5, RoundTripMs: 30, AgeSeconds: 90_000, IdleSeconds: 7200, ConnectedAt: at(90_000), Recovered: true},
		{ID: "d", Username: "carl x", Tier: "enterprise", Transport: "websocket", QueueBytes: 64_000, RoundTripMs: 30, AgeSeconds: 400, ConnectedAt: at(400)},
	}
}

func TestFilters(t *testing.T) {
	for _, tc := range []struct{ filter, want string }{
		{"", "a b c d"},
		{"tier=free", "a c"},
		{"tier=FREE,premium", "a b c"},
		{"tier!=free", "b d"},
		{"tier!=free,premium", "d"},
		{"user~ana", "a b"},
		{"user!~ANA", "c d"},
		{"queue>0", "b c d"},
		{"queue>=64kB", "b d"},
		{"queue>64KiB", "b"},
		{"queue=5", "c"},
		{"idle>5m", "b c"},
		{"idle>=2h age>1d", "c"},
		{"rtt<0.1s", "a c d"},
		{"rtt>=900ms", "b"},
		{"recovered=yes", "c"},
		{"recovered=no tier=free", "a"},
		{`user="carl x"`, "d"},
		{`"carl x"`, "d"},
		{"polling", "b"},
		{"  tier=free   user~ana ", "a"},
		{"TIER=free", "a c"},
		{"agent=", "a b c d"},
		{"tier=free tier=premium", ""},
	} {
		t.Run(tc.filter, func(t *testing.T) {
			page, err := api.Connections().Select(slices.Values(crowd()), api.List{Filter: tc.filter, Sort: "id"})
			if err != nil {
				t.Fatal(err)
			}
			if got := ids(page.Items); got != tc.want || page.Total != 4 || page.Matched != len(page.Items) {
				t.Errorf("%q lets through %q of %d (matched %d), want %q", tc.filter, got, page.Total, page.Matched, tc.want)
			}
		})
	}
}

func ids(rows []api.Connection) string {
	all := make([]string, len(rows))
	for i, r := range rows {
		all[i] = r.ID
	}
	return strings.Join(all, " ")
}

func TestFiltersThatDoNotParse(t *testing.T) {
	for _, tc := range []struct {
		filter  string
		at      int
		term    string
		message string
	}{
		{"tier=free quue>0", 11, "quue>0", "There is no field quue; there are user, tier,"},
		{"queue>many", 1, "queue>many", `About queue: it is compared with a size such as 512, 64kB, 64KiB or 1.5MB, not with "many".`},
		{"queue>-1", 1, "queue>-1", "About queue"},
		{"idle>5q", 1, "idle>5q", "90s, 5m, 2h or 3d"},
		{"tier>free", 1, "tier>free", "tier has no order; it takes = != ~ !~."},
		{"queue~5", 1, "queue~5", "queue is no text; it takes = != > >= < <=."},
		{"queue>5,6", 1, "queue>5,6", "queue takes one value after >."},
		{"queue=", 1, "queue=", "A value must stand after =."},
		{"=free", 1, "=free", "A field must stand before =: user,"},
		{"recovered=maybe", 1, "recovered=maybe", "yes or no"},
		{`user="ana`, 1, `user="ana`, "A quotation mark is not closed."},
		{"ä ö\x00", 4, "\x00", "no control characters"},
		{strings.Repeat("x", api.MaxFilter+1), 1, "xxxxxxxxxxxxxxxxxxxx…", "at most 1000 bytes"},
	} {
		t.Run(tc.term, func(t *testing.T) {
			_, err := api.Connections().Filter(tc.filter)
			var wrong *api.FilterError
			if !errors.As(err, &wrong) {
				t.Fatalf("%q: %v, want a FilterError", tc.filter, err)
			}
			if wrong.At != tc.at || wrong.Term != tc.term || !strings.Contains(wrong.Message, tc.message) {
				t.Errorf("%q: %v, want at %d %q: …%s…", tc.filter, err, tc.at, tc.term, tc.message)
			}
		})
	}
}

func TestSorting(t *testing.T) {
	for _, tc := range []struct{ sort, want string }{
		{"", "c b d a"}, // the oldest first
		{"age", "a b d c"},
		{"user", "a b c d"},
		{"-user", "d c b a"},
		{"rtt", "a c d b"}, // level ones by id
		{"-queue", "b d c a"},
	} {
		page, err := api.Connections().Select(slices.Values(crowd()), api.List{Sort: tc.sort})
		if err != nil || ids(page.Items) != tc.want {
			t.Errorf("sort %q: %q, %v; want %q", tc.sort, ids(page.Items), err, tc.want)
		}
	}
	_, err := api.Connections().Select(slices.Values(crowd()), api.List{Sort: "-size"})
	if err == nil || !strings.Contains(err.Error(), "One cannot sort by it") {
		t.Errorf("sort -size: %v", err)
	}
}

func TestPagesNeitherSkipNorRepeat(t *testing.T) {
	var rows []api.Connection
	for i := range 2345 {
		rows = append(rows, api.Connection{ID: fmt.Sprintf("%05d", i*7919%2345), Tier: []string{"free", "premium"}[i%2], QueueBytes: i % 10})
	}
	for _, sort := range []string{"id", "-queue", "tier", "-age"} {
		seen := map[string]bool{}
		l := api.List{Sort: sort, Limit: 100}
		for pages := 1; ; pages++ {
			page, err := api.Connections().Select(slices.Values(rows), l)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range page.Items {
				if seen[r.ID] {
					t.Fatalf("sort %s: %s is on two pages", sort, r.ID)
				}
				seen[r.ID] = true
			}
			if page.NextCursor == "" {
				break
			}
			if l.Cursor = page.NextCursor; pages > 24 {
				t.Fatalf("sort %s: pages without end", sort)
			}
		}
		if len(seen) != len(rows) {
			t.Errorf("sort %s: %d rows on all pages, want %d", sort, len(seen), len(rows))
		}
	}
	if _, err := api.Connections().Select(slices.Values(rows), api.List{Cursor: "nonsense"}); err == nil {
		t.Error("a cursor that is none was taken")
	}
}

func TestPagesByAgeHoldWhileTimePasses(t *testing.T) {
	first, err := api.Connections().Select(slices.Values(crowd()), api.List{Sort: "-age", Limit: 2})
	if err != nil || ids(first.Items) != "c b" {
		t.Fatalf("first page: %q, %v", ids(first.Items), err)
	}
	later := crowd()
	for i := range later {
		later[i].AgeSeconds += 60
	}
	second, err := api.Connections().Select(slices.Values(later), api.List{Sort: "-age", Limit: 2, Cursor: first.NextCursor})
	if err != nil || ids(second.Items) != "d a" || second.NextCursor != "" {
		t.Errorf("second page, a minute later: %q, next %q, %v; want d a and no more", ids(second.Items), second.NextCursor, err)
	}
}

func FuzzFilter(f *testing.F) {
	for _, seed := range []string{"tier=free queue>0", `user="a b",c`, "!~", "a!=", "\"", "age>=1.5h", "=,=,"} {
		f.Add(seed)
	}
	rows := crowd()
	f.Fuzz(func(t *testing.T, s string) {
		filter, err := api.Connections().Filter(s)
		var wrong *api.FilterError
		if err != nil && (!errors.As(err, &wrong) || wrong.At < 1 || wrong.Message == "") {
			t.Fatalf("%q: %v says not what is wrong", s, err)
		}
		for _, row := range rows {
			api.Connections().Holds(filter, row)
		}
	})
}

func TestEveryTableSortsByAColumnOfItsOwn(t *testing.T) {
	for name, err := range map[string]error{
		"connections": selects(api.Connections()), "rooms": selects(api.Rooms()), "users": selects(api.Users()),
		"answers": selects(api.Answers()), "limits": selects(api.LimitHits()), "audit": selects(api.Audit()),
	} {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func selects[T any](table api.Table[T]) error {
	var zero T
	for _, c := range table.Columns {
		page, err := table.Select(slices.Values([]T{zero}), api.List{Sort: "-" + c.Name})
		if err != nil {
			return err
		}
		if diff := cmp.Diff([]T{zero}, page.Items, cmp.Comparer(func(a, b api.Time) bool { return a == b })); diff != "" {
			return fmt.Errorf("by %s: %s", c.Name, diff)
		}
	}
	_, err := table.Select(slices.Values([]T{zero}), api.List{})
	return err
}
