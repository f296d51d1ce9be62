package upload

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"

	"golang.org/x/image/webp"

	"github.com/elite-trading-coach/coach/server/fault"
)

// The formats that are taken, as they are called on the wire.
const (
	PNG  = "png"
	JPEG = "jpeg"
	WebP = "webp"
	GIF  = "gif"
)

// MediaType is the Content-Type of a format.
func MediaType(format string) string { return "image/" + format }

// codec reads one format.
type codec struct {
	config func(io.Reader) (image.Config, error)
	decode func(io.Reader) (image.Image, error) // of an animation, the first picture
	strip  func(in *bufio.Reader, out io.Writer, orientation int) error
}

func codecOf(format string) codec {
	switch format {
	case PNG:
		return codec{png.DecodeConfig, png.Decode, stripPNG}
	case JPEG:
		return codec{jpeg.DecodeConfig, jpeg.Decode, stripJPEG}
	case WebP:
		return codec{webp.DecodeConfig, webp.Decode, stripWebP}
	default:
		return codec{gif.DecodeConfig, gif.Decode, stripGIF}
	}
}

// sniff tells the format from the first bytes: what the sender calls the file
// proves nothing, and RIFF alone is also a sound, a film or an AVIF's cousin.
func sniff(head []byte) (format string, ok bool) {
	switch {
	case bytes.HasPrefix(head, []byte(pngSignature)):
		return PNG, true
	case bytes.HasPrefix(head, []byte{0xFF, 0xD8, 0xFF}):
		return JPEG, true
	case bytes.HasPrefix(head, []byte("GIF87a")), bytes.HasPrefix(head, []byte("GIF89a")):
		return GIF, true
	case len(head) >= 16 && string(head[:4]) == "RIFF" && string(head[8:15]) == "WEBPVP8" && bytes.IndexByte([]byte(" LX"), head[15]) >= 0:
		return WebP, true
	}
	return "", false
}

// facts is what the header of an image says.
type facts struct {
	format        string
	width, height int // as stored, before any turn
	cost          int64
}

// inspect reads the header and refuses what must not be decoded.
func inspect(f io.ReadSeeker, maxPixels int) (facts, error) {
	head := make([]byte, 16)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return facts{}, fmt.Errorf("read an image: %w", err)
	}
	format, ok := sniff(head[:n])
	if !ok {
		return facts{}, fault.New(fault.UnsupportedMediaType, "This is not an image that can be taken; send a PNG, JPEG, WebP or GIF.")
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return facts{}, fmt.Errorf("read an image: %w", err)
	}
	c, err := codecOf(format).config(bufio.NewReader(f))
	if err != nil {
		return facts{}, broken(err)
	}
	if c.Width < 1 || c.Height < 1 {
		return facts{}, broken(errors.New("no pixels"))
	}
	if int64(c.Width)*int64(c.Height) > int64(maxPixels) {
		return facts{}, fault.Newf(fault.UnprocessableImage, "The image has %d × %d pixels; at most %d million are taken.", c.Width, c.Height, maxPixels/1_000_000)
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return facts{}, fmt.Errorf("read an image: %w", err)
	}
	each := bytesPerPixel(c.ColorModel)
	if format == JPEG && progressive(bufio.NewReader(f)) {
		each *= 5 // the decoder keeps every coefficient, in four bytes, until the last scan
	}
	return facts{format, c.Width, c.Height, int64(c.Width) * int64(c.Height) * each}, nil
}

// bytesPerPixel is what decoding takes, about.
func bytesPerPixel(m color.Model) int64 {
	switch m {
	case color.NRGBA64Model, color.RGBA64Model:
		return 8
	case color.Gray16Model:
		return 2
	case color.GrayModel:
		return 1
	case color.YCbCrModel:
		return 3
	}
	if _, paletted := m.(color.Palette); paletted {
		return 1
	}
	return 4
}

// progressive reports whether a JPEG has a progressive frame (SOF2).
func progressive(r *bufio.Reader) bool {
	if _, err := r.Discard(2); err != nil {
		return false
	}
	for {
		marker, err := nextMarker(r)
		if err != nil || marker == 0xDA || marker == 0xD9 {
			return false
		}
		if marker == 0xC2 {
			return true
		}
		var size [2]byte
		if _, err := io.ReadFull(r, size[:]); err != nil {
			return false
		}
		if _, err := r.Discard(max(0, int(binary.BigEndian.Uint16(size[:]))-2)); err != nil {
			return false
		}
	}
}

// broken says that an image is not whole, or not what its first bytes say.
func broken(err error) error {
	return fault.Wrap(fault.UnprocessableImage, "The image cannot be read: it is damaged, cut off, or of a kind that is not taken; save it anew and try again.", err)
}
