package upload

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/elite-trading-coach/coach/server/auth"
	"github.com/elite-trading-coach/coach/server/fault"
	"github.com/elite-trading-coach/coach/storage"
	"github.com/elite-trading-coach/coach/storage/storagetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// studio is a room on a fresh store, with a clock that stands still.
type studio struct {
	*Service
	t   *testing.T
	now time.Time
	ann auth.Actor
}

func newStudio(t *testing.T, s *storage.Store) *studio {
	t.Helper()
	dir := t.TempDir()
	disk, err := NewDisk(filepath.Join(dir, "files"))
	if err != nil {
		t.Fatal(err)
	}
	st := &studio{t: t, now: storage.Now(), ann: auth.Actor{UserID: storage.NewID()}}
	st.Service, err = New(Options{Store: s, Objects: disk, Dir: filepath.Join(dir, "incoming"), Now: func() time.Time { return st.now }})
	if err != nil {
		t.Fatal(err)
	}
	err = s.Tx(t.Context(), func(tx *storage.Tx) error {
		return tx.InsertUser(t.Context(), storage.User{
			ID: st.ann.UserID, Email: "a@example.org", Username: "ann", Timezone: "UTC", PasswordHash: "hash", Role: storage.RoleUser, Tier: "free",
			CreatedAt: st.now, LastActiveAt: st.now,
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return st
}

// add uploads images of one request.
func (s *studio) add(images ...[]byte) ([]storage.Upload, error) {
	s.t.Helper()
	b, err := s.Begin(s.t.Context(), s.ann)
	if err != nil {
		return nil, err
	}
	defer b.Discard()
	for i, data := range images {
		if err := b.Receive(fmt.Sprintf("images[%d]", i), "chart.png", bytes.NewReader(data)); err != nil {
			return nil, err
		}
	}
	return b.Keep(s.t.Context(), "")
}

func (s *studio) must(images ...[]byte) []storage.Upload {
	s.t.Helper()
	list, err := s.add(images...)
	if err != nil {
		s.t.Fatal(err)
	}
	return list
}

// stored lists the names of the files in the store.
func (s *studio) stored() []string {
	s.t.Helper()
	var names []string
	for o, err := range s.Objects.List(s.t.Context()) {
		if err != nil {
			s.t.Fatal(err)
		}
		names = append(names, o.name()+"."+o.Format)
	}
	slices.Sort(names)
	return names
}

func (s *studio) sweep() Swept {
	s.t.Helper()
	swept, err := s.Sweep(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	return swept
}

// picture paints something that no two shades share.
func picture(w, h int, shade byte) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			img.SetRGBA(x, y, color.RGBA{byte(x), byte(y), shade, 255})
		}
	}
	return img
}

func pngOf(t testing.TB, img image.Image) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := png.Encode(&out, img); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func jpegOf(t testing.TB, img image.Image) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := jpeg.Encode(&out, img, nil); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func gifOf(t testing.TB, img image.Image) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := gif.Encode(&out, img, nil); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// webpOf is a lossless WebP of one pixel by one (RFC 9649, 3), extended by
// whatever chunks are given.
func webpOf(chunks ...[]byte) []byte {
	vp8l := []byte{0x2f, 0, 0, 0, 0, 0x88, 0x88, 0x08}
	body := []byte("WEBP")
	if len(chunks) > 0 {
		body = appendChunk(body, "VP8X", []byte{webpHasEXIF | webpHasXMP, 0, 0, 0, 0, 0, 0, 0, 0, 0})
	}
	body = appendChunk(body, "VP8L", vp8l)
	for _, c := range chunks {
		body = append(body, c...)
	}
	return append(binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len(body))), body...)
}

// located is EXIF that says how to turn the picture, and where it was taken.
func located(orientation int) []byte {
	tiff := []byte{'M', 'M', 0, 42, 0, 0, 0, 8, 0, 2}
	tiff = append(tiff, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, byte(orientation), 0, 0)
	tiff = append(tiff, 0x01, 0x0e, 0, 2, 0, 0, 0, 16, 0, 0, 0, 38) // a description
	tiff = append(tiff, 0, 0, 0, 0)
	return append(tiff, "GPS 48.1 N 11.5 "...)
}

