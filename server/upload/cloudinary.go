package upload

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/cloudinary/cloudinary-go/v2"
	"github.com/cloudinary/cloudinary-go/v2/api"
	"github.com/cloudinary/cloudinary-go/v2/api/admin"
	"github.com/cloudinary/cloudinary-go/v2/api/uploader"
	"github.com/cloudinary/cloudinary-go/v2/logger"
)

const (
	// cloudFolder holds everything of ours in an account that may hold more.
	cloudFolder = "coach"
	// cloudTime bounds one exchange with Cloudinary.
	cloudTime = time.Minute
	// cloudPage is how many pictures one page of a list has; the API's most.
	cloudPage = 500
	// pingEvery is how often a health check really asks: the API counts calls.
	pingEvery = time.Minute
)

// Cloudinary keeps pictures in an account there: in a folder for each person,
// of the delivery type "authenticated", which nobody gets without a signature
// made with the account's secret. Ours are read by this server only, which
// hands them on behind addresses that run out; Cloudinary's do not.
type Cloudinary struct {
	cloud  *cloudinary.Cloudinary
	client *http.Client
	dir    string // for pictures on their way to a reader

	mu     sync.Mutex
	pinged time.Time
	last   error
}

// CloudinaryOptions names the account: by URL, cloudinary://key:secret@cloud,
// or by the three parts.
type CloudinaryOptions struct {
	URL                string
	Cloud, Key, Secret string
	// Dir is a folder for temporary files.
	Dir string
	// Client makes the requests; nil: one of its own, with a time limit.
	Client *http.Client
}

// NewCloudinary makes the store; it asks Cloudinary nothing yet.
func NewCloudinary(o CloudinaryOptions) (*Cloudinary, error) {
	cloud, err := cloudinary.NewFromParams(o.Cloud, o.Key, o.Secret)
	if o.URL != "" {
		cloud, err = cloudinary.NewFromURL(o.URL)
	}
	if err != nil {
		return nil, fmt.Errorf("read the Cloudinary account: %w", err)
	}
	if o.Client == nil {
		o.Client = &http.Client{Timeout: cloudTime}
	}
	// Set in each part: they hold copies.
	cloud.Config.URL.SignURL, cloud.Config.URL.Analytics = true, false
	cloud.Upload.Client, cloud.Admin.Client = *o.Client, *o.Client
	cloud.Logger.SetLevel(logger.NONE) // errors are returned, and it would write past our log
	return &Cloudinary{cloud: cloud, client: o.Client, dir: o.Dir}, nil
}

// Name implements [Store].
func (c *Cloudinary) Name() string { return "Cloudinary" }

func publicID(k Key) string { return cloudFolder + "/" + k.Owner + "/" + k.name() }

// Put implements [Store].
func (c *Cloudinary) Put(ctx context.Context, k Key, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("open an image: %w", err)
	}
	defer func() { _ = f.Close() }()
	made, err := c.cloud.Upload.Upload(ctx, f, uploader.UploadParams{
		PublicID: publicID(k), Type: api.Authenticated, ResourceType: "image",
		Overwrite: api.Bool(true), UniqueFilename: api.Bool(false), Invalidate: api.Bool(true),
	})
	if err != nil {
		return fmt.Errorf("send an image to Cloudinary: %w", err)
	}
	if made.Error.Message != "" || made.PublicID != publicID(k) {
		return fmt.Errorf("Cloudinary did not store an image: %q", made.Error.Message)
	}
	return nil
}

// Open implements [Store]. The picture is fetched into a temporary file, so
// that parts of it can be read and none of it is in memory.
func (c *Cloudinary) Open(ctx context.Context, k Key) (Object, error) {
	address, err := c.address(k)
	if err != nil {
		return Object{}, err
	}
	f, n, err := c.get(ctx, address)
	if err != nil {
		return Object{}, err
	}
	return Object{f, n}, nil
}

