package upload

import (
	"bytes"
	"image"
	"image/color"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/elite-trading-coach/coach/storage"
	"github.com/elite-trading-coach/coach/storage/storagetest"
)

// read gives the bytes of a picture that is kept.
func (s *studio) read(u storage.Upload, size Size) []byte {
	s.t.Helper()
	p, err := s.open(s.t.Context(), u, size)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = p.Close() }()
	data, err := io.ReadAll(p)
	if err != nil {
		s.t.Fatal(err)
	}
	return data
}

func decoded(t *testing.T, data []byte) image.Image {
	t.Helper()
	format, ok := sniff(data)
	if !ok {
		t.Fatalf("no image: %.20q", data)
	}
	img, err := codecOf(format).decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func samePixels(a, b image.Image) bool {
	if a.Bounds() != b.Bounds() {
		return false
	}
	for y := a.Bounds().Min.Y; y < a.Bounds().Max.Y; y++ {
		for x := a.Bounds().Min.X; x < a.Bounds().Max.X; x++ {
			r1, g1, b1, a1 := a.At(x, y).RGBA()
			r2, g2, b2, a2 := b.At(x, y).RGBA()
			if r1 != r2 || g1 != g2 || b1 != b2 || a1 != a2 {
				return false
			}
		}
	}
	return true
}

// Fault 23: EXIF (GPS) kept in stored images. And what hides behind or between
// an image goes too, while no pixel changes.
func TestNothingPrivateIsKept(t *testing.T) {
	img := picture(40, 30, 7)
	const secret = "GPS 48.1 N 11.5 "
	exifBlock := append([]byte("Exif\x00\x00"), located(1)...)
	gifHead := gifOf(t, img)
	comment := append([]byte{gifExtension, 0xFE, byte(len(secret))}, secret+"\x00"...)
	behind := func(data []byte) []byte { return append(bytes.Clone(data), "<script>"+secret...) }
	tests := map[string][]byte{
		"PNG eXIf":        pngWith(t, img, "eXIf", located(1)),
		"PNG tEXt":        pngWith(t, img, "tEXt", []byte("Location\x00"+secret)),
		"PNG iTXt":        pngWith(t, img, "iTXt", []byte("XML:com.adobe.xmp\x00\x00\x00\x00\x00"+secret)),
		"PNG of our own":  pngWith(t, img, "prVt", []byte(secret)),
		"behind a PNG":    behind(pngOf(t, img)),
		"JPEG APP1":       jpegWith(t, img, 0xE1, exifBlock),
		"JPEG XMP":        jpegWith(t, img, 0xE1, []byte("http://ns.adobe.com/xap/1.0/\x00"+secret)),
		"JPEG IPTC":       jpegWith(t, img, 0xED, []byte("Photoshop 3.0\x00"+secret)),
		"JPEG comment":    jpegWith(t, img, 0xFE, []byte(secret)),
		"JPEG preview":    jpegWith(t, img, 0xE0, []byte("JFIF\x00\x01\x02\x00\x00\x01\x00\x01\x02\x02"+secret)),
		"behind a JPEG":   behind(jpegOf(t, img)),
		"GIF comment":     append(append(bytes.Clone(gifHead[:13+3*256]), comment...), gifHead[13+3*256:]...),
		"behind a GIF":    behind(gifOf(t, img)),
		"WebP EXIF":       webpOf(appendChunk(nil, "EXIF", located(1))),
		"WebP XMP":        webpOf(appendChunk(nil, "XMP ", []byte(secret))),
		"WebP of our own": webpOf(appendChunk(nil, "prVt", []byte(secret))),
		"behind a WebP":   behind(webpOf()),
	}
	s := newStudio(t, storagetest.NewSQLite(t))
	for name, data := range tests {
		t.Run(name, func(t *testing.T) {
			if !bytes.Contains(data, []byte(secret)) {
				t.Fatal("the test hides nothing")
			}
			u := s.must(data)[0]
			for _, size := range []Size{Original, Thumb, ForModel} {
				kept := s.read(u, size)
				if bytes.Contains(kept, []byte(secret)) || bytes.Contains(kept, []byte("<script>")) {
					t.Errorf("the %s holds what was to be removed", size)
				}
			}
			if !samePixels(decoded(t, data), decoded(t, s.read(u, Original))) {
				t.Error("pixels changed")
			}
		})
	}
}

func TestHowAPictureIsTurnedIsKept(t *testing.T) {
	// A red corner at the upper left, as the picture is stored.
	img := image.NewRGBA(image.Rect(0, 0, 48, 32))
	for y := range 8 {
		for x := range 8 {
			img.Pix[img.PixOffset(x, y)] = 255
		}
	}
	for i := 3; i < len(img.Pix); i += 4 {
		img.Pix[i] = 255
	}
	corners := []image.Point{1: {2, 2}, 2: {45, 2}, 3: {45, 29}, 4: {2, 29}, 5: {2, 2}, 6: {29, 2}, 7: {29, 45}, 8: {2, 45}}
	s := newStudio(t, storagetest.NewSQLite(t))
	for turn := 1; turn <= 8; turn++ {
		for name, data := range map[string][]byte{
			"png":  pngWith(t, img, "eXIf", located(turn)),
			"jpeg": jpegWith(t, img, 0xE1, append([]byte("Exif\x00\x00"), located(turn)...)),
		} {
			u := s.must(data)[0]
			w, h := 48, 32
			if turn >= 5 {
				w, h = 32, 48
			}
			if u.File.Width != w || u.File.Height != h {
				t.Errorf("%s %d is %d × %d", name, turn, u.File.Width, u.File.Height)
			}
			for _, size := range []Size{Thumb, ForModel} {
				at := corners[turn]
				if r, _, _, _ := decoded(t, s.read(u, size)).At(at.X, at.Y).RGBA(); r < 0x8000 {
					t.Errorf("%s %d: the %s has no red corner at %v", name, turn, size, at)
				}
			}
			if got := orientationOf(bytes.NewReader(s.read(u, Original)), name); got != turn {
				t.Errorf("%s %d: the original says %d", name, turn, got)
			}
		}
	}
}

func TestAnotherHeaderDoesNotTurn(t *testing.T) {
	for _, exif := range [][]byte{nil, []byte("MM"), bytes.Repeat([]byte{0xff}, 200), located(0), located(9), []byte(strings.Repeat("II*\x00", 40))} {
		data := jpegWith(t, picture(4, 4, 1), 0xE1, append([]byte("Exif\x00\x00"), exif...))
		if got := orientationOf(bytes.NewReader(data), JPEG); got != 1 {
			t.Errorf("%.20q turns by %d", exif, got)
		}
	}
}

func TestAModelSeesAllOfALargeChart(t *testing.T) {
	s := newStudio(t, storagetest.NewSQLite(t))
	u := s.must(pngOf(t, image.NewPaletted(image.Rect(0, 0, 3840, 2160), color.Palette{color.White, color.Black})))[0]
	if u.File.Width != 3840 || u.File.ModelFormat == "" {
		t.Fatalf("%+v", u.File)
	}
	if size := decoded(t, s.read(u, ForModel)).Bounds().Size(); size != image.Pt(2048, 1152) {
		t.Errorf("the model sees %v", size)
	}
	if size := decoded(t, s.read(u, Thumb)).Bounds().Size(); size != image.Pt(400, 225) {
		t.Errorf("the thumbnail is %v", size)
	}
	small := s.must(pngOf(t, picture(1200, 800, 3)))[0]
	if small.File.ModelFormat != "" {
		t.Error("a chart that fits was made anew")
	}
	data, kind, err := s.ForModel(t.Context(), small.ID)
	if err != nil || kind != "image/png" || !bytes.Equal(data, s.read(small, Original)) {
		t.Errorf("%s, %v", kind, err)
	}
}

// A line one pixel wide must be seen after it was made smaller: a quick filter
// that skips pixels would lose it.
func TestThinLinesOutliveTheThumbnail(t *testing.T) {
	img := image.NewGray(image.Rect(0, 0, 4000, 1000))
	for x := range 4000 {
		img.Pix[img.PixOffset(x, 501)] = 255
	}
	small := fit(img, 400)
	brightest := uint32(0)
	for y := range 100 {
		r, _, _, _ := small.At(200, y).RGBA()
		brightest = max(brightest, r)
	}
	if brightest < 0x0c00 {
		t.Errorf("the line has a brightness of %#x", brightest)
	}
}

func FuzzStrip(f *testing.F) {
	img := picture(8, 6, 1)
	f.Add(pngOf(f, img))
	f.Add(jpegWith(f, img, 0xE1, append([]byte("Exif\x00\x00"), located(6)...)))
	f.Add(gifOf(f, img))
	f.Add(webpOf(appendChunk(nil, "EXIF", located(6))))
	room := newDarkroom(f.TempDir(), 1_000_000, 2048)
	f.Fuzz(func(t *testing.T, data []byte) {
		path := t.TempDir() + "/image"
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		made, err := room.develop(t.Context(), path)
		if err != nil {
			return
		}
		defer made.remove()
		// What is kept of it is kept whole when it comes again.
		again, err := room.develop(t.Context(), made.original.path)
		if err != nil {
			t.Fatalf("what was taken is refused when it comes again: %v", err)
		}
		defer again.remove()
		if again.original.bytes != made.original.bytes || again.width != made.width || again.height != made.height {
			t.Errorf("%+v, then %+v", made, again)
		}
	})
}
