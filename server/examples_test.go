package server_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"testing"

	"github.com/elite-trading-coach/coach/docs"
	"github.com/elite-trading-coach/coach/docs/docstest"
)

// exampleFile is what TestSocketsSayWhatIsDescribed saw. To write it afresh:
// COACH_TEST_UPDATE=1 go test ./server -run TestSocketsSayWhatIsDescribed
const exampleFile = "../docs/examples/live.json"

func newDiary() *docstest.Recorder {
	return docstest.NewRecorder("127.0.0.1", "203.0.113.7", "Slowly: ", "")
}

// limits asks for the caller's limits, and keeps that as the example of the route: no smaller test has real ones.
func (w *witness) limits(t *testing.T, base string, c *caller) {
	t.Helper()
	const route = "GET /api/limits"
	reply := c.must(http.MethodGet, "/api/limits", nil)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+"/api/limits", nil)
	if err != nil {
		t.Fatal(err)
	}
	body, err := json.Marshal(map[string]any{"success": reply.Success, "data": reply.Data})
	if err != nil {
		t.Fatal(err)
	}
	w.diary.Exchange(route, req, nil, &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}}, body)
}

// Every event has an example, and every example is as described: also those that were not seen in this run.
func TestExamplesOfEventsAreAsDescribed(t *testing.T) {
	doc := describedEvents(t)
	examples, err := docs.LoadExamples()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range slices.Concat(doc.asked, doc.told) {
		e, ok := examples.Events[name]
		if !ok {
			t.Errorf("%s has no example; COACH_TEST_UPDATE=1 go test ./server -run TestSocketsSayWhatIsDescribed writes it", name)
			continue
		}
		if err := doc.check(name, e.Payload); err != nil {
			t.Errorf("the example of %s is not as described: %v\n%s", name, err, e.Payload)
		}
		if !slices.Contains(doc.asked, name) {
			continue
		}
		if err := doc.check(name+"_ack", e.Ack); err != nil {
			t.Errorf("the acknowledgement in the example of %s is not as described: %v\n%s", name, err, e.Ack)
		}
	}
	for name := range examples.Events {
		if doc.schemas[name] == nil {
			t.Errorf("%s has an example and is not described", name)
		}
	}
}