func pngWith(t testing.TB, img image.Image, kind string, body []byte) []byte {
	t.Helper()
	raw := pngOf(t, img)
	const afterHeader = 8 + 25
	var out bytes.Buffer
	out.Write(raw[:afterHeader])
	if err := chunk(&out, kind, body); err != nil {
		t.Fatal(err)
	}
	out.Write(raw[afterHeader:])
	return out.Bytes()
}

func jpegWith(t testing.TB, img image.Image, marker byte, body []byte) []byte {
	t.Helper()
	raw := jpegOf(t, img)
	var out bytes.Buffer
	out.Write(raw[:2])
	if err := segment(&out, marker, body); err != nil {
		t.Fatal(err)
	}
	out.Write(raw[2:])
	return out.Bytes()
}

func TestTheSameImageIsStoredOnce(t *testing.T) {
	storagetest.Run(t, func(t *testing.T, store *storage.Store) {
		s := newStudio(t, store)
		data := pngOf(t, picture(40, 30, 1))
		first := s.must(data, data)
		again := s.must(data)
		if first[0].File.ID != first[1].File.ID || again[0].File.ID != first[0].File.ID || again[0].ID == first[0].ID {
			t.Errorf("%+v and %+v", first, again)
		}
		if names := s.stored(); len(names) != 2 {
			t.Errorf("stored: %v", names)
		}
	})
}

func TestTheSameImageAtOnceIsStoredOnce(t *testing.T) {
	storagetest.Run(t, func(t *testing.T, store *storage.Store) {
		s := newStudio(t, store)
		data := pngOf(t, picture(40, 30, 1))
		var wg sync.WaitGroup
		errs := make([]error, 4)
		for i := range errs {
			wg.Go(func() { _, errs[i] = s.add(data) })
		}
		wg.Wait()
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
		if names := s.stored(); len(names) != 2 {
			t.Errorf("stored: %v", names)
		}
		held, err := store.BytesHeld(t.Context(), s.ann.UserID)
		f := s.must(data)[0].File
		if err != nil || held != f.Held {
			t.Errorf("%d bytes are held for %d, %v", held, f.Held, err)
		}
	})
}

