package rest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/elite-trading-coach/coach/docs"
	"github.com/elite-trading-coach/coach/docs/docstest"
)

// exampleFile is what TestEveryRoute saw. To write it afresh:
// COACH_TEST_UPDATE=1 go test ./server/rest -run TestEveryRoute
const exampleFile = "../../docs/examples/http.json"

// elsewhere are routes whose example is seen in TestSocketsSayWhatIsDescribed, on a whole server.
var elsewhere = []string{"GET /api/limits"}

// unsteady are routes that tell of the machine, or whose reply has no end: their examples may look another way.
var unsteady = []string{"GET /api/admin/snapshot", "GET /metrics", "GET /debug/pprof/{profile}", "GET /api/admin/events"}

func newDiary() *docstest.Recorder {
	return docstest.NewRecorder(password, "Plan-the-trade-1", "example.org", "example.com", "192.0.2.77", "203.0.113.7", "127.0.0.1", "203.0.113.7")
}

// write puts an exchange into the diary.
func (p *place) write(route string, a ask, res *http.Response, raw []byte) {
	p.t.Helper()
	if slices.Contains(elsewhere, route) {
		return
	}
	var sent []byte
	if body, _ := bodyOf(p.t, a.body); body != nil {
		var err error
		if sent, err = io.ReadAll(body); err != nil {
			p.t.Fatal(err)
		}
	}
	p.diary.Exchange(route, p.request(a), sent, res, raw)
}

// keepDiary fails where the examples of the documentation no longer look like what was seen.
func (p *place) keepDiary(t *testing.T) {
	t.Helper()
	if p.diary.Write(t, exampleFile) {
		return // the next run sees it
	}
	written, err := docs.LoadExamples()
	if err != nil {
		t.Fatal(err)
	}
	for route, now := range p.diary.Seen().Routes {
		if slices.Contains(unsteady, route) {
			continue
		}
		then := written.Routes[route]
		if diff := cmp.Diff(look(then), look(now)); diff != "" {
			t.Errorf("the example of %s is no longer what the server says; write it afresh with COACH_TEST_UPDATE=1 (-written +seen):\n%s", route, diff)
		}
	}
}

// look is an exchange without its values: fields, and what kind of value each has.
func look(e docs.Exchange) string {
	return fmt.Sprintf("%d %s %s %s %s", e.Status, e.BodyType, kinds(e.Body), e.ReplyType, kinds(e.Reply))
}

func kinds(raw json.RawMessage) string {
	var v any
	if raw == nil || json.Unmarshal(raw, &v) != nil {
		return ""
	}
	var walk func(v any) string
	walk = func(v any) string {
		switch v := v.(type) {
		case map[string]any:
			var b strings.Builder
			for _, name := range slices.Sorted(maps.Keys(v)) {
				fmt.Fprintf(&b, "\n%s %s", name, strings.ReplaceAll(walk(v[name]), "\n", "\n  "))
			}
			return b.String()
		case []any:
			if len(v) == 0 {
				return "[]"
			}
			return "[" + walk(v[0]) + "]"
		default:
			return fmt.Sprintf("%T", v)
		}
	}
	return walk(v)
}

// Every operation has an example, and every example is as described: also those that were not seen in this run.
func TestExamplesAreAsDescribed(t *testing.T) {
	doc, err := contract()
	if err != nil {
		t.Fatal(err)
	}
	examples, err := docs.LoadExamples()
	if err != nil {
		t.Fatal(err)
	}
	for path, item := range doc.Paths.Map() {
		for method := range item.Operations() {
			route := method + " " + path
			e, ok := examples.Routes[route]
			if !ok {
				t.Errorf("%s has no example: ask for it in TestEveryRoute, then COACH_TEST_UPDATE=1 go test ./server/rest -run TestEveryRoute", route)
				continue
			}
			if e.Reply == nil {
				continue // not text
			}
			t.Run(route, func(t *testing.T) { holdExample(t, method, route, e) })
		}
	}
	for route := range examples.Routes {
		method, path, _ := strings.Cut(route, " ")
		if item := doc.Paths.Value(path); item == nil || item.GetOperation(method) == nil {
			t.Errorf("%s has an example and is not described", route)
		}
	}
}

func holdExample(t *testing.T, method, route string, e docs.Exchange) {
	t.Helper()
	sent, reply := textOf(t, e.BodyType, e.Body), textOf(t, e.ReplyType, e.Reply)
	req, err := http.NewRequestWithContext(t.Context(), method, "http://localhost:3001"+e.Path, bytes.NewReader(sent))
	if err != nil {
		t.Fatal(err)
	}
	if e.BodyType != "" {
		req.Header.Set("Content-Type", e.BodyType)
	}
	header := http.Header{"Content-Type": {e.ReplyType}, "X-Request-Id": {"x"}, "Cache-Control": {"no-store"}, "Content-Disposition": {"attachment"}, "Etag": {`"1"`}}
	loose := strings.HasPrefix(e.BodyType, "multipart/") // its parts are not in the example
	if got := described(t, req, &http.Response{StatusCode: e.Status, Header: header}, reply, loose); got != route {
		t.Errorf("%s %s is an example of %q", method, e.Path, got)
	}
}

// textOf gives the bytes of a body of an example.
func textOf(t *testing.T, kind string, raw json.RawMessage) []byte {
	t.Helper()
	if kind == "application/json" || raw == nil {
		return raw
	}
	var text string
	if err := json.Unmarshal(raw, &text); err != nil {
		t.Fatal(err)
	}
	return []byte(text)
}
