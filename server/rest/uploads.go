package rest

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/elite-trading-coach/coach/server/chat"
	"github.com/elite-trading-coach/coach/server/fault"
	"github.com/elite-trading-coach/coach/server/strict"
	"github.com/elite-trading-coach/coach/server/upload"
)

const (
	// aroundImages is what a multipart body may hold besides its images: the heads of
	// the parts and the fields.
	aroundImages = 256 << 10
	// maxParts bounds the parts of a body, whatever they are called.
	maxParts = 32
)

// takesImages reports whether a request may be larger than others: it is
// streamed, part by part, each with a bound of its own.
func takesImages(r *http.Request) bool {
	return r.Method == http.MethodPost && (r.URL.Path == "/api/uploads" || r.URL.Path == "/api/analyze-trade") &&
		r.ContentLength <= upload.MaxRequest+aroundImages
}

// imageForm reads a multipart body as it arrives. Images go to the batch;
// fields are short texts.
type imageForm struct {
	batch  *upload.Batch
	images []string // names that fields of images may have
	fields map[string]*string
	// most is how many characters a field may have.
	most int
}

func (s *site) readImages(c *call, f imageForm) error {
	r := c.Request()
	if coding := r.Header.Get("Content-Encoding"); coding != "" && !strings.EqualFold(coding, "identity") {
		return fault.New(fault.UnsupportedMediaType, "Packed bodies are not taken; send it plain.")
	}
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" || params["boundary"] == "" {
		return fault.New(fault.UnsupportedMediaType, "The body must be multipart/form-data.")
	}
	body := http.MaxBytesReader(c.raw, &steady{r.Body, http.NewResponseController(c.raw), s.stalled, time.Now().Add(copying)}, upload.MaxRequest+aroundImages)
	parts := multipart.NewReader(body, params["boundary"])
	for range maxParts {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return unreadForm(c, err)
		}
		if err := f.take(part); err != nil {
			return unreadForm(c, err)
		}
	}
	c.Response().Header().Set("Connection", "close")
	return fault.Invalid(whole, "The body has too many parts.")
}

// take reads one part. Files under names that no route takes are refused, so
// that a misspelt name is not an upload of nothing; other unknown fields are
// passed over.
func (f imageForm) take(part *multipart.Part) error {
	name, file := part.FormName(), part.FileName()
	for _, images := range f.images {
		if name == images {
			return f.receive(name, file, part)
		}
	}
	if file != "" {
		return fault.Invalid(fault.Clip(name), "Images are sent in the field "+strings.Join(f.images, " or ")+".")
	}
	into, known := f.fields[name]
	text, err := io.ReadAll(io.LimitReader(part, int64(f.most)*utf8.UTFMax+1))
	if err != nil || !known {
		return err
	}
	switch {
	case *into != "":
		return fault.Invalid(name, strict.Twice)
	case !utf8.Valid(text):
		return fault.Invalid(name, strict.BadUTF8)
	case utf8.RuneCount(text) > f.most:
		return fault.Invalid(name, tooLong(f.most))
	case strings.ContainsRune(string(text), 0):
		return fault.Invalid(name, strict.BadNUL)
	}
	*into = string(text)
	return nil
}

// receive takes an image. A page whose reader chose no file sends a part without
// a name and without bytes, which is none.
func (f imageForm) receive(name, file string, part io.Reader) error {
	if file == "" {
		ahead := bufio.NewReader(part)
		if _, err := ahead.Peek(1); errors.Is(err, io.EOF) {
			return nil
		}
		part = ahead
	}
	return f.batch.Receive(name, file, part)
}

// unreadForm names what only the connection or the form can say, and ends the
// connection: nobody will read the rest.
func unreadForm(c *call, err error) error {
	c.Response().Header().Set("Connection", "close")
	var refused *fault.Error
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &refused):
		return err
	case errors.As(err, &large):
		return fault.New(fault.PayloadTooLarge, "The images of one request are larger than 50 MiB together.")
	case errors.Is(err, multipart.ErrMessageTooLarge):
		return fault.Invalid(whole, "The head of a part is too large.")
	}
	var network interface{ Timeout() bool }
	if errors.As(err, &network) && network.Timeout() {
		return fault.Wrap(fault.Timeout, "The images took too long to arrive; try again.", err)
	}
	var head textproto.ProtocolError // of a part
	if errors.As(err, &head) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		strings.HasPrefix(err.Error(), "multipart:") || strings.HasPrefix(err.Error(), "mime:") {
		return fault.Wrap(fault.Validation, "The multipart body is not well formed, or ended too early.", err)
	}
	return err
}

// steady gives up on a body that brings nothing for a while, and on one that
// is not there in time.
type steady struct {
	io.ReadCloser
	control  *http.ResponseController
	patience time.Duration
	end      time.Time
}