// Fault 38: on delete the row goes first, and files are left.
func TestWhatIsDeletedIsSwept(t *testing.T) {
	storagetest.Run(t, func(t *testing.T, store *storage.Store) {
		s := newStudio(t, store)
		list := s.must(pngOf(t, picture(40, 30, 1)), pngOf(t, picture(40, 30, 2)))
		if _, err := store.Upload(t.Context(), list[1].ID); err != nil {
			t.Fatal(err)
		}
		err := store.Tx(t.Context(), func(tx *storage.Tx) error {
			_, err := tx.DeleteUpload(t.Context(), list[0].ID, s.ann.UserID, s.now)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		s.now = s.now.Add(2 * moment)
		if swept := s.sweep(); swept != (Swept{Files: 1}) {
			t.Errorf("swept %+v", swept)
		}
		if names := s.stored(); len(names) != 2 || !strings.HasPrefix(names[0], list[1].File.ID) {
			t.Errorf("stored: %v", names)
		}
		s.now = s.now.Add(25 * time.Hour) // the other one was never sent
		s.sweep()
		s.now = s.now.Add(2 * moment)
		s.sweep()
		if names := s.stored(); len(names) != 0 {
			t.Errorf("stored: %v", names)
		}
		if held, err := store.BytesHeld(t.Context(), s.ann.UserID); held != 0 || err != nil {
			t.Errorf("%d bytes are held, %v", held, err)
		}
	})
}

func TestDeletingAnAccountDeletesItsFiles(t *testing.T) {
	storagetest.Run(t, func(t *testing.T, store *storage.Store) {
		s := newStudio(t, store)
		s.must(pngOf(t, picture(40, 30, 1)), jpegOf(t, picture(40, 30, 2)))
		err := store.Tx(t.Context(), func(tx *storage.Tx) error {
			return errors.Join(tx.DeleteConversationsOf(t.Context(), s.ann.UserID, s.now), tx.DeleteUser(t.Context(), s.ann.UserID, "hash", s.now))
		})
		if err != nil {
			t.Fatal(err)
		}
		s.now = s.now.Add(2 * moment)
		if _, err := s.removeUseless(t.Context()); err != nil {
			t.Fatal(err)
		}
		if names := s.stored(); len(names) != 0 {
			t.Errorf("stored: %v", names)
		}
	})
}

// A crash leaves a row that says "about to be stored", with bytes or without,
// or bytes that no row knows. Both go; what a row knows stays.
func TestWhatACrashLeftIsSwept(t *testing.T) {
	storagetest.Run(t, func(t *testing.T, store *storage.Store) {
		s := newStudio(t, store)
		kept := s.must(pngOf(t, picture(40, 30, 1)))[0]
		half := storage.File{
			ID: storage.NewID(), UserID: s.ann.UserID, SHA256: "x", Format: PNG, ThumbFormat: PNG, Width: 1, Height: 1, Bytes: 1, Held: 1,
			CreatedAt: s.now, UsedAt: s.now,
		}
		err := store.Tx(t.Context(), func(tx *storage.Tx) error { return tx.ReserveFile(t.Context(), half, s.Share) })
		if err != nil {
			t.Fatal(err)
		}
		some := filepath.Join(t.TempDir(), "bytes")
		if err := os.WriteFile(some, []byte("bytes"), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, k := range []Key{{half.UserID, half.ID, Original, PNG}, {s.ann.UserID, storage.NewID(), Thumb, PNG}} {
			if err := s.Objects.Put(t.Context(), k, some); err != nil {
				t.Fatal(err)
			}
		}
		if swept := s.sweep(); swept != (Swept{}) {
			t.Errorf("what may be under way was swept: %+v", swept)
		}
		s.now = s.now.Add(2 * grace)
		if swept := s.sweep(); swept != (Swept{Files: 1, Strays: 1}) {
			t.Errorf("swept %+v", swept)
		}
		for _, name := range s.stored() {
			if !strings.HasPrefix(name, kept.File.ID) {
				t.Errorf("%s is left", name)
			}
		}
		if held, err := store.BytesHeld(t.Context(), s.ann.UserID); err != nil || held != kept.File.Held {
			t.Errorf("%d bytes are held, %v", held, err)
		}
	})
}

// full is a store that takes nothing, as a full disk.
type broken1 struct{ Store }

func (broken1) Put(context.Context, Key, string) error { return full(os.ErrPermission) }

func TestAStoreThatFailsLeavesNothing(t *testing.T) {
	s := newStudio(t, storagetest.NewSQLite(t))
	works := s.Objects
	s.Objects = broken1{works}
	if _, err := s.add(pngOf(t, picture(40, 30, 1))); !errors.Is(err, os.ErrPermission) {
		t.Fatalf("a store that fails answers %v", err)
	}
	if held, err := s.Options.Store.BytesHeld(t.Context(), s.ann.UserID); held != 0 || err != nil {
		t.Errorf("%d bytes are held, %v", held, err)
	}
	s.Objects = works
	s.must(pngOf(t, picture(40, 30, 1)))
}

func TestFewUploadAtOnce(t *testing.T) {
	s := newStudio(t, storagetest.NewSQLite(t))
	var open []*Batch
	for range 4 {
		b, err := s.Begin(t.Context(), s.ann)
		if err != nil {
			t.Fatal(err)
		}
		open = append(open, b)
	}
	if _, err := s.Begin(t.Context(), s.ann); !fault.Is(err, fault.Unavailable) {
		t.Errorf("a fifth at once: %v", err)
	}
	for _, b := range open {
		b.Leave()
		b.Discard()
		b.Discard()
	}
	if n := s.gate.count; n != 0 {
		t.Errorf("%d places are held when all are done", n)
	}
	if _, err := s.add(pngOf(t, picture(4, 3, 1))); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

// Faults 34 and 39: what a person calls a file goes into no path.
func TestNamesAreShownAndNothingElse(t *testing.T) {
	for given, want := range map[string]string{
		"chart.png": "chart.png", "../../etc/passwd": "passwd", `C:\Users\ann\es.png`: "es.png", "..": "image", "": "image",
		"a\x00b\r\nSet-Cookie: x.png": "abSet-Cookie x.png", "<script>.png": "script.png", "\u202egnp.exe": "gnp.exe",
		"Überblick 图表.png": "Überblick 图表.png", strings.Repeat("x", 300): strings.Repeat("x", 200), ".htaccess": "htaccess", "a\xffb": "ab",
	} {
		if got := cleanName(given); got != want {
			t.Errorf("%q is shown as %q, want %q", given, got, want)
		}
	}
}

func bomb(w, h uint32) []byte {
	var out bytes.Buffer
	out.WriteString(pngSignature)
	head := binary.BigEndian.AppendUint32(nil, w)
	head = binary.BigEndian.AppendUint32(head, h)
	_ = chunk(&out, "IHDR", append(head, 8, 2, 0, 0, 0))
	_ = chunk(&out, "IDAT", bytes.Repeat([]byte{0}, 48<<10))
	_ = chunk(&out, "IEND", nil)
	return out.Bytes()
}

func TestWhatIsNoImageIsRefused(t *testing.T) {
	good := pngOf(t, picture(40, 30, 1))
	jpg := jpegOf(t, picture(40, 30, 1))
	wrongSum := bytes.Clone(good)
	binary.BigEndian.PutUint32(wrongSum[29:], crc32.ChecksumIEEE(nil))
	riff := func(kind string) []byte { return []byte("RIFF\x20\x00\x00\x00" + kind + strings.Repeat("\x00", 40)) }
	tests := map[string]struct {
		data []byte
		code fault.Code
	}{
		"a page":                     {[]byte("<!doctype html><script>alert(1)</script>"), fault.UnsupportedMediaType},
		"an SVG":                     {[]byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`), fault.UnsupportedMediaType},
		"fault 34: AVI as WebP":      {riff("AVI LIST"), fault.UnsupportedMediaType},
		"fault 34: WAVE as WebP":     {riff("WAVEfmt "), fault.UnsupportedMediaType},
		"a WebP without a picture":   {riff("WEBPVP8 "), fault.UnprocessableImage},
		"a HEIC":                     {[]byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic"), fault.UnsupportedMediaType},
		"a PNG's first bytes only":   {[]byte(pngSignature), fault.UnprocessableImage},
		"a PNG that is cut off":      {good[:len(good)-13], fault.UnprocessableImage},
		"a PNG with a wrong sum":     {wrongSum, fault.UnprocessableImage},
		"a JPEG that is cut off":     {jpg[:len(jpg)/2], fault.UnprocessableImage},
		"a JPEG without its end":     {jpg[:len(jpg)-2], fault.UnprocessableImage},
		"a GIF that is cut off":      {gifOf(t, picture(40, 30, 1))[:700], fault.UnprocessableImage},
		"a bomb: 400 MB from 48 KB":  {bomb(10_000, 10_000), fault.UnprocessableImage},
		"a bomb beyond any int":      {bomb(1<<31-1, 1<<31-1), fault.UnprocessableImage},
		"a PNG of no width":          {bomb(0, 10), fault.UnprocessableImage},
		"one byte":                   {[]byte{0x89}, fault.UnsupportedMediaType},
		"a chunk longer than a file": {append([]byte(pngSignature), "\x7f\xff\xff\xffIHDR"...), fault.UnprocessableImage},
	}
	s := newStudio(t, storagetest.NewSQLite(t))
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := s.add(test.data)
			f := fault.From(err)
			if f == nil || f.Code != test.code || len(f.Details) != 1 || f.Details[0].Field != "images[0]" {
				t.Errorf("%v, want %s about images[0]", err, test.code)
			}
		})
	}
	if names := s.stored(); len(names) != 0 {
		t.Errorf("stored: %v", names)
	}
}
