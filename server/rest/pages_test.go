package rest

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/elite-trading-coach/coach/server/chat"
)

func TestCompression(t *testing.T) {
	p := open(t)
	ann := p.person("ann")
	id := ann.conversation("off")
	ann.say(id, strings.Repeat("all work and no play ", 400))
	path := "/api/conversations/" + id + "/messages"
	plain := p.do(ask{"GET", path, ann.token, nil, map[string]string{"Accept-Encoding": "identity"}, false}).want(200)
	for accept, packed := range map[string]bool{
		"gzip": true, "br, gzip;q=0.5": true, "*": true, "GZIP": true, "x-gzip": true,
		"gzip;q=0": false, "*, gzip; q=0": false, "br": false, "identity": false, "*;q=0": false, "gzip;q=nonsense": false,
	} {
		res, err := p.http.Do(p.request(ask{"GET", path, ann.token, nil, map[string]string{"Accept-Encoding": accept}, false}))
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		if got := res.Header.Get("Content-Encoding") == "gzip"; got != packed {
			t.Errorf("%q: packed %v", accept, got)
			continue
		}
		if !strings.Contains(strings.Join(res.Header.Values("Vary"), ","), "Accept-Encoding") {
			t.Errorf("%q: Vary %q", accept, res.Header.Values("Vary"))
		}
		if packed {
			body = unpack(t, body)
		}
		if !bytes.Equal(body, plain.raw) {
			t.Errorf("%q: other bytes", accept)
		}
	}
	small, err := p.http.Do(p.request(ask{"GET", "/api/auth/me", ann.token, nil, map[string]string{"Accept-Encoding": "gzip"}, false}))
	if err != nil {
		t.Fatal(err)
	}
	defer small.Body.Close()
	if small.Header.Get("Content-Encoding") != "" {
		t.Error("a small reply was packed")
	}
}

func unpack(t *testing.T, b []byte) []byte {
	t.Helper()
	r, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	out, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// page is what stands for the embedded pages.
type page struct{}

func (page) Paths() []string { return []string{"/", "/assets/app.js"} }

func (page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-cache")
	w.Header().Set("ETag", `"v1"`)
	http.ServeContent(w, r, "", time.Time{}, strings.NewReader(strings.Repeat("<p>hello</p>", 500)))
}

func TestPages(t *testing.T) {
	p := open(t, func(o *Options, _ *chat.Options, _ *authOptions) { o.Web = page{}; tight(o) })
	for range 20 { // more than anybody may ask of the API in a second
		got := p.do(ask{method: "GET", path: "/", header: map[string]string{"Accept-Encoding": "gzip"}}).want(200)
		if h := got.header; h.Get("Cache-Control") != "no-cache" || h.Get("Content-Type") != "text/html; charset=utf-8" || h.Get("ETag") != `W/"v1"` ||
			h.Get("Content-Encoding") != "gzip" || h.Get("X-Frame-Options") != "DENY" || len(unpack(t, got.raw)) != 6000 {
			t.Fatalf("headers %v, %d bytes", h, len(got.raw))
		}
	}
	if got := p.do(ask{method: "GET", path: "/", header: map[string]string{"If-None-Match": `W/"v1"`}}).want(304); len(got.raw) != 0 {
		t.Errorf("304 with %q", got.raw)
	}
	if got := p.do(ask{method: "GET", path: "/assets/app.js", header: map[string]string{"Range": "bytes=0-4", "Accept-Encoding": "gzip"}}).want(206); string(got.raw) != "<p>he" {
		t.Errorf("a part is %q", got.raw)
	}
	if got := p.do(ask{method: "HEAD", path: "/"}).want(200); len(got.raw) != 0 {
		t.Errorf("HEAD gave %d bytes", len(got.raw))
	}
	p.do(ask{method: "POST", path: "/"}).refused(405, "METHOD_NOT_ALLOWED")
	p.do(ask{method: "GET", path: "/assets/other.js"}).refused(404, "NOT_FOUND")
}
