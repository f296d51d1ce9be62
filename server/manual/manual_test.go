package manual

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"

	"golang.org/x/net/html"

	"github.com/elite-trading-coach/coach/docs"
)

// made are all pages, made once for all tests.
var made = sync.OnceValues(pages)

func files(t testing.TB) map[string]file {
	t.Helper()
	all, err := made()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// Every link between the pages leads somewhere, to the very heading it names.
func TestLinksLeadSomewhere(t *testing.T) {
	all := files(t)
	ids, links := map[string]map[string]bool{}, map[string][]string{}
	for at, f := range all {
		if !strings.HasPrefix(f.mediaType, "text/html") {
			continue
		}
		ids[at], links[at] = read(t, at, f.body)
	}
	checked := 0
	for at, list := range links {
		for _, to := range list {
			path, fragment, _ := strings.Cut(to, "#")
			if strings.Contains(to, "://") || path == "/" || strings.HasPrefix(to, "mailto:") {
				continue
			}
			if path == "" {
				path = at
			}
			checked++
			switch _, served := all[path]; {
			case !served:
				t.Errorf("%s links to %s, which is no page", at, to)
			case fragment != "" && !ids[path][fragment]:
				t.Errorf("%s links to %s, and %s has no such heading", at, to, path)
			}
		}
	}
	if checked < 500 {
		t.Errorf("only %d links were looked at", checked)
	}
}

// read gives the ids of a page and what it links to. Nothing in it may be a script, or look elsewhere for anything.
func read(t *testing.T, at string, body []byte) (ids map[string]bool, links []string) {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(string(body)))
	if err != nil {
		t.Fatal(err)
	}
	ids = map[string]bool{}
	for n := range doc.Descendants() {
		if n.Data == "script" || n.Data == "style" {
			t.Errorf("%s has a %s", at, n.Data)
		}
		for _, a := range n.Attr {
			switch {
			case a.Key == "id" && ids[a.Val]:
				t.Errorf("%s has the id %s twice", at, a.Val)
			case a.Key == "id":
				ids[a.Val] = true
			case a.Key == "href" || a.Key == "src":
				links = append(links, a.Val)
			case strings.HasPrefix(a.Key, "on"), a.Key == "style":
				t.Errorf("%s has an inline %s", at, a.Key)
			}
			if a.Key == "src" && strings.Contains(a.Val, "://") {
				t.Errorf("%s takes %s from elsewhere", at, a.Val)
			}
		}
	}
	return ids, links
}

// The reference leaves nothing out: every operation and event of the descriptions is on a page, with its example.
func TestReferenceIsComplete(t *testing.T) {
	all := files(t)
	examples, err := docs.LoadExamples()
	if err != nil {
		t.Fatal(err)
	}
	var routes strings.Builder
	for at, f := range all {
		if strings.HasPrefix(at, home+"/api/") {
			routes.Write(f.body)
		}
	}
	found := regexp.MustCompile(`operationId: (\w+)`).FindAllStringSubmatch(docs.OpenAPI, -1)
	if len(found) < 50 {
		t.Fatalf("only %d operations are described", len(found))
	}
	for _, op := range found {
		if !strings.Contains(routes.String(), `<section id="`+op[1]+`"`) {
			t.Errorf("operation %s is on no page", op[1])
		}
	}
	if n := strings.Count(routes.String(), "An exchange that a test saw"); n != len(found) {
		t.Errorf("%d operations have an example, %d are described", n, len(found))
	}
	events := string(all[home+"/events"].body)
	if len(examples.Events) < 40 {
		t.Errorf("only %d events have an example", len(examples.Events))
	}
	for name := range examples.Events {
		if !strings.Contains(events, `<section id="`+name+`"`) {
			t.Errorf("event %s is not on its page", name)
		}
	}
}

func TestPagesAreServed(t *testing.T) {
	s := New(slog.New(slog.DiscardHandler))
	for at, kind := range map[string]string{
		"/docs": "text/html; charset=utf-8", "/docs/frontend": "text/html; charset=utf-8", "/docs/api/auth": "text/html; charset=utf-8",
		"/docs/openapi.yaml": "application/yaml; charset=utf-8", "/docs/images/page.png": "image/png",
	} {
		reply := httptest.NewRecorder()
		s.ServeHTTP(reply, httptest.NewRequest(http.MethodGet, at, nil))
		if reply.Code != http.StatusOK || reply.Header().Get("Content-Type") != kind {
			t.Errorf("%s is %d, %s; want %s", at, reply.Code, reply.Header().Get("Content-Type"), kind)
		}
		again := httptest.NewRequest(http.MethodGet, at, nil)
		again.Header.Set("If-None-Match", reply.Header().Get("ETag"))
		reply = httptest.NewRecorder()
		if s.ServeHTTP(reply, again); reply.Code != http.StatusNotModified {
			t.Errorf("%s again is %d, want 304", at, reply.Code)
		}
	}
	reply := httptest.NewRecorder()
	if s.ServeHTTP(reply, httptest.NewRequest(http.MethodGet, "/docs/none", nil)); reply.Code != http.StatusNotFound || !strings.Contains(reply.Body.String(), "no such page") {
		t.Errorf("a page that is not there is %d %s", reply.Code, reply.Body)
	}
}

// What somebody writes into a guide or a description stays text.
func TestMarkdownIsNotHTML(t *testing.T) {
	w, err := newWriter()
	if err != nil {
		t.Fatal(err)
	}
	got, err := w.block("a <script>alert(1)</script> [x](javascript:alert(1))\n\n<img src=x onerror=alert(1)>\n\n```html\n<b>\n```\n")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(got), "<script") || strings.Contains(string(got), "onerror") || strings.Contains(string(got), `href="javascript`) {
		t.Errorf("made %s", got)
	}
	if !strings.Contains(string(got), "&lt;b&gt;") {
		t.Errorf("code is not shown: %s", got)
	}
}

func BenchmarkPages(b *testing.B) {
	for b.Loop() {
		if _, err := pages(); err != nil {
			b.Fatal(err)
		}
	}
}
