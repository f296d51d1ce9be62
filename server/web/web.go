// Package web is the page at "/": one HTML file, plain ES modules, style sheets, a font and the official Socket.IO
// client, all embedded in the binary as they were written; nothing builds them.
//
// The page knows coach only through the public contract, as any other client does. Its files lie in a folder that is
// named by a hash of all of them, so that modules import each other by relative names, a browser may keep them for a
// year, and a new binary still brings the new ones. The HTML itself, which names the folder, is asked for each time and
// answered with 304 when it has not changed. It names every module that the first view needs, so that the browser
// fetches them side by side. Nothing in it is inline, and its policy forbids more than the server's common one: no
// inline styles, and no way from a text to markup (trusted types).
package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"maps"
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
	index  = "index.html"
	digits = 12 // hexadecimal digits of the hash in the folder's name
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
	policy    string // Content-Security-Policy; "" leaves the server's
}

// policy is the page's own, stricter than the one of all other replies.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; " +
	"img-src 'self' data: blob: https://res.cloudinary.com; connect-src 'self' ws: wss:; base-uri 'none'; form-action 'self'; " +
	"frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

// New reads the embedded files and gives them their names. It fails only if the binary was built wrongly.
func New() (*Site, error) {
	s := &Site{files: map[string]file{}}
	bodies, err := read()
	if err != nil {
		return nil, fmt.Errorf("read the page's files: %w", err)
	}
	folder := prefix + hashOf(bodies) + "/"
	page := bytes.Replace(bodies[index], []byte("<!-- modules -->"), modules(bodies), 1)
	delete(bodies, index)
	for name, body := range bodies {
		s.add(folder+name, file{body: body, mediaType: mediaTypeOf(name), cache: keep})
		for _, attribute := range []string{"src", "href"} {
			page = bytes.ReplaceAll(page, []byte(attribute+`="`+name+`"`), []byte(attribute+`="`+folder+name+`"`))
		}
	}
	s.add("/", file{body: page, mediaType: mediaTypeOf(index), cache: ask, policy: policy})
	return s, nil
}

// modules are the links for all modules of the first view, so that the browser does not find them one import after the
// other. Other pages than the chat are fetched when they are visited; plain scripts are no modules.
func modules(bodies map[string][]byte) []byte {
	var links bytes.Buffer
	for _, name := range slices.Sorted(maps.Keys(bodies)) {
		later := strings.HasPrefix(name, "pages/") && name != "pages/chat.js"
		if path.Ext(name) != ".js" || later || strings.HasPrefix(name, "vendor/") || name == "theme.js" || name == "app.js" {
			continue
		}
		_, _ = fmt.Fprintf(&links, "<link rel=\"modulepreload\" href=\"%s\">\n  ", name)
	}
	return links.Bytes()
}

// read gives the embedded files that are served, by their name below assets.
func read() (map[string][]byte, error) {
	bodies := map[string][]byte{}
	err := fs.WalkDir(assets, "assets", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || mediaTypeOf(name) == "" {
			return err
		}
		bodies[strings.TrimPrefix(name, "assets/")], err = assets.ReadFile(name)
		return err
	})
	return bodies, err
}

// hashOf names a set of files: another content or another name gives another hash.
func hashOf(bodies map[string][]byte) string {
	all := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(bodies)) {
		_, _ = fmt.Fprintf(all, "%s %d\n", name, len(bodies[name]))
		all.Write(bodies[name])
	}
	return hex.EncodeToString(all.Sum(nil))[:digits]
}

func (s *Site) add(at string, f file) {
	hash := sha256.Sum256(f.body)
	f.etag = `"` + hex.EncodeToString(hash[:16]) + `"`
	s.files[at] = f
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
	if f.policy != "" {
		h.Set("Content-Security-Policy", f.policy)
	}
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
	case ".woff2":
		return "font/woff2"
	case ".svg":
		return "image/svg+xml"
	}
	return ""
}
