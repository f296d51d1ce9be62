package upload

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"github.com/bep/imagemeta"
)

// Stripping copies a file piece by piece and leaves out what may be private:
// EXIF (where, when, with which camera), XMP, comments, texts, embedded
// previews, and whatever follows the end of the image, where other files hide.
// Pixels and colours stay as they are, bit by bit. How the picture is to be
// turned is all that is kept of EXIF, in a block of our own making.

// errCut says that a file ends, or goes on, where its format forbids it.
var errCut = errors.New("the file is not laid out as its format says")

// exif is the body of an EXIF block (TIFF 6.0, big endian) that says nothing
// but the orientation (tag 0x0112).
func exif(orientation int) []byte {
	return []byte{
		'M', 'M', 0, 42, 0, 0, 0, 8, // the directory is at 8
		0, 1, // one entry
		0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, byte(orientation), 0, 0,
		0, 0, 0, 0, // no further directory
	}
}

// orientationOf reads how a picture is to be turned, 1 to 8 (EXIF 2.32,
// 4.6.4); 1, which is not at all, where nothing sound is said.
func orientationOf(f io.ReadSeeker, format string) int {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return 1
	}
	formats := map[string]imagemeta.ImageFormat{PNG: imagemeta.PNG, JPEG: imagemeta.JPEG, WebP: imagemeta.WebP}
	kind, can := formats[format]
	if !can {
		return 1
	}
	found := 1
	_, err := imagemeta.Decode(imagemeta.Options{
		R: f, ImageFormat: kind, Sources: imagemeta.EXIF,
		ShouldHandleTag: func(t imagemeta.TagInfo) bool { return t.Tag == "Orientation" && t.Namespace == "IFD0" },
		HandleTag: func(t imagemeta.TagInfo) error {
			if n, ok := t.Value.(uint16); ok && n >= 1 && n <= 8 {
				found = int(n)
			}
			return imagemeta.ErrStopWalking
		},
	})
	if err != nil {
		return 1 // a damaged block of metadata turns nothing
	}
	return found
}

// strip copies an image without what may be private.
func strip(f io.ReadSeeker, out io.Writer, format string) (orientation int, err error) {
	orientation = orientationOf(f, format)
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return 0, fmt.Errorf("read an image: %w", err)
	}
	w := bufio.NewWriter(out)
	if err := codecOf(format).strip(bufio.NewReader(f), w, orientation); err != nil {
		return 0, err
	}
	if err := w.Flush(); err != nil {
		return 0, full(fmt.Errorf("write an image: %w", err))
	}
	return orientation, nil
}

// cut turns the end of a file in the wrong place into what it means.
func cut(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, errCut) {
		return broken(err)
	}
	return err
}

// read takes the next n bytes, at most a file's worth.
func read(in *bufio.Reader, n int) ([]byte, error) {
	if n < 0 || n > MaxImage {
		return nil, errCut
	}
	b := make([]byte, n)
	_, err := io.ReadFull(in, b)
	return b, err
}
