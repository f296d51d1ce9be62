package rest

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/elite-trading-coach/coach/server/auth"
	"github.com/elite-trading-coach/coach/server/chat"
	"github.com/elite-trading-coach/coach/server/fault"
	"github.com/elite-trading-coach/coach/server/upload"
	"github.com/elite-trading-coach/coach/storage"
)

// gallery gives a place a room for images on a disk of its own.
func (p *place) gallery(o *Options) {
	p.t.Helper()
	dir := p.t.TempDir()
	disk, err := upload.NewDisk(filepath.Join(dir, "files"))
	if err != nil {
		p.t.Fatal(err)
	}
	options := upload.Options{Store: p.store, Objects: disk, Dir: filepath.Join(dir, "incoming")}
	if o.Uploads != nil {
		options = o.Uploads.Options
		options.Store, options.Objects, options.Dir = p.store, disk, filepath.Join(dir, "incoming")
	}
	if o.Uploads, err = upload.New(options); err != nil {
		p.t.Fatal(err)
	}
	if o.Links, err = upload.NewLinks(o.Now, []byte(strings.Repeat("s", 32))); err != nil {
		p.t.Fatal(err)
	}
}

// withUploads is a place whose room for images is as these options say.
func withUploads(u upload.Options) change {
	return func(o *Options, _ *chat.Options, _ *auth.Options) { o.Uploads = &upload.Service{Options: u} }
}

// chart is a PNG that is nobody else's.
func chart(t *testing.T, shade byte) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, 60, 40))
	for x := range 60 {
		img.Set(x, x*40/60, color.RGBA{shade, 200, 0, 255})
	}
	var out bytes.Buffer
	if err := png.Encode(&out, img); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// part is one of a multipart body; with a file's name it is a file.
type part struct{ field, file, content string }

// form sends a multipart body.
func (p *person) form(path string, parts ...part) answer {
	p.t.Helper()
	body, kind := formOf(p.t, parts...)
	return p.do(ask{"POST", path, p.token, body, map[string]string{"Content-Type": kind}, true})
}

