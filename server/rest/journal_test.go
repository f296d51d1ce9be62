package rest

import (
	"net/http"
	"strings"
	"testing"

	"github.com/elite-trading-coach/coach/server/journal"
)

// everyJournalRoute asks for each route of plan, tools and journal once.
func (p *person) everyJournalRoute() {
	p.t.Helper()
	p.get("/api/plan").want(http.StatusOK)
	p.do(ask{"PUT", "/api/plan", p.token, `{"risk":{"perTradePct":0.5}}`, nil, false}).want(http.StatusOK)
	for tool, body := range map[string]string{
		"risk-reward":   `{"entry":189.5,"stop":"178","targets":[212,{"price":220,"portion":0.5}]}`,
		"position-size": `{"instrument":"MES","entry":6000,"stop":5994,"equity":25000}`,
		"evaluate-idea": `{"text":"long 2 MES at 6000, stop 5994, target 6012, account 25k"}`,
		"trade-pnl":     `{"instrument":"MES","side":"long","entries":[{"quantity":1,"price":6000}],"exits":[]}`,
		"session-state": `{}`,
		"query-stats":   `{"groupBy":"hour"}`,
	} {
		p.post("/api/tools/"+tool, body).want(http.StatusOK)
	}
	var made journal.Trade
	p.post("/api/trades", strings.Replace(trade, `,"unknown":1`, "", 1)).want(http.StatusCreated).into(&made)
	p.get("/api/trades?limit=1&instrument=mes&decision=taken&from=2026-03-01").want(http.StatusOK)
	p.get("/api/trades/" + made.ID).want(http.StatusOK)
	p.patch("/api/trades/"+made.ID, `{"exit":6012,"closedAt":"2026-03-10T14:40:00Z","tags":["x"]}`).want(http.StatusOK)
	p.post("/api/tools/session-state", nil).want(http.StatusOK)
	p.get("/api/stats?from=2026-03-01&to=2026-04-01&groupBy=weekday").want(http.StatusOK)
	p.get("/api/calibration").want(http.StatusOK)
	file := p.get("/api/trades/export").want(http.StatusOK)
	p.do(ask{"POST", "/api/trades/import?timezone=UTC&dryRun=true", p.token, string(file.raw), map[string]string{"Content-Type": "text/csv"}, false}).want(http.StatusOK)
	p.delete("/api/trades/"+made.ID, nil).want(http.StatusOK)
}

const trade = `{"instrument":"MES","side":"long","quantity":2,"entry":"6000.00","stop":5994,"openedAt":"2026-03-10T14:30:00Z","unknown":1}`

func TestPlanOverHTTP(t *testing.T) {
	p := open(t)
	ann := p.person("ann")
	put := func(path, body string, header map[string]string) answer {
		return p.do(ask{"PUT", path, ann.token, body, header, true})
	}
	yaml := map[string]string{"Content-Type": "application/yaml"}
	var first journal.Plan
	if got := ann.get("/api/plan").want(200); got.header.Get("ETag") != `"0"` {
		t.Errorf("ETag %q", got.header.Get("ETag"))
	}
	put("/api/plan", "risk:\n  perTradePct: 0.5 # small\n", yaml).want(200).into(&first)
	if first.Version != 1 || first.Plan.Risk.PerTradePct.String() != "0.5" {
		t.Errorf("%+v", first)
	}
	put("/api/plan?version=0", "risk: {perTradePct: 1}", yaml).refused(409, "CONFLICT")
	put("/api/plan", "risk: {perTradePct: 1}", map[string]string{"Content-Type": "application/yaml", "If-Match": `"0"`}).refused(409, "CONFLICT")
	put("/api/plan", "risk: {perTradePct: 1}", map[string]string{"Content-Type": "application/yaml", "If-Match": `"1"`}).want(200)
	put("/api/plan", "risk: {perTradePct: 1}", map[string]string{"Content-Type": "application/yaml", "If-Match": `x`}).refused(400, "VALIDATION_ERROR").names("If-Match")
	put("/api/plan", "risk: {}", map[string]string{"Content-Type": "text/plain"}).refused(415, "UNSUPPORTED_MEDIA_TYPE")
	bad := put("/api/plan", "risk:\n  perTradePct: 4\n", yaml).refused(400, "VALIDATION_ERROR").names("risk.maxDailyLossPct")
	if !strings.Contains(string(bad.raw), `"findings":[{"line":`) {
		t.Errorf("no findings: %s", bad.raw)
	}
	put("/api/plan", "{\"risk\":{\"perTradePct\":1}, \"rsk\": {}}", nil).refused(400, "VALIDATION_ERROR").names("rsk")
	put("/api/plan", strings.Repeat("a: ", 1<<20), yaml).refused(400, "VALIDATION_ERROR").names("plan")
}

func TestTradesOverHTTP(t *testing.T) {
	p := open(t)
	ann, bob := p.person("ann"), p.person("bob")
	var made journal.Trade
	ann.post("/api/trades", trade).want(201).into(&made)
	bob.get("/api/trades/"+made.ID).refused(404, "NOT_FOUND")
	bob.patch("/api/trades/"+made.ID, `{"note":"mine"}`).refused(404, "NOT_FOUND")
	bob.delete("/api/trades/"+made.ID, nil).refused(404, "NOT_FOUND")
	ann.post("/api/trades", `{"side":"up"}`).refused(400, "VALIDATION_ERROR").names("side").names("instrument")
	ann.post("/api/trades", `{`).refused(400, "MALFORMED_JSON")
	p.do(ask{"POST", "/api/trades", ann.token, "side=long", map[string]string{"Content-Type": "application/x-www-form-urlencoded"}, true}).refused(415, "UNSUPPORTED_MEDIA_TYPE")
	ann.get("/api/trades?cursor=x").refused(400, "VALIDATION_ERROR").names("cursor")
	ann.get("/api/stats?groupBy=colour").refused(400, "VALIDATION_ERROR").names("groupBy")

	csv := map[string]string{"Content-Type": "text/csv; charset=utf-8"}
	file := ann.get("/api/trades/export").want(200)
	if !strings.HasPrefix(file.header.Get("Content-Disposition"), "attachment") || !strings.Contains(string(file.raw), "MES,long,taken,2,6000,") {
		t.Errorf("%v %s", file.header, file.raw)
	}
	ann.get("/api/trades/export?from=x").refused(400, "VALIDATION_ERROR").names("from")
	load := func(who *person, query, body string) answer {
		return p.do(ask{"POST", "/api/trades/import" + query, who.token, body, csv, true})
	}
	load(bob, "", string(file.raw)).refused(400, "VALIDATION_ERROR").names("timezone")
	load(bob, "?timezone=UTC", string(file.raw)).want(200)
	if again := bob.get("/api/trades/export").want(200); string(again.raw) != string(file.raw) {
		t.Errorf("%s came back as %s", file.raw, again.raw)
	}
	var report journal.ImportReport
	load(bob, "?timezone=UTC", string(file.raw)).want(200).into(&report)
	if report.Known != 1 || report.Imported != 0 {
		t.Errorf("%+v", report)
	}
	p.do(ask{"POST", "/api/trades/import?timezone=UTC", ann.token, "{}", nil, true}).refused(415, "UNSUPPORTED_MEDIA_TYPE")
	load(ann, "?timezone=UTC", "instrument,side\n\"").refused(400, "VALIDATION_ERROR")
}
