package web

import (
	"bytes"
	"compress/gzip"
	"path"
	"regexp"
	"testing"
)

// firstLoad is what a first visit may weigh, compressed.
const firstLoad = 150_000

// TestFirstLoadIsLight adds up what the browser fetches before the chat can be used: the page and all that it names, with
// the font. It packs as the server does, at the fastest level.
func TestFirstLoadIsLight(t *testing.T) {
	site := newSite(t)
	page := get(t, site, "/", nil).Body.Bytes()
	total := packed(t, page)
	named := map[string]bool{}
	for _, ref := range regexp.MustCompile(`(?:src|href)="(/assets/[^"]+)"`).FindAllSubmatch(page, -1) {
		named[string(ref[1])] = true
	}
	for at := range named {
		body := get(t, site, at, nil).Body.Bytes()
		if path.Ext(at) == ".woff2" {
			total += len(body)
		} else {
			total += packed(t, body)
		}
	}
	t.Logf("%d files, %d bytes", len(named)+1, total)
	if total > firstLoad {
		t.Errorf("a first visit fetches %d bytes in %d files, more than %d", total, len(named)+1, firstLoad)
	}
}

// Every module that a module of the first view imports must be named by the page, or it is found late.
func TestModulesOfTheFirstViewAreNamed(t *testing.T) {
	site := newSite(t)
	page := get(t, site, "/", nil).Body.String()
	imports := regexp.MustCompile(`(?m)^import .* from '(\.[^']+)';$`)
	for _, ref := range regexp.MustCompile(`href="(/assets/[^"]+\.js)"`).FindAllStringSubmatch(page, -1) {
		for _, found := range imports.FindAllStringSubmatch(get(t, site, ref[1], nil).Body.String(), -1) {
			at := path.Join(path.Dir(ref[1]), found[1])
			if !bytes.Contains([]byte(page), []byte(`"`+at+`"`)) {
				t.Errorf("%s imports %s, which the page does not name", ref[1], at)
			}
		}
	}
}

func packed(t *testing.T, body []byte) int {
	t.Helper()
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(body); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Len()
}
