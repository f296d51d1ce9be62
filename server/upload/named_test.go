package upload_test

import (
	"bytes"
	"errors"
	"image"
	"image/png"
	"os"
	"testing"

	"github.com/elite-trading-coach/coach/server/upload"
	"github.com/elite-trading-coach/coach/server/upload/uploadtest"
	"github.com/elite-trading-coach/coach/storage/storagetest"
)

// A picture that a message names in the configured cloud is checked and sized
// as an upload is, and leaves nothing behind.
func TestNamedPictures(t *testing.T) {
	cloud, dir := uploadtest.NewCloud(t), t.TempDir()
	s, err := upload.New(upload.Options{Store: storagetest.NewSQLite(t), Objects: newCloud(t, cloud), Dir: dir, ModelEdge: 64})
	if err != nil {
		t.Fatal(err)
	}
	large := cloud.Open("v1/large.png", drawn(t, 256, 128))
	data, err := s.Named(t.Context(), large)
	if err != nil {
		t.Fatal(err)
	}
	if c, err := png.DecodeConfig(bytes.NewReader(data)); err != nil || c.Width != 64 || c.Height != 32 {
		t.Errorf("%+v, %v; want it as large as a model may see it", c, err)
	}
	for name, address := range map[string]string{
		"NoImage": cloud.Open("v1/page.html", []byte("<html>")), "Gone": "https://res.cloudinary.com/" + uploadtest.CloudName + "/image/upload/none.png",
		"Redirected": "https://res.cloudinary.com/" + uploadtest.CloudName + "/image/upload/moved",
		"TooLarge":   cloud.Open("v1/huge.png", append(drawn(t, 8, 8), make([]byte, upload.MaxImage)...)),
	} {
		if data, err := s.Named(t.Context(), address); err == nil {
			t.Errorf("%s: %d bytes", name, len(data))
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	local := studioAt(t)
	if _, err := local.Named(t.Context(), large); !errors.Is(err, upload.ErrNoObject) {
		t.Errorf("without a cloud: %v", err)
	}
}

func studioAt(t *testing.T) *upload.Service {
	t.Helper()
	disk, err := upload.NewDisk(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	s, err := upload.New(upload.Options{Store: storagetest.NewSQLite(t), Objects: disk, Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func drawn(t *testing.T, width, height int) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := png.Encode(&out, image.NewGray(image.Rect(0, 0, width, height))); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
