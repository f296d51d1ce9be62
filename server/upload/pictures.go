package upload

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"io"
	"os"

	"golang.org/x/sync/semaphore"

	"github.com/elite-trading-coach/coach/server/fault"
)

const (
	// thumbEdge is the longest side of a thumbnail, in pixels.
	thumbEdge = 400
	// atOnce bounds what pictures being decoded may take of the memory, in
	// bytes. One that needs more has it for itself.
	atOnce = 128 << 20
	// modelBytes is what a rendition for a model should not exceed: providers
	// take 5 MB and more, and it travels as base64, a third larger.
	modelBytes = 3 << 20
	// lossless is up to how many bytes a picture stays a PNG, in which the
	// letters of a chart keep their edges.
	lossless = 1 << 20
)

// darkroom makes pictures of files, few at a time.
type darkroom struct {
	dir       string
	maxPixels int
	edge      int
	memory    *semaphore.Weighted
}

func newDarkroom(dir string, maxPixels, edge int) *darkroom {
	return &darkroom{dir: dir, maxPixels: maxPixels, edge: edge, memory: semaphore.NewWeighted(atOnce)}
}

// shot is one picture in a file.
type shot struct {
	path, format string
	bytes        int64
}

// shots is everything that is kept of an image.
type shots struct {
	original, thumb shot
	model           *shot // nil: the original serves
	width, height   int   // as it is shown
}

// all lists the pictures by what they are for.
func (s *shots) all() map[Size]shot {
	m := map[Size]shot{Original: s.original, Thumb: s.thumb}
	if s.model != nil {
		m[ForModel] = *s.model
	}
	return m
}

func (s *shots) held() (n int64) {
	for _, one := range s.all() {
		n += one.bytes
	}
	return n
}

func (s *shots) remove() {
	if s == nil {
		return
	}
	for _, one := range s.all() {
		_ = os.Remove(one.path) // who comes later sweeps what stays
	}
}

// develop checks an image and makes its pictures: the original without what is
// private, a thumbnail, and a rendition for a model.
func (d *darkroom) develop(ctx context.Context, path string) (*shots, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open an image: %w", err)
	}
	defer func() { _ = f.Close() }()
	known, err := inspect(f, d.maxPixels)
	if err != nil {
		return nil, err
	}
	cost := min(known.cost+4*int64(d.edge)*int64(d.edge), atOnce)
	if err := d.memory.Acquire(ctx, cost); err != nil {
		return nil, fault.Wrap(fault.Unavailable, "The server is busy with other images; try again in a moment.", err)
	}
	defer d.memory.Release(cost)
	out := &shots{width: known.width, height: known.height}
	if err := d.makeShots(f, known, out); err != nil {
		out.remove()
		return nil, err
	}
	return out, nil
}

func (d *darkroom) makeShots(f *os.File, known facts, out *shots) error {
	turn := 1
	original, err := d.file(known.format, func(w *os.File) (err error) {
		turn, err = strip(f, w, known.format)
		return err
	})
	if err != nil {
		return err
	}
	out.original = original
	if turn >= 5 {
		out.width, out.height = out.height, out.width
	}
	img, err := decode(original)
	if err != nil {
		return err
	}
	if d.needsRendition(known, turn, original.bytes) {
		img = turned(fit(img, d.edge), turn)
		turn = 1
		model, err := d.encode(img, known.format, modelBytes, 90)
		if err != nil {
			return err
		}
		out.model = &model
	}
	out.thumb, err = d.encode(turned(fit(img, thumbEdge), turn), known.format, 48<<10, 82)
	return err
}

// needsRendition reports whether a model cannot take the original as it is:
// too large for it, to be turned, or perhaps an animation.
func (d *darkroom) needsRendition(known facts, turn int, bytes int64) bool {
	return max(known.width, known.height) > d.edge || bytes > modelBytes || turn != 1 || known.format == GIF
}

// decode reads what stripping left, so that what was seen is what is stored.
func decode(s shot) (image.Image, error) {
	f, err := os.Open(s.path)
	if err != nil {
		return nil, fmt.Errorf("open an image: %w", err)
	}
	defer func() { _ = f.Close() }()
	img, err := codecOf(s.format).decode(bufio.NewReader(f))
	if err != nil {
		return nil, broken(err)
	}
	return img, nil
}

// turned lays a picture the way it is to be seen (EXIF 2.32, orientation).
func turned(img image.Image, orientation int) image.Image {
	if orientation <= 1 {
		return img
	}
	b := img.Bounds()
	w, h := b.Dx(), b.Dy()
	ow, oh := w, h
	if orientation >= 5 {
		ow, oh = h, w
	}
	out := image.NewRGBA(image.Rect(0, 0, ow, oh))
	for y := range oh {
		for x := range ow {
			sx, sy := source(orientation, x, y, w, h)
			out.Set(x, y, img.At(b.Min.X+sx, b.Min.Y+sy))
		}
	}
	return out
}

// source is the pixel, of a picture of w by h, that is seen at x, y.
func source(orientation, x, y, w, h int) (int, int) {
	switch orientation {
	case 2:
		return w - 1 - x, y
	case 3:
		return w - 1 - x, h - 1 - y
	case 4:
		return x, h - 1 - y
	case 5:
		return y, x
	case 6:
		return y, h - 1 - x
	case 7:
		return w - 1 - y, h - 1 - x
	case 8:
		return w - 1 - y, x
	}
	return x, y
}

// encode writes a picture. What came as a photo, whose edges are soft already,
// stays one; anything else is a PNG, in which letters keep their edges, where
// that is small enough, else whichever is smaller. What can be seen through
// stays a PNG.
func (d *darkroom) encode(img image.Image, came string, most int64, quality int) (shot, error) {
	soft := func() (shot, error) {
		return d.file(JPEG, func(w *os.File) error { return jpeg.Encode(w, img, &jpeg.Options{Quality: quality}) })
	}
	if came == JPEG {
		return soft()
	}
	sharp, err := d.file(PNG, func(w *os.File) error { return (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(w, img) })
	if err != nil || sharp.bytes <= min(most, lossless) || !opaque(img) {
		return sharp, err
	}
	photo, err := soft()
	if err != nil || photo.bytes >= sharp.bytes {
		_ = os.Remove(photo.path)
		return sharp, err
	}
	_ = os.Remove(sharp.path)
	return photo, nil
}

func opaque(img image.Image) bool {
	o, ok := img.(interface{ Opaque() bool })
	return ok && o.Opaque()
}

// file writes a picture to a file of its own; on an error there is none.
func (d *darkroom) file(format string, write func(w *os.File) error) (_ shot, err error) {
	f, err := temporary(d.dir)
	if err != nil {
		return shot{}, err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	err = write(f) // not synced: a store makes its own copy last
	n, seekErr := f.Seek(0, io.SeekEnd)
	if err = errors.Join(err, seekErr, f.Close()); err != nil {
		return shot{}, full(err)
	}
	return shot{f.Name(), format, n}, nil
}
