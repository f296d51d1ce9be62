// Package web is the page at "/": one HTML file, one script, one style sheet and the official Socket.IO client, all
// embedded in the binary.
//
// The page knows coach only through the public contract, as any other client does. Its files are served under names
// that hold a hash of their content, so that a browser may keep them for a year and still gets the new ones with a new
// binary; the HTML itself, which names them, is asked for each time and answered with 304 when it has not changed.
// Nothing in it is inline, so it runs under `script-src 'self'`.
package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"
)

//go:embed assets
var assets embed.FS

const (
	// prefix is where everything but the page itself lies.
	prefix = "/assets/"

	keep   = "public, max-age=31536000, immutable"
	ask    = "no-cache"
	digits = 12 // hexadecimal digits of the hash in a name
)

// Site answers GET and HEAD for the page and its files.
type Site struct {
	files map[string]file // by path
}

type file struct {
	body      []byte
	mediaType string
	etag      string
	cache     string
}

// New reads the embedded files and gives them their names. It fails only if the binary was built wrongly.
func New() (*Site, error) {
	s := &Site{files: map[string]file{}}
	page, err := assets.ReadFile("assets/index.html")
	if err != nil {
		return nil, fmt.Errorf("read the page: %w", err)
	}
	err = fs.WalkDir(assets, "assets", func(name string, entry fs.DirEntry, err error) error {
		mediaType := mediaTypeOf(name)
		if err != nil || entry.IsDir() || mediaType == "" || name == "assets/index.html" {
			return err
		}
		body, err := assets.ReadFile(name)
		if err != nil {
			return err
		}
		short := strings.TrimPrefix(name, "assets/")
		at := s.add(hashedPath(short, body), file{body: body, mediaType: mediaType, cache: keep})
		page = bytes.ReplaceAll(page, []byte(`"`+short+`"`), []byte(`"`+at+`"`))
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the page's files: %w", err)
	}
	s.add("/", file{body: page, mediaType: mediaTypeOf("index.html"), cache: ask})
	return s, nil
}

func (s *Site) add(at string, f file) string {
	f.etag = `"` + sum(f.body) + `"`
	s.files[at] = f
	return at
}

// Paths lists every path that the site answers, sorted, so that a router can leave all others to itself.
func (s *Site) Paths() []string {
	paths := make([]string, 0, len(s.files))
	for at := range s.files {
		paths = append(paths, at)
	}
	slices.Sort(paths)
	return paths
}

// ServeHTTP answers for one of [Site.Paths]; anything else is 404. Conditional and range requests work.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f, ok := s.files[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
		return
	}
	h := w.Header()
	h.Set("Content-Type", f.mediaType)
	h.Set("Cache-Control", f.cache)
	h.Set("ETag", f.etag)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(f.body))
}

// mediaTypeOf does not ask the system's tables, which differ from machine to machine. "" is a file that is not served,
// such as a licence.
func mediaTypeOf(name string) string {
	switch path.Ext(name) {
	case ".css":
		return "text/css; charset=utf-8"
	case ".html":
		return "text/html; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	}
	return ""
}

// hashedPath turns "vendor/a.min.js" into "/assets/vendor/a.min.<hash>.js".
func hashedPath(name string, body []byte) string {
	ext := path.Ext(name)
	return prefix + strings.TrimSuffix(name, ext) + "." + sum(body)[:digits] + ext
}

func sum(body []byte) string {
	hash := sha256.Sum256(body)
	return hex.EncodeToString(hash[:16])
}
