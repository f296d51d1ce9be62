package server_test

import (
	"bufio"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/elite-trading-coach/coach/deploy/monitoring"
	"github.com/elite-trading-coach/coach/server/api"
)

// query is an expression of a panel or an alert, and where it stands.
type query struct{ where, expr string }

func panelQueries(t *testing.T) []query {
	t.Helper()
	var d struct {
		Panels []struct {
			Type, Title string
			Targets     []struct{ Expr string }
		}
	}
	if err := json.Unmarshal([]byte(monitoring.Dashboard()), &d); err != nil {
		t.Fatal(err)
	}
	var all []query
	for _, p := range d.Panels {
		if p.Type != "row" && len(p.Targets) == 0 {
			t.Errorf("the panel %q shows nothing", p.Title)
		}
		for _, target := range p.Targets {
			all = append(all, query{"the panel " + p.Title, target.Expr})
		}
	}
	return all
}

type alertRule struct {
	Alert, Expr string
	Annotations map[string]string
}

func alertRules(t *testing.T) []alertRule {
	t.Helper()
	var f struct{ Groups []struct{ Rules []alertRule } }
	if err := yaml.Unmarshal([]byte(monitoring.Alerts()), &f); err != nil {
		t.Fatal(err)
	}
	var all []alertRule
	for _, g := range f.Groups {
		all = append(all, g.Rules...)
	}
	return all
}

var (
	metricName  = regexp.MustCompile(`\b(?:coach|go|process)_[a-z_]+\b`)
	grouping    = regexp.MustCompile(`\bby \(([^)]*)\)`)
	matcher     = regexp.MustCompile(`(\w+)\s*(?:=~|!~|!=|=)\s*"`)
	scrapedLine = regexp.MustCompile(`^([a-z_]+)(?:\{(.*)\})? `)
	labelName   = regexp.MustCompile(`(\w+)="`)
)

// TestPanelsAndAlertsReadWhatAServerShows drives a server through everything
// that is counted and scrapes it, then looks for each metric and each label
// that a panel or an alert names.
func TestPanelsAndAlertsReadWhatAServerShows(t *testing.T) {
	shown := scrape(t)
	queries := panelQueries(t)
	for _, rule := range alertRules(t) {
		queries = append(queries, query{"the alert " + rule.Alert, rule.Expr})
	}
	if len(queries) < 40 {
		t.Fatalf("only %d queries were found: the test would pass on nothing", len(queries))
	}
	for _, q := range queries {
		names := metricName.FindAllString(q.expr, -1)
		if len(names) == 0 && !strings.Contains(q.expr, "up{") {
			t.Errorf("%s reads nothing of ours: %s", q.where, q.expr)
		}
		// What Prometheus adds to every series.
		labels := map[string]bool{"job": true, "instance": true}
		for _, name := range names {
			if shown[name] == nil {
				t.Errorf("%s reads %s, which a server does not show", q.where, name)
			}
			maps.Copy(labels, shown[name])
		}
		for _, label := range labelsIn(q.expr) {
			if !labels[label] {
				t.Errorf("%s looks at the label %s, which %v do not have", q.where, label, names)
			}
		}
	}
}

func labelsIn(expr string) []string {
	var all []string
	for _, m := range grouping.FindAllStringSubmatch(expr, -1) {
		for label := range strings.SplitSeq(m[1], ",") {
			all = append(all, strings.TrimSpace(label))
		}
	}
	for _, m := range matcher.FindAllStringSubmatch(expr, -1) {
		all = append(all, m[1])
	}
	return all
}

// scrape is the labels of each metric of a server that has done everything.
func scrape(t *testing.T) map[string]map[string]bool {
	t.Helper()
	c, desk := atDesk(t, append(illAndWell(t), "RATE_LIMITS=on")...)
	base := start(t, c)
	made, err := desk.CreateTestUsers(t.Context(), api.NewTestUsers{Count: 1, Tier: "free"})
	if err != nil {
		t.Fatal(err)
	}
	ann := &caller{t: t, base: base, token: made.Users[0].Token}
	s := mustDial(t, base, ann.token)
	room := ann.conversation()
	s.must("send_message", object{"conversationId": room, "content": "long 2 MES at 6000, stop 5994, target 6012"})
	s.await("ai_response")
	for range 40 { // until the burst of the tier is used up
		if a, err := s.ask("ping", object{"success": true}); err != nil || a.Code == "RATE_LIMITED" {
			break
		}
	}
	return seriesIn(t, strings.NewReader(metricsAt(t, base, desk)))
}

// metricsAt is what Prometheus is shown.
func metricsAt(t *testing.T, base string, desk *api.Client) string {
	t.Helper()
	token, err := desk.CreateToken(t.Context(), api.NewToken{Name: "prometheus", Scope: api.ScopeReadOnly})
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+"/metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token.Secret)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK || !strings.HasPrefix(res.Header.Get("Content-Type"), "text/plain") {
		t.Fatalf("/metrics answers %d %s, %v", res.StatusCode, res.Header.Get("Content-Type"), err)
	}
	return string(text)
}

func seriesIn(t *testing.T, body io.Reader) map[string]map[string]bool {
	t.Helper()
	found := map[string]map[string]bool{}
	lines := bufio.NewScanner(body)
	for lines.Scan() {
		m := scrapedLine.FindStringSubmatch(lines.Text())
		if m == nil {
			continue
		}
		if found[m[1]] == nil {
			found[m[1]] = map[string]bool{}
		}
		for _, label := range labelName.FindAllStringSubmatch(m[2], -1) {
			found[m[1]][label[1]] = true
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return found
}

// TestEveryAlertSaysWhatToDo: each has a heading of its own in the runbook.
func TestEveryAlertSaysWhatToDo(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "docs", "operations.md"))
	if err != nil {
		t.Fatal(err)
	}
	lines := slices.Collect(strings.Lines(string(text)))
	for _, rule := range alertRules(t) {
		if !slices.Contains(lines, "### "+rule.Alert+"\n") {
			t.Errorf("docs/operations.md says nothing under ### %s", rule.Alert)
		}
		if want := "docs/operations.md#" + strings.ToLower(rule.Alert); rule.Annotations["runbook"] != want {
			t.Errorf("%s leads to %q, not to %q", rule.Alert, rule.Annotations["runbook"], want)
		}
	}
}
