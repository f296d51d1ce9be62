package web

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestPage(t *testing.T) {
	site := newSite(t)
	t.Run("names only files that are served", func(t *testing.T) {
		refs := regexp.MustCompile(`(?:src|href)="([^"]+)"`).FindAllStringSubmatch(get(t, site, "/", nil).Body.String(), -1)
		if len(refs) < 4 {
			t.Fatalf("the page names %d files, want at least icon, style, client and script", len(refs))
		}
		for _, ref := range refs {
			if !slices.Contains(site.Paths(), ref[1]) {
				t.Errorf("the page names %s, which is not served", ref[1])
			}
		}
	})
	t.Run("has nothing inline that script-src 'self' forbids", func(t *testing.T) {
		page := get(t, site, "/", nil).Body.String()
		for _, forbidden := range []string{`<script>`, ` onclick=`, ` onsubmit=`, ` onload=`, `javascript:`, `style="`} {
			if strings.Contains(page, forbidden) {
				t.Errorf("the page contains %s", forbidden)
			}
		}
		for _, tag := range regexp.MustCompile(`<script[^>]*>`).FindAllString(page, -1) {
			if !strings.Contains(tag, "src=") {
				t.Errorf("%s has no src", tag)
			}
		}
	})
	t.Run("is asked for again and answered with 304", func(t *testing.T) {
		first := get(t, site, "/", nil)
		if got := first.Header().Get("Cache-Control"); got != "no-cache" {
			t.Errorf("Cache-Control is %q, want no-cache", got)
		}
		second := get(t, site, "/", http.Header{"If-None-Match": {first.Header().Get("ETag")}})
		if second.Code != http.StatusNotModified || second.Body.Len() != 0 {
			t.Errorf("the second answer is %d with %d bytes, want 304 and none", second.Code, second.Body.Len())
		}
	})
}

func TestAssets(t *testing.T) {
	site := newSite(t)
	want := map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml", ".woff2": "font/woff2"}
	for _, at := range site.Paths() {
		if at == "/" {
			continue
		}
		t.Run(at, func(t *testing.T) {
			if !regexp.MustCompile(`^/assets/[0-9a-f]{12}/[a-z./-]+\.(css|js|svg|woff2)$`).MatchString(at) {
				t.Errorf("%s holds no hash: it must not be kept for a year", at)
			}
			reply := get(t, site, at, nil)
			if got := reply.Header().Get("Content-Type"); got != want[at[strings.LastIndexByte(at, '.'):]] {
				t.Errorf("Content-Type is %q", got)
			}
			if got := reply.Header().Get("Cache-Control"); !strings.Contains(got, "immutable") {
				t.Errorf("Cache-Control is %q, want immutable", got)
			}
			if etag := reply.Header().Get("ETag"); len(etag) < 10 || strings.HasPrefix(etag, "W/") {
				t.Errorf("ETag is %s, want a strong one", etag)
			}
		})
	}
}

func TestAnythingElseIsNotFound(t *testing.T) {
	site := newSite(t)
	for _, at := range []string{"/index.html", "/assets/", "/assets/app.js", "/assets/../web.go", "/api", "/favicon.ico"} {
		if code := get(t, site, at, nil).Code; code != http.StatusNotFound {
			t.Errorf("%s is %d, want 404", at, code)
		}
	}
}

func TestOnlyReadingIsAllowed(t *testing.T) {
	reply := httptest.NewRecorder()
	newSite(t).ServeHTTP(reply, httptest.NewRequest(http.MethodPost, "/", nil))
	if reply.Code != http.StatusMethodNotAllowed || reply.Header().Get("Allow") != "GET, HEAD" {
		t.Errorf("POST is %d with Allow %q, want 405 and GET, HEAD", reply.Code, reply.Header().Get("Allow"))
	}
}

// The page must speak with the client that the tests pin, not with one that was forgotten here.
func TestVendoredClientIsThePinnedOne(t *testing.T) {
	raw, err := os.ReadFile("../../testdata/node/package.json")
	if err != nil {
		t.Fatal(err)
	}
	var pinned struct{ Dependencies map[string]string }
	if err := json.Unmarshal(raw, &pinned); err != nil {
		t.Fatal(err)
	}
	client, err := assets.ReadFile("assets/vendor/socket.io.min.js")
	if err != nil {
		t.Fatal(err)
	}
	version := regexp.MustCompile(`Socket\.IO v(\S+)`).FindSubmatch(client[:200])
	if len(version) != 2 || string(version[1]) != pinned.Dependencies["socket.io-client"] {
		t.Errorf("the page carries client %s, package.json pins %s: copy dist/socket.io.min.js of that version here",
			version, pinned.Dependencies["socket.io-client"])
	}
}

func newSite(t *testing.T) *Site {
	t.Helper()
	site, err := New()
	if err != nil {
		t.Fatal(err)
	}
	return site
}

func get(t *testing.T, site *Site, at string, header http.Header) *httptest.ResponseRecorder {
	t.Helper()
	request := httptest.NewRequest(http.MethodGet, "/", nil)
	request.URL.Path = at
	for name, values := range header {
		request.Header[name] = values
	}
	reply := httptest.NewRecorder()
	site.ServeHTTP(reply, request)
	return reply
}
