// Package manual is the pages at /docs: the guides of docs/, and a reference of every route and event with what tests saw
// the server say.
//
// All of it is made from the files in the program, once, when somebody first looks: the guides from Markdown, the
// reference from the two descriptions. The pages need no script at all, so they are read under the strictest policy, by
// screen readers and by text browsers alike.
package manual

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"
)

// home is where the pages begin; nowhere is the page for whatever is none.
const (
	home    = "/docs"
	nowhere = "nowhere"
)

const (
	keep = "public, max-age=31536000, immutable" // the name holds a hash of the content
	ask  = "no-cache"
)

// Site answers GET and HEAD for everything at and below /docs. It may be used by several goroutines.
type Site struct {
	made func() (map[string]file, error) // by path
	log  *slog.Logger
}

type file struct {
	body             []byte
	mediaType, cache string
	etag             string
}

// New is a site whose pages are made when the first of them is asked for: it takes a tenth of a second, which no start
// should wait for.
func New(log *slog.Logger) *Site { return &Site{made: sync.OnceValues(pages), log: log} }

// pages makes all of them. It fails only if a guide or a description was written wrongly.
func pages() (map[string]file, error) {
	w, err := newWriter()
	if err == nil {
		err = w.write()
	}
	if err != nil {
		return nil, fmt.Errorf("make the pages of %s: %w", home, err)
	}
	return w.files, nil
}

// Paths are the paths for a router, the second with a wildcard in Echo's form.
func (*Site) Paths() []string { return []string{home, home + "/*"} }

// ServeHTTP answers a request below /docs. What is not there is a page that says so, with 404. Conditional and range
// requests work.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	files, err := s.made()
	if err != nil {
		s.log.Error("the documentation cannot be shown", "error", err)
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	h := w.Header()
	f, ok := files[strings.TrimSuffix(r.URL.Path, "/")]
	if !ok {
		h.Set("Content-Type", files[nowhere].mediaType)
		w.WriteHeader(http.StatusNotFound)
		if r.Method != http.MethodHead {
			_, _ = w.Write(files[nowhere].body)
		}
		return
	}
	h.Set("Content-Type", f.mediaType)
	h.Set("Cache-Control", f.cache)
	h.Set("ETag", f.etag)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(f.body))
}

// newFile gives a body what a browser is told about it.
func newFile(name string, body []byte, cache string) file {
	return file{body: body, mediaType: mediaTypeOf(name), cache: cache, etag: `"` + sum(body) + `"`}
}

// mediaTypeOf does not ask the system's tables, which differ from machine to machine.
func mediaTypeOf(name string) string {
	switch path.Ext(name) {
	case ".css":
		return "text/css; charset=utf-8"
	case ".png":
		return "image/png"
	case ".svg":
		return "image/svg+xml"
	case ".yaml":
		return "application/yaml; charset=utf-8" // RFC 9512
	}
	return "text/html; charset=utf-8"
}

func sum(body []byte) string {
	hash := sha256.Sum256(body)
	return hex.EncodeToString(hash[:16])
}
