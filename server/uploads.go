package server

import (
	"context"
	"crypto/tls"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/elite-trading-coach/coach/configs"
	"github.com/elite-trading-coach/coach/server/auth"
	"github.com/elite-trading-coach/coach/server/chat"
	"github.com/elite-trading-coach/coach/server/coach"
	"github.com/elite-trading-coach/coach/server/limit"
	"github.com/elite-trading-coach/coach/server/rest"
	"github.com/elite-trading-coach/coach/server/socketio"
	"github.com/elite-trading-coach/coach/server/upload"
	"github.com/elite-trading-coach/coach/storage"
)

// assembleUploads makes the room of images and its signed addresses.
func (s *Server) assembleUploads() error {
	c := s.secret
	var err error
	if s.links, err = upload.NewLinks(nil, []byte(c.Auth.JWTSecret.Reveal()), []byte(c.Auth.JWTSecretPrevious.Reveal())); err != nil {
		return err
	}
	s.uploads, err = newUploads(c.Upload, upload.Options{Store: s.store, Allow: s.allowUpload, Logger: s.log})
	return err
}

// newUploads makes the room of images as it is configured.
func newUploads(c configs.Upload, o upload.Options) (*upload.Service, error) {
	objects, err := imageStore(c)
	if err != nil {
		return nil, err
	}
	o.Objects, o.Dir = objects, filepath.Join(c.Dir, "incoming")
	o.Share, o.MaxPixels, o.ModelEdge, o.Loose = int64(c.Share), c.MaxPixels, c.ModelEdge, c.Loose
	return upload.New(o)
}

// imageStore is where the configuration says that images live.
func imageStore(c configs.Upload) (upload.Store, error) {
	if c.Cloudinary == (configs.Cloudinary{}) {
		return upload.NewDisk(filepath.Join(c.Dir, "files"))
	}
	return upload.NewCloudinary(upload.CloudinaryOptions{
		URL: c.Cloudinary.URL.Reveal(), Cloud: c.Cloudinary.CloudName, Key: c.Cloudinary.APIKey, Secret: c.Cloudinary.APISecret.Reveal(),
		Dir: filepath.Join(c.Dir, "incoming"),
	})
}

// allowUpload counts n images against their sender's limit; n 0 only asks, and
// whether the disk has room.
func (s *Server) allowUpload(ctx context.Context, a auth.Actor, n int) error {
	if err := s.disk.Check(); err != nil {
		return err
	}
	if !s.Config.Limits.Enabled || a.Admin() {
		return nil
	}
	rule := s.tiers.Of(a.Tier).Uploads()
	var d limit.Decision
	var err error
	if n == 0 {
		d, err = s.limiter.Peek(ctx, limit.UserKey(a.UserID), rule)
	} else {
		d, err = s.limiter.Allow(ctx, limit.UserKey(a.UserID), rule, n)
	}
	if err != nil || d.Allowed {
		return nil //nolint:nilerr // a limiter that is away must not take uploads with it
	}
	return overLimit(a, rule, d, "You have uploaded as many images as your tier allows for now; wait a while.")
}

// linkUpload gives an upload the addresses of its pictures.
func (s *Server) linkUpload(base string, u *chat.Upload) {
	u.URL, u.ThumbnailURL = base+s.links.Path(u.ID, upload.Original), base+s.links.Path(u.ID, upload.Thumb)
}

// socketBase tells under which address a socket's client reaches this server:
// what REST would say to the same request.
func socketBase(c configs.Config) func(h socketio.Handshake) string {
	base := rest.BaseURL(c.Server.PublicURL, c.Server.TrustedProxies)
	return func(h socketio.Handshake) string {
		r := &http.Request{RemoteAddr: h.RemoteAddr, Header: h.Header, Host: h.Host}
		if h.TLS {
			r.TLS = &tls.ConnectionState{} // that there is one is all that is asked
		}
		return base(r)
	}
}

// readImageURL says what the imageUrl of a message means: an upload of our
// own, or a picture in the configured cloud, host and cloud compared as a
// whole. Nothing is ever fetched from anywhere else.
func (s *Server) readImageURL(raw string) (uploadID string, ok bool) {
	u, err := url.Parse(raw)
	if err != nil || u.User != nil || u.Opaque != "" {
		return "", false
	}
	if id, ours := ownUpload(u, s.Config.Server.PublicURL); ours {
		return id, true
	}
	return "", inCloud(u, cloudName(s.Config.Upload.Cloudinary))
}

// inCloud reports whether an address is that of a picture stored in a cloud;
// other types of delivery (fetch, facebook, …) bring pictures from elsewhere.
func inCloud(u *url.URL, cloud string) bool {
	if cloud == "" || u.Scheme != "https" || u.Host != "res.cloudinary.com" || u.Path != u.EscapedPath() || strings.Contains(u.Path, "..") {
		return false
	}
	if strings.Contains(u.Path, "fetch:") { // an overlay (l_fetch:) would bring a picture from anywhere
		return false
	}
	for _, kind := range []string{"upload", "authenticated", "private"} {
		if strings.HasPrefix(u.Path, "/"+cloud+"/image/"+kind+"/") {
			return true
		}
	}
	return false
}

// ownUpload finds the id in the address of an upload of this server. Which
// name the server has does not matter where none is configured: nothing of
// the address is used but the id, and whose it is is asked for.
func ownUpload(u *url.URL, public string) (id string, ok bool) {
	if base, err := url.Parse(public); public != "" && err == nil && u.Host != "" && !strings.EqualFold(u.Host, base.Host) {
		return "", false
	}
	if u.Scheme != "" && u.Scheme != "http" && u.Scheme != "https" {
		return "", false
	}
	rest, ok := strings.CutPrefix(u.Path, "/api/uploads/")
	id, found := strings.CutSuffix(rest, "/file")
	return id, ok && found && storage.ValidID(id)
}

// imagesOf is what a model may be shown of a message: its uploads, and the
// picture that it names in the configured cloud. The address is looked at again
// before it is fetched: which cloud is ours may have changed since it was sent.
func (s *Server) imagesOf(m chat.Message) []coach.Image {
	var list []coach.Image
	for _, u := range m.Uploads {
		list = append(list, coach.Image{ID: u.ID, MIME: upload.MediaType(u.Format), Alt: u.OriginalName, Load: func(ctx context.Context) ([]byte, error) {
			data, _, err := s.uploads.ForModel(ctx, u.ID)
			return data, err
		}})
	}
	if m.ImageURL != nil {
		named := coach.Image{Alt: "an image at Cloudinary"}
		if id, ok := s.readImageURL(*m.ImageURL); ok && id == "" {
			named.Load = func(ctx context.Context) ([]byte, error) { return s.uploads.Named(ctx, *m.ImageURL) }
		}
		list = append(list, named)
	}
	return list
}

// cloudName is the configured cloud, "" = none.
func cloudName(c configs.Cloudinary) string {
	if u, err := url.Parse(c.URL.Reveal()); err == nil && u.Host != "" {
		return u.Host
	}
	return c.CloudName
}