func (s *steady) Read(p []byte) (int, error) {
	by := time.Now().Add(s.patience)
	if by.After(s.end) {
		by = s.end
	}
	_ = s.control.SetReadDeadline(by) // a test's recorder has none
	return s.ReadCloser.Read(p)
}

// beginUpload opens a batch. Where it may not, nobody will read the images that
// are on their way, so the connection ends with the refusal.
func (s *site) beginUpload(c *call) (*upload.Batch, error) {
	batch, err := s.Uploads.Begin(c.Request().Context(), c.actor)
	if err != nil {
		c.Response().Header().Set("Connection", "close")
	}
	return batch, err
}

// addUploads stores the images of a request: all of them, or none.
func (s *site) addUploads(c *call) error {
	ctx := c.Request().Context()
	batch, err := s.beginUpload(c)
	if err != nil {
		return err
	}
	defer batch.Discard()
	conversation := ""
	err = s.readImages(c, imageForm{batch, []string{"images", "file"}, map[string]*string{"conversationId": &conversation}, 64})
	if err != nil {
		return err
	}
	kept, err := batch.Keep(ctx, conversation)
	if err != nil {
		return err
	}
	list := make([]chat.Upload, len(kept))
	for i, u := range kept {
		list[i] = chat.UploadView(u)
		s.link(c, &list[i])
	}
	return s.created(c, map[string]any{"uploads": list})
}

func (s *site) upload(c *call) error {
	found, err := s.Uploads.Find(c.Request().Context(), c.actor, c.Param("id"))
	if err != nil {
		return err
	}
	view := chat.UploadView(found)
	s.link(c, &view)
	return s.ok(c, view)
}

func (s *site) deleteUpload(c *call) error {
	if err := s.Chat.DeleteUpload(c.Request().Context(), c.actor, c.Param("id")); err != nil {
		return err
	}
	return s.done(c)
}

// openLink lets in whoever has a signed address. FORBIDDEN, not a refusal of
// the token: there is none to throw away.
func (s *site) openLink(c *call) error {
	size, err := upload.ReadSize(c.QueryParam("size"))
	if err != nil {
		return err
	}
	c.link, err = s.Links.Check(c.Param("id"), size, c.QueryParams())
	switch {
	case errors.Is(err, upload.ErrLinkExpired):
		c.link = time.Time{}
		return fault.Wrap(fault.Forbidden, "This address of the image has run out; read the message again for a new one.", err)
	case err != nil:
		return fault.Wrap(fault.Forbidden, "This is not an address of an image that this server gave.", err)
	}
	return nil
}

// uploadFile sends a picture. Whoever follows its address directly sees the
// picture and nothing that could run.
func (s *site) uploadFile(c *call) error {
	size, err := upload.ReadSize(c.QueryParam("size"))
	if err != nil {
		return err
	}
	ctx, id := c.Request().Context(), c.Param("id")
	var p upload.Picture
	if c.link.IsZero() {
		p, err = s.Uploads.Open(ctx, c.actor, id, size)
	} else {
		p, err = s.Uploads.OpenLinked(ctx, id, size)
	}
	if err != nil {
		return err
	}
	defer func() { _ = p.Close() }()
	h := c.Response().Header()
	h.Set("Content-Type", p.Type)
	h.Set("Content-Disposition", inline(p.Name))
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin") // pages of the front-end show it
	h.Set("ETag", p.Tag)
	h.Set("Cache-Control", "private, no-cache")
	if !c.link.IsZero() {
		h.Set("Cache-Control", fmt.Sprintf("private, max-age=%d, immutable", max(0, seconds(c.link.Sub(s.Now())))))
	}
	http.ServeContent(c.Response(), c.Request(), "", time.Time{}, p)
	return nil
}

// inline is a Content-Disposition with the name in both spellings (RFC 6266,
// appendix D): one that everybody reads, and one that keeps its letters.
func inline(name string) string {
	plain := strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || r == '"' || r == '\\' || r == '%' {
			return '_'
		}
		return r
	}, name)
	return `inline; filename="` + plain + `"; filename*=UTF-8''` + strings.ReplaceAll(url.QueryEscape(name), "+", "%20")
}

// link gives an upload the addresses of its pictures.
func (s *site) link(c *call, u *chat.Upload) {
	if s.Links == nil {
		return
	}
	base := s.base(c.Request())
	u.URL = base + s.Links.Path(u.ID, upload.Original)
	u.ThumbnailURL = base + s.Links.Path(u.ID, upload.Thumb)
}

// shown gives the images of messages their addresses.
func (s *site) shown(c *call, list ...chat.Message) []chat.Message {
	for i := range list {
		for j := range list[i].Uploads {
			s.link(c, &list[i].Uploads[j]) //nolint:gosec // j is an index of it
		}
	}
	return list
}