func formOf(t *testing.T, parts ...part) ([]byte, string) {
	t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for _, one := range parts {
		h := textproto.MIMEHeader{"Content-Disposition": {fmt.Sprintf(`form-data; name=%q`, one.field)}}
		if one.file != "" {
			h.Set("Content-Disposition", fmt.Sprintf(`form-data; name=%q; filename=%q`, one.field, one.file))
			h.Set("Content-Type", "image/png")
		}
		into, err := w.CreatePart(h)
		if err == nil {
			_, err = io.WriteString(into, one.content)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return body.Bytes(), w.FormDataContentType()
}

// uploads sends charts and gives the records.
func (p *person) uploads(charts ...[]byte) []chat.Upload {
	p.t.Helper()
	var parts []part
	for i, c := range charts {
		parts = append(parts, part{"images", fmt.Sprintf("chart %d.png", i), string(c)})
	}
	var v struct{ Uploads []chat.Upload }
	p.form("/api/uploads", parts...).want(http.StatusCreated).into(&v)
	return v.Uploads
}

// pathOf is an address without the server's own.
func (p *place) pathOf(address string) string {
	p.t.Helper()
	path, ok := strings.CutPrefix(address, p.url)
	if !ok {
		p.t.Fatalf("the address %q does not begin with %q", address, p.url)
	}
	return path
}

func (p *person) everyUploadRoute(conversation string) {
	p.t.Helper()
	u := p.uploads(chart(p.t, 1))[0]
	p.get("/api/uploads/" + u.ID).want(http.StatusOK)
	p.get("/api/uploads/" + u.ID + "/file").want(http.StatusOK)
	p.get(p.pathOf(u.ThumbnailURL)).want(http.StatusOK)
	p.form("/api/uploads", part{"conversationId", "", conversation}, part{"file", "x.png", string(chart(p.t, 2))}).want(http.StatusCreated)
	p.delete("/api/uploads/"+u.ID, nil).want(http.StatusOK)
	p.post("/api/analyze-trade", map[string]string{"description": "long 2 MES at 6000, stop 5994, target 6012, account 25k"}).want(http.StatusOK)
}

func TestAMessageShowsItsImages(t *testing.T) {
	p := open(t)
	ann, bob, eve := p.person("ann"), p.person("bob"), p.person("eve")
	id := ann.conversation("off")
	ann.post("/api/conversations/"+id+"/members", map[string]string{"identifier": "bob", "role": "viewer"}).want(http.StatusCreated)
	list := ann.uploads(chart(t, 1), chart(t, 2))
	var sent chat.Message
	ann.post("/api/messages", map[string]any{"conversationId": id, "uploadIds": []string{list[1].ID, list[0].ID}}).want(http.StatusCreated).into(&sent)
	if len(sent.Uploads) != 2 || sent.Uploads[0].ID != list[1].ID || *sent.Uploads[0].ConversationID != id || sent.Content != "" {
		t.Fatalf("sent %+v", sent)
	}
	var seen chat.Message
	bob.get("/api/messages/" + sent.ID).want(http.StatusOK).into(&seen)
	picture := p.do(ask{method: "GET", path: p.pathOf(seen.Uploads[0].URL)}).want(http.StatusOK)
	if img, err := png.Decode(bytes.NewReader(picture.raw)); err != nil || img.Bounds().Dx() != 60 {
		t.Errorf("the picture: %v", err)
	}
	bob.get("/api/uploads/" + list[0].ID).want(http.StatusOK)
	bob.get("/api/uploads/" + list[0].ID + "/file?size=thumb").want(http.StatusOK)
	bob.delete("/api/uploads/"+list[0].ID, nil).refused(http.StatusNotFound, "NOT_FOUND")
	for _, path := range []string{"", "/file"} {
		eve.get("/api/uploads/"+list[0].ID+path).refused(http.StatusNotFound, "NOT_FOUND")
	}
	ann.delete("/api/uploads/"+list[0].ID, nil).want(http.StatusOK)
	bob.get("/api/messages/" + sent.ID).want(http.StatusOK).into(&seen)
	if len(seen.Uploads) != 1 || seen.Rev <= sent.Rev {
		t.Errorf("without the deleted one: %+v", seen)
	}
	ann.delete("/api/messages/"+sent.ID, nil).want(http.StatusOK)
	p.do(ask{method: "GET", path: p.pathOf(sent.Uploads[0].URL)}).refused(http.StatusNotFound, "NOT_FOUND")
}

func TestOnlyOnesOwnUploadsGoIntoAMessage(t *testing.T) {
	p := open(t)
	ann, eve := p.person("ann"), p.person("eve")
	anns, eves := ann.conversation("off"), eve.conversation("off")
	u := ann.uploads(chart(t, 1))[0]
	send := func(who *person, conversation string, ids ...string) answer {
		return who.post("/api/messages", map[string]any{"conversationId": conversation, "content": "look", "uploadIds": ids})
	}
	send(eve, eves, u.ID).refused(http.StatusBadRequest, "VALIDATION_ERROR").names("uploadIds")
	send(ann, anns, "nonsense").refused(http.StatusBadRequest, "VALIDATION_ERROR").names("uploadIds")
	send(ann, anns, u.ID, u.ID).refused(http.StatusBadRequest, "VALIDATION_ERROR").names("uploadIds")
	var first, second chat.Message
	send(ann, anns, u.ID).want(http.StatusCreated).into(&first)
	send(ann, anns, u.ID).want(http.StatusCreated).into(&second) // once more, under an id of its own
	if second.Uploads[0].ID == u.ID {
		t.Error("two messages share one upload: deleting one would empty the other")
	}
	ann.delete("/api/messages/"+first.ID, nil).want(http.StatusOK)
	p.do(ask{method: "GET", path: p.pathOf(second.Uploads[0].URL)}).want(http.StatusOK)
	ann.delete("/api/uploads/"+second.Uploads[0].ID, nil).want(http.StatusOK)
	send(ann, anns, second.Uploads[0].ID).refused(http.StatusBadRequest, "VALIDATION_ERROR").names("uploadIds")
}

// Fault 10: uploads accept a foreign conversationId.
func TestNobodyUploadsIntoOthersConversations(t *testing.T) {
	p := open(t)
	ann, bob, eve := p.person("ann"), p.person("bob"), p.person("eve")
	id := ann.conversation("off")
	ann.post("/api/conversations/"+id+"/members", map[string]string{"identifier": "bob", "role": "viewer"}).want(http.StatusCreated)
	image := part{"file", "x.png", string(chart(t, 1))}
	eve.form("/api/uploads", part{"conversationId", "", id}, image).refused(http.StatusNotFound, "NOT_FOUND")
	eve.form("/api/uploads", image, part{"conversationId", "", "../../etc"}).refused(http.StatusNotFound, "NOT_FOUND")
	bob.form("/api/uploads", part{"conversationId", "", id}, image).refused(http.StatusForbidden, "FORBIDDEN")
}

func TestSignedAddressesOpenOnePictureForSomeHours(t *testing.T) {
	now := time.Date(2026, 3, 2, 13, 0, 0, 0, time.UTC)
	p := open(t, func(o *Options, _ *chat.Options, _ *auth.Options) { o.Now = func() time.Time { return now } })
	ann := p.person("ann")
	list := ann.uploads(chart(t, 1), chart(t, 2))
	address := p.pathOf(list[0].URL)
	a := p.do(ask{method: "GET", path: address}).want(http.StatusOK)
	for name, want := range map[string]string{
		"Content-Type": "image/png", "X-Content-Type-Options": "nosniff", "Cache-Control": "private, max-age=39600, immutable",
		"Content-Security-Policy": "default-src 'none'; sandbox", "Content-Disposition": `inline; filename="chart 0.png"; filename*=UTF-8''chart%200.png`,
	} {
		if got := a.header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if a.header.Get("X-RateLimit-Limit") != "" {
		t.Error("a signed address counts as a request")
	}
	p.do(ask{method: "GET", path: address, header: map[string]string{"If-None-Match": a.header.Get("ETag")}}).want(http.StatusNotModified)
	if part := p.do(ask{method: "GET", path: address, header: map[string]string{"Range": "bytes=0-7"}}).want(http.StatusPartialContent); string(part.raw) != "\x89PNG\r\n\x1a\n" {
		t.Errorf("a range: %q", part.raw)
	}
	p.do(ask{method: "HEAD", path: address}).want(http.StatusOK)
	forged := strings.Replace(address, list[0].ID, list[1].ID, 1)
	for _, path := range []string{forged, strings.Replace(address, "size=original", "size=thumb", 1), strings.Replace(address, "expires=1", "expires=2", 1)} {
		p.do(ask{method: "GET", path: path}).refused(http.StatusForbidden, "FORBIDDEN")
	}
	p.do(ask{method: "GET", path: "/api/uploads/" + list[0].ID + "/file"}).refused(http.StatusUnauthorized, "TOKEN_MISSING")
	ann.get("/api/uploads/"+list[0].ID+"/file?size=huge").refused(http.StatusBadRequest, "VALIDATION_ERROR").names("size")
	now = now.Add(4 * time.Hour)
	var again chat.Upload
	if ann.get("/api/uploads/" + list[0].ID).into(&again); again.URL != list[0].URL {
		t.Error("an address changed within its hours: no browser could cache it")
	}
	now = now.Add(9 * time.Hour)
	p.do(ask{method: "GET", path: address}).refused(http.StatusForbidden, "FORBIDDEN")
	ann.get(address).want(http.StatusOK) // the owner needs none
}

func TestWhatAnUploadRefuses(t *testing.T) {
	p := open(t)
	ann := p.person("ann")
	ok := string(chart(t, 1))
	large := part{"images", "large.png", ok + strings.Repeat("x", upload.MaxImage)}
	tests := map[string]struct {
		parts  []part
		status int
		code   string
		field  string
	}{
		"nothing":         {nil, 400, "VALIDATION_ERROR", "images"},
		"only fields":     {[]part{{"conversationId", "", ""}, {"other", "", "x"}}, 400, "VALIDATION_ERROR", "images"},
		"a wrong name":    {[]part{{"picture", "a.png", ok}}, 400, "VALIDATION_ERROR", "picture"},
		"no image":        {[]part{{"images", "a.png", "<script>alert(1)</script>"}}, 415, "UNSUPPORTED_MEDIA_TYPE", "images"},
		"an empty one":    {[]part{{"images", "a.png", ""}}, 400, "VALIDATION_ERROR", "images"},
		"a truncated one": {[]part{{"images", "a.png", ok[:len(ok)-20]}}, 422, "UNPROCESSABLE_IMAGE", "images"},
		"a sixth":         {[]part{{"images", "1", ok}, {"images", "2", ok}, {"images", "3", ok}, {"images", "4", ok}, {"images", "5", ok}, {"images", "6", ok}}, 400, "VALIDATION_ERROR", "images"},
		"eleven MiB":      {[]part{large}, 413, "PAYLOAD_TOO_LARGE", "images"},
		"a long id":       {[]part{{"conversationId", "", strings.Repeat("x", 65)}}, 400, "VALIDATION_ERROR", "conversationId"},
		"an id twice":     {[]part{{"conversationId", "", "a"}, {"conversationId", "", "b"}}, 400, "VALIDATION_ERROR", "conversationId"},
		"many parts":      {make([]part, 40), 400, "VALIDATION_ERROR", "body"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			person := &person{place: &place{t: t, site: p.site, url: p.url, http: p.http}, token: ann.token}
			person.form("/api/uploads", test.parts...).refused(test.status, test.code).names(test.field)
		})
	}
	t.Run("another kind of body", func(t *testing.T) {
		ann.post("/api/uploads", map[string]string{"images": "x"}).refused(http.StatusUnsupportedMediaType, "UNSUPPORTED_MEDIA_TYPE")
	})
	t.Run("a body that ends too early", func(t *testing.T) {
		body, kind := formOf(t, part{"images", "a.png", ok})
		p.do(ask{"POST", "/api/uploads", ann.token, body[:len(body)-40], map[string]string{"Content-Type": kind}, true}).refused(http.StatusBadRequest, "VALIDATION_ERROR")
	})
	for name, body := range map[string]string{
		"a head without a colon":        "--XBND\r\nfoo\r\n\r\nx\r\n--XBND--\r\n",
		"a head that begins with blank": "--XBND\r\n a: b\r\n\r\nx\r\n--XBND--\r\n",
		"a name that is not ASCII":      "--XBND\r\n\xff: b\r\n\r\nx\r\n--XBND--\r\n",
		"no part at all":                "foo",
	} {
		t.Run(name, func(t *testing.T) {
			p.do(ask{"POST", "/api/uploads", ann.token, body, map[string]string{"Content-Type": "multipart/form-data; boundary=XBND"}, true}).
				refused(http.StatusBadRequest, "VALIDATION_ERROR")
		})
	}
	if held, err := p.store.BytesHeld(t.Context(), ann.id); err != nil || held != 0 {
		t.Errorf("refused uploads hold %d bytes, %v", held, err)
	}
	if left, _ := filepath.Glob(filepath.Join(p.site.Uploads.Dir, "*")); len(left) != 0 {
		t.Errorf("refused uploads left %v", left)
	}
}

// Fault 38: a partial upload failure leaves orphans.
func TestOneBadImageKeepsAllOut(t *testing.T) {
	p := open(t)
	ann := p.person("ann")
	ann.form("/api/uploads", part{"images", "a.png", string(chart(t, 1))}, part{"images", "b.png", "no image"}).refused(http.StatusUnsupportedMediaType, "UNSUPPORTED_MEDIA_TYPE")
	if held, err := p.store.BytesHeld(t.Context(), ann.id); err != nil || held != 0 {
		t.Errorf("%d bytes are held, %v", held, err)
	}
}

func TestUploadsAreLimited(t *testing.T) {
	var asked []int
	limited := func(_ *auth.Actor) error {
		return &fault.Error{Code: fault.RateLimited, Message: "Enough.", RetryAfter: time.Minute, Tier: "free", Rule: "uploads", Limit: 5, Window: 15 * time.Minute}
	}
	p := open(t, withUploads(upload.Options{Allow: func(_ context.Context, a auth.Actor, n int) error {
		asked = append(asked, n)
		if n > 1 {
			return limited(&a)
		}
		return nil
	}}))
	ann := p.person("ann")
	ann.uploads(chart(t, 1))
	ann.form("/api/uploads", part{"images", "a", string(chart(t, 1))}, part{"images", "b", string(chart(t, 2))}).refused(http.StatusTooManyRequests, "RATE_LIMITED")
	if fmt.Sprint(asked) != "[0 1 0 2]" {
		t.Errorf("asked %v: each image counts, and who has none left is told before sending", asked)
	}
}

func TestAPersonHasAShareOfTheDisk(t *testing.T) {
	p := open(t, withUploads(upload.Options{Share: 2000}))
	ann := p.person("ann")
	ann.uploads(chart(t, 1))
	before, err := p.store.BytesHeld(t.Context(), ann.id)
	if err != nil || before == 0 {
		t.Fatalf("%d bytes, %v", before, err)
	}
	ann.uploads(chart(t, 1)) // the same one takes no room
	for shade := byte(2); ; shade++ {
		a := ann.form("/api/uploads", part{"images", "a", string(chart(t, shade))})
		if a.status == http.StatusCreated && shade < 50 {
			continue
		}
		a.refused(http.StatusRequestEntityTooLarge, "PAYLOAD_TOO_LARGE").names("images")
		break
	}
	if held, err := p.store.BytesHeld(t.Context(), ann.id); err != nil || held > 2000 || held < before {
		t.Errorf("%d bytes are held, %v", held, err)
	}
}

// Fault 33: an imageUrl is only prefix-checked.
func TestImageURLsOfOthersAreRefused(t *testing.T) {
	p := open(t, func(_ *Options, c *chat.Options, _ *auth.Options) {
		c.ReadImageURL = func(raw string) (string, bool) {
			u, err := url.Parse(raw)
			if err != nil {
				return "", false
			}
			id := strings.TrimSuffix(strings.TrimPrefix(u.Path, "/api/uploads/"), "/file")
			return id, storage.ValidID(id)
		}
	})
	ann, eve := p.person("ann"), p.person("eve")
	u := ann.uploads(chart(t, 1))[0]
	send := func(who *person, address string) answer {
		return who.post("/api/messages", map[string]any{"conversationId": who.conversation("off"), "imageUrl": address})
	}
	send(ann, "https://example.org/a.png").refused(http.StatusBadRequest, "VALIDATION_ERROR").names("imageUrl")
	send(eve, u.URL).refused(http.StatusBadRequest, "VALIDATION_ERROR")
	var m chat.Message
	send(ann, u.URL).want(http.StatusCreated).into(&m)
	if len(m.Uploads) != 1 || m.ImageURL != nil {
		t.Errorf("an address of our own became %+v", m)
	}
}

// A body that stops coming ends after a while, and the caller hears why.
func TestAStalledUploadEnds(t *testing.T) {
	p := open(t)
	p.site.stalled = 50 * time.Millisecond
	ann := p.person("ann")
	body, kind := formOf(t, part{"images", "a.png", string(chart(t, 1))})
	r, w := io.Pipe()
	defer func() { _ = w.Close() }()
	go func() { _, _ = w.Write(body[:len(body)/2]) }()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.url+"/api/uploads", r)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", kind)
	req.Header.Set("Authorization", "Bearer "+ann.token)
	res, err := p.http.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusGatewayTimeout || !strings.Contains(string(raw), `"TIMEOUT"`) {
		t.Errorf("a stalled body is answered with %d %s, %v", res.StatusCode, raw, err)
	}
}