// get fetches an address into a temporary file. It follows no redirect: what
// is asked for is at Cloudinary or nowhere.
func (c *Cloudinary) get(ctx context.Context, address string) (temporaryFile, int64, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return temporaryFile{}, 0, fmt.Errorf("ask Cloudinary for an image: %w", err)
	}
	straight := *c.client
	straight.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	res, err := straight.Do(req)
	if err != nil {
		return temporaryFile{}, 0, fmt.Errorf("ask Cloudinary for an image: %w", err)
	}
	defer func() { _ = res.Body.Close() }()
	switch res.StatusCode {
	case http.StatusOK:
		return fetched(c.dir, res.Body)
	case http.StatusNotFound:
		return temporaryFile{}, 0, fmt.Errorf("%w: Cloudinary says %s", ErrNoObject, res.Status)
	}
	return temporaryFile{}, 0, fmt.Errorf("Cloudinary gives no image: %s", res.Status)
}

// address is the signed address of a picture.
func (c *Cloudinary) address(k Key) (string, error) {
	img, err := c.cloud.Image(publicID(k) + "." + cloudFormat(k.Format))
	if err != nil {
		return "", fmt.Errorf("name an image at Cloudinary: %w", err)
	}
	img.DeliveryType = api.Authenticated
	return img.String()
}

// cloudFormat is what Cloudinary calls a format.
func cloudFormat(format string) string {
	if format == JPEG {
		return "jpg"
	}
	return format
}

// temporaryFile is a file that is gone once it is closed.
type temporaryFile struct{ *os.File }

func (f temporaryFile) Close() error { return errors.Join(f.File.Close(), os.Remove(f.Name())) }

func fetched(dir string, from io.Reader) (_ temporaryFile, n int64, err error) {
	f, err := temporary(dir)
	if err != nil {
		return temporaryFile{}, 0, err
	}
	defer func() {
		if err != nil {
			_ = temporaryFile{f}.Close()
		}
	}()
	n, err = io.Copy(f, io.LimitReader(from, MaxImage+1<<20))
	if err != nil {
		return temporaryFile{}, 0, full(fmt.Errorf("fetch an image from Cloudinary: %w", err))
	}
	if _, err = f.Seek(0, io.SeekStart); err != nil {
		return temporaryFile{}, 0, fmt.Errorf("fetch an image from Cloudinary: %w", err)
	}
	return temporaryFile{f}, n, nil
}

// Delete implements [Store].
func (c *Cloudinary) Delete(ctx context.Context, k Key) error {
	gone, err := c.cloud.Upload.Destroy(ctx, uploader.DestroyParams{
		PublicID: publicID(k), Type: string(api.Authenticated), ResourceType: "image", Invalidate: api.Bool(true),
	})
	if err != nil {
		return fmt.Errorf("remove an image from Cloudinary: %w", err)
	}
	if gone.Result != "ok" && gone.Result != "not found" {
		return fmt.Errorf("Cloudinary did not remove an image: %q %s", gone.Result, gone.Error.Message)
	}
	return nil
}

// List implements [Store].
func (c *Cloudinary) List(ctx context.Context) iter.Seq2[Stored, error] {
	return func(yield func(Stored, error) bool) {
		ask := admin.AssetsParams{AssetType: api.Image, DeliveryType: string(api.Authenticated), Prefix: cloudFolder + "/", MaxResults: cloudPage}
		for {
			page, err := c.cloud.Admin.Assets(ctx, ask)
			if err == nil && page.Error.Message != "" {
				err = errors.New(page.Error.Message)
			}
			if err != nil {
				yield(Stored{}, fmt.Errorf("list the images at Cloudinary: %w", err))
				return
			}
			for _, a := range page.Assets {
				if one, ok := storedAt(a); ok && !yield(one, nil) {
					return
				}
			}
			if ask.NextCursor = page.NextCursor; ask.NextCursor == "" {
				return
			}
		}
	}
}

func storedAt(a api.BriefAssetResult) (Stored, bool) {
	owner, name, _ := strings.Cut(strings.TrimPrefix(a.PublicID, cloudFolder+"/"), "/")
	format := a.Format
	if format == "jpg" {
		format = JPEG
	}
	k, ok := keyOf(owner, name, format)
	return Stored{k, a.CreatedAt}, ok
}

// Check implements [Store]; it asks at most once a minute.
func (c *Cloudinary) Check(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if time.Since(c.pinged) < pingEvery {
		return c.last
	}
	c.pinged = time.Now()
	answer, err := c.cloud.Admin.Ping(ctx)
	if err == nil && answer.Status != "ok" {
		err = errors.New(answer.Error.Message)
	}
	if c.last = nil; err != nil {
		c.last = fmt.Errorf("ask Cloudinary how it is: %w", err)
	}
	return c.last
}
