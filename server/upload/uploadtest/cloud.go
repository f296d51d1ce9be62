package uploadtest

import (
	"crypto/sha1"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// The account of the stand-in.
const (
	CloudName   = "demo-cloud"
	CloudKey    = "874837483274837"
	CloudSecret = "a676b67565c6767a6767d6767f676fe1"

	pageSize = 3 // small, so that a list has pages
)

// Cloud stands in for Cloudinary: the parts of its Upload API (1.1), Admin API
// and delivery that coach uses, with their signatures checked as
// https://cloudinary.com/documentation/authentication_signatures and
// …/advanced_url_delivery_options say.
type Cloud struct {
	server *httptest.Server

	mu     sync.Mutex
	assets map[string]asset  // by public id
	open   map[string][]byte // by public id, for everybody
	broken bool              // every call answers 500
}

type asset struct {
	data   []byte
	format string
	at     time.Time
}

// NewCloud starts a stand-in that ends with the test.
func NewCloud(t testing.TB) *Cloud {
	t.Helper()
	c := &Cloud{assets: map[string]asset{}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST api.cloudinary.com/v1_1/{cloud}/auto/upload", c.upload)
	mux.HandleFunc("POST api.cloudinary.com/v1_1/{cloud}/image/destroy", c.destroy)
	mux.HandleFunc("GET api.cloudinary.com/v1_1/{cloud}/resources/image/authenticated", c.list)
	mux.HandleFunc("GET api.cloudinary.com/v1_1/{cloud}/ping", c.ping)
	mux.HandleFunc("GET res.cloudinary.com/{cloud}/image/authenticated/{signature}/v1/{id...}", c.deliver)
	mux.HandleFunc("GET res.cloudinary.com/{cloud}/image/upload/{id...}", c.deliverOpen)
	c.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.mu.Lock()
		broken := c.broken
		c.mu.Unlock()
		if broken {
			refuse(w, http.StatusInternalServerError, "General Error")
			return
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(c.server.Close)
	return c
}

// Client makes requests whose every host is the stand-in.
func (c *Cloud) Client() *http.Client {
	return &http.Client{Transport: detour{c.server.Client().Transport, c.server.Listener.Addr().String()}, Timeout: 10 * time.Second}
}

// Break makes every call fail, or work again.
func (c *Cloud) Break(broken bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.broken = broken
}

// Names lists the public ids of what is stored.
func (c *Cloud) Names() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Sorted(maps.Keys(c.assets))
}

// detour sends a request elsewhere; its Host still says where it was meant for.
type detour struct {
	http.RoundTripper
	to string
}

func (d detour) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Host, r.URL.Scheme, r.URL.Host = r.URL.Host, "http", d.to
	return d.RoundTripper.RoundTrip(r)
}

func refuse(w http.ResponseWriter, status int, message string) {
	answer(w, status, map[string]any{"error": map[string]string{"message": message}})
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // a caller who has gone needs no answer
}

// signed checks a call of the Upload API: every parameter but these, sorted,
// joined and hashed with the secret behind.
func signed(w http.ResponseWriter, r *http.Request) bool {
	unsigned := []string{"file", "cloud_name", "resource_type", "api_key", "signature"}
	var parts []string
	for name, values := range r.PostForm {
		if !slices.Contains(unsigned, name) && values[0] != "" {
			parts = append(parts, name+"="+strings.ReplaceAll(values[0], "&", "%26"))
		}
	}
	slices.Sort(parts)
	toSign := strings.Join(parts, "&")
	sum := sha1.Sum([]byte(toSign + CloudSecret))
	at, err := strconv.ParseInt(r.PostForm.Get("timestamp"), 10, 64)
	switch {
	case r.PathValue("cloud") != CloudName:
		refuse(w, http.StatusUnauthorized, "Invalid cloud_name "+r.PathValue("cloud"))
	case r.PostForm.Get("api_key") != CloudKey:
		refuse(w, http.StatusUnauthorized, "Unknown API key "+r.PostForm.Get("api_key"))
	case err != nil || time.Since(time.Unix(at, 0)).Abs() > time.Hour:
		refuse(w, http.StatusBadRequest, "Stale request - reported time is "+r.PostForm.Get("timestamp")+" which is more than 1 hour ago")
	case subtle.ConstantTimeCompare([]byte(hex.EncodeToString(sum[:])), []byte(r.PostForm.Get("signature"))) == 0:
		refuse(w, http.StatusUnauthorized, "Invalid Signature "+r.PostForm.Get("signature")+". String to sign - '"+toSign+"'.")
	default:
		return true
	}
	return false
}

func (c *Cloud) upload(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseMultipartForm(1 << 20); err != nil {
		refuse(w, http.StatusBadRequest, "Missing required parameter - file")
		return
	}
	if !signed(w, r) {
		return
	}
	file, _, err := r.FormFile("file")
	if err != nil {
		refuse(w, http.StatusBadRequest, "Missing required parameter - file")
		return
	}
	defer func() { _ = file.Close() }()
	data, err := io.ReadAll(file)
	if err != nil || len(data) == 0 {
		refuse(w, http.StatusBadRequest, "Empty file")
		return
	}
	id := r.PostForm.Get("public_id")
	if r.PostForm.Get("type") != "authenticated" || id == "" {
		refuse(w, http.StatusBadRequest, "coach stores by name, for signed delivery only")
		return
	}
	one := asset{data, formatOf(data), time.Now().UTC()}
	c.mu.Lock()
	c.assets[id] = one
	c.mu.Unlock()
	answer(w, http.StatusOK, described(id, one))
}

func described(id string, a asset) map[string]any {
	return map[string]any{
		"asset_id": hex.EncodeToString([]byte(id))[:32], "public_id": id, "version": a.at.Unix(), "format": a.format, "resource_type": "image",
		"type": "authenticated", "created_at": a.at.Format(time.RFC3339), "bytes": len(a.data),
	}
}

// formatOf is what Cloudinary finds in the bytes. The suite stores texts,
// whose last word says what they stand for.
func formatOf(data []byte) string {
	switch {
	case strings.HasPrefix(string(data), "\xff\xd8"), strings.HasSuffix(string(data), "jpeg"):
		return "jpg"
	case strings.HasSuffix(string(data), "webp"), strings.HasPrefix(string(data), "RIFF"):
		return "webp"
	case strings.HasSuffix(string(data), "gif"), strings.HasPrefix(string(data), "GIF8"):
		return "gif"
	}
	return "png"
}

func (c *Cloud) destroy(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Content-Type") == "" { // the Go SDK says none, and the real one reads it as a form
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if err := r.ParseForm(); err != nil || !signed(w, r) {
		return
	}
	id := r.PostForm.Get("public_id")
	c.mu.Lock()
	defer c.mu.Unlock()
	result := "not found"
	if _, there := c.assets[id]; there && r.PostForm.Get("type") == "authenticated" {
		delete(c.assets, id)
		result = "ok"
	}
	answer(w, http.StatusOK, map[string]string{"result": result})
}

// admitted checks a call of the Admin API, which takes the key itself.
func admitted(w http.ResponseWriter, r *http.Request) bool {
	key, secret, _ := r.BasicAuth()
	if r.PathValue("cloud") == CloudName && key == CloudKey && secret == CloudSecret {
		return true
	}
	refuse(w, http.StatusUnauthorized, "Invalid credentials")
	return false
}

func (c *Cloud) ping(w http.ResponseWriter, r *http.Request) {
	if admitted(w, r) {
		answer(w, http.StatusOK, map[string]string{"status": "ok"})
	}
}

func (c *Cloud) list(w http.ResponseWriter, r *http.Request) {
	if !admitted(w, r) {
		return
	}
	q := r.URL.Query()
	c.mu.Lock()
	defer c.mu.Unlock()
	var page []map[string]any
	next := ""
	for _, id := range slices.Sorted(maps.Keys(c.assets)) {
		if !strings.HasPrefix(id, q.Get("prefix")) || id <= q.Get("next_cursor") {
			continue
		}
		if len(page) == pageSize {
			next = page[pageSize-1]["public_id"].(string)
			break
		}
		page = append(page, described(id, c.assets[id]))
	}
	body := map[string]any{"resources": page}
	if next != "" {
		body["next_cursor"] = next
	}
	answer(w, http.StatusOK, body)
}

// Open stores a picture of the delivery type "upload", which anybody gets, and
// gives its address. Coach itself makes none.
func (c *Cloud) Open(id string, data []byte) (address string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open == nil {
		c.open = map[string][]byte{}
	}
	c.open[id] = data
	return "https://res.cloudinary.com/" + CloudName + "/image/upload/" + id
}

func (c *Cloud) deliverOpen(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	data, there := c.open[r.PathValue("id")]
	c.mu.Unlock()
	switch {
	case r.PathValue("id") == "moved":
		http.Redirect(w, r, "https://elsewhere.example/", http.StatusFound)
	case !there || r.PathValue("cloud") != CloudName:
		w.WriteHeader(http.StatusNotFound)
	default:
		_, _ = w.Write(data)
	}
}

// deliver gives a picture to whoever has its signed address: the first eight
// characters of a hash of the name, its ending and the secret.
func (c *Cloud) deliver(w http.ResponseWriter, r *http.Request) {
	full := r.PathValue("id")
	sum := sha1.Sum([]byte(full + CloudSecret))
	want := "s--" + base64.RawURLEncoding.EncodeToString(sum[:])[:8] + "--"
	if r.PathValue("cloud") != CloudName || subtle.ConstantTimeCompare([]byte(want), []byte(r.PathValue("signature"))) == 0 {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	id, _ := url.PathUnescape(full)
	if i := strings.LastIndexByte(id, '.'); i >= 0 {
		id = id[:i]
	}
	c.mu.Lock()
	one, there := c.assets[id]
	c.mu.Unlock()
	if !there {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	_, _ = w.Write(one.data) // a reader who has gone needs none
}
