package manual

import (
	"regexp"
	"strings"
	"testing"

	"github.com/elite-trading-coach/coach/docs"
)

// What docs/migrating.md says answers now is described: a route that was renamed must not stay in its right column.
func TestMigratingNamesWhatIsThere(t *testing.T) {
	raw, err := docs.Files.ReadFile("migrating.md")
	if err != nil {
		t.Fatal(err)
	}
	w, err := newWriter()
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(raw), "\n## Routes\n")
	if !found {
		t.Fatal("there is no table of routes")
	}
	route, event := regexp.MustCompile("`(GET|POST|PUT|PATCH|DELETE) (/[^`]*)`"), regexp.MustCompile("`([a-z]+(?:_[a-z]+)+|connected|sync|regenerate|ping)`")
	routes, events := 0, 0
	for line := range strings.SplitSeq(rest, "\n") {
		cells := strings.Split(line, " | ")
		if len(cells) != 2 || strings.HasPrefix(line, "| then") {
			continue
		}
		for _, m := range route.FindAllStringSubmatch(cells[1], -1) {
			routes++
			if child(w.http.at(w.http.root, "paths", m[2]), strings.ToLower(m[1])) == nil {
				t.Errorf("%s %s is said to answer, and is not described: %s", m[1], m[2], line)
			}
		}
		for _, m := range event.FindAllStringSubmatch(cells[1], -1) {
			events++
			if w.live.at(w.live.root, "operations", m[1]) == nil {
				t.Errorf("the event %s is said to be there, and is not described: %s", m[1], line)
			}
		}
	}
	if routes < 35 || events < 35 {
		t.Errorf("only %d routes and %d events were looked at", routes, events)
	}
}
