package crashtest

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"io"
	"math/rand/v2"
	"mime/multipart"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// photo is about 2 MB of a picture that is larger than what a model is shown,
// so that each upload is decoded, made smaller twice and encoded anew.
func photo(t testing.TB) []byte {
	t.Helper()
	random := rand.New(rand.NewPCG(1, 2))
	img := image.NewYCbCr(image.Rect(0, 0, 2600, 1700), image.YCbCrSubsampleRatio420)
	for i := range img.Y {
		img.Y[i] = byte(i/2600/8 + random.IntN(52))
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, img, &jpeg.Options{Quality: 90}); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// screenshot is about 2 MB of a PNG, as a chart with a busy background is.
func screenshot(t testing.TB) []byte {
	t.Helper()
	random := rand.New(rand.NewPCG(3, 4))
	img := image.NewRGBA(image.Rect(0, 0, 2200, 1300))
	for i := 0; i < len(img.Pix); i += 4 {
		img.Pix[i], img.Pix[i+1], img.Pix[i+2], img.Pix[i+3] = byte(20+random.IntN(8)), byte(24+random.IntN(4)), 32, 255
	}
	var out bytes.Buffer
	if err := png.Encode(&out, img); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// distinct makes an image one that was never sent before, without another
// picture: a comment more in a JPEG, bytes behind a PNG.
func distinct(image []byte, n int) []byte {
	if bytes.HasPrefix(image, []byte("\xff\xd8")) {
		comment := fmt.Sprintf("\xff\xfe\x00\x0a%08d", n)
		return append(append(append([]byte{}, image[:2]...), comment...), image[2:]...)
	}
	return fmt.Appendf(bytes.Clone(image), "%08d", n)
}

// memoryNow is what a process holds of the memory now, and held at most, in
// MiB (proc(5), VmRSS and VmHWM).
func (s *process) memoryNow(t testing.TB) (now, most float64) {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) < 2 {
			continue
		}
		kib, _ := strconv.ParseFloat(fields[1], 64)
		switch fields[0] {
		case "VmRSS:":
			now = kib / 1024
		case "VmHWM:":
			most = kib / 1024
		}
	}
	return now, most
}

// padded is a small picture in a JPEG of about so many bytes: what is in
// comments is received like anything else, and costs no decoding.
func padded(t testing.TB, bytesWanted int) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := jpeg.Encode(&out, image.NewGray(image.Rect(0, 0, 64, 48)), nil); err != nil {
		t.Fatal(err)
	}
	whole := append([]byte{}, out.Bytes()[:2]...)
	comment := append([]byte("\xff\xfe\xff\xff"), make([]byte, 65533)...)
	for len(whole)+len(comment)+out.Len() < bytesWanted {
		whole = append(whole, comment...)
	}
	return append(whole, out.Bytes()[2:]...)
}

// TestUploadsAreNeverWholeInMemory sends 120 MiB at once, and again: were they
// in memory, the first time would show, and were something kept of them, the
// second.
func TestUploadsAreNeverWholeInMemory(t *testing.T) {
	t.Parallel()
	s := newSite(t, "", "UPLOAD_BYTES_PER_USER=8589934592").start()
	ann := register(t, s.base, "ann")
	large := padded(t, 9<<20+900<<10)
	if err := ann.sendImage(large); err != nil {
		t.Fatal(err)
	}
	_, before := s.memoryNow(t)
	round := func(n int) float64 {
		var wg sync.WaitGroup
		for i := range 4 {
			wg.Go(func() {
				images := make([][]byte, 3)
				for k := range images {
					images[k] = distinct(large, 100*n+10*i+k)
				}
				if err := ann.sendImage(images...); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		_, most := s.memoryNow(t)
		return most
	}
	first := round(1)
	second := round(2)
	t.Logf("MiB at most: %.0f before, %.0f after 120 MiB, %.0f after as much again", before, first, second)
	if first-before > uploadGrowth || second-first > 24 {
		t.Errorf("the memory grew from %.0f by %.0f and by %.0f MiB", before, first-before, second-first)
	}
	s.unharmed()
}

func (p *person) sendImage(images ...[]byte) error {
	r, w := io.Pipe()
	form := multipart.NewWriter(w)
	go func() {
		var err error
		for _, image := range images {
			var into io.Writer
			if into, err = form.CreateFormFile("images", "chart"); err == nil {
				_, err = into.Write(image)
			}
			if err != nil {
				break
			}
		}
		if err == nil {
			err = form.Close()
		}
		_ = w.CloseWithError(err)
	}()
	req, err := http.NewRequest(http.MethodPost, p.client.BaseURL+"/api/uploads", r)
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", form.FormDataContentType())
	req.Header.Set("Authorization", "Bearer "+p.client.Token)
	res, err := p.client.HTTP.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusCreated {
		text, _ := io.ReadAll(res.Body)
		return fmt.Errorf("an upload is answered with %d %s", res.StatusCode, text)
	}
	return nil
}

// BenchmarkUploads sends b.N images of about 2 MB, half photos and half
// screenshots, four at a time, and reports the server's memory: before, at
// most, and half a minute after. With -benchtime 500x it is the sum that
// docs/performance.md tells.
func BenchmarkUploads(b *testing.B) {
	s := newSite(b, "", "UPLOAD_BYTES_PER_USER=8589934592").start()
	ann := register(b, s.base, "ann")
	images := [][]byte{photo(b), screenshot(b)}
	for n, image := range images { // what is loaded once is not what is measured
		if err := ann.sendImage(distinct(image, 90_000_000+n)); err != nil {
			b.Fatal(err)
		}
	}
	before, _ := s.memoryNow(b)
	b.SetBytes(int64(len(images[0])+len(images[1])) / 2)
	b.ResetTimer()
	numbers := make(chan int)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for n := range numbers {
				if err := ann.sendImage(distinct(images[n%2], n)); err != nil {
					b.Error(err)
				}
			}
		})
	}
	half := 0.0
	for n := range b.N {
		numbers <- n
		if n == b.N/2 {
			_, half = s.memoryNow(b)
		}
	}
	close(numbers)
	wg.Wait()
	b.StopTimer()
	_, most := s.memoryNow(b)
	<-time.After(30 * time.Second) // a quiet half minute, in which the collector gives back
	after, _ := s.memoryNow(b)
	b.ReportMetric(before, "MiB-before")
	b.ReportMetric(half, "MiB-most-of-half")
	b.ReportMetric(most, "MiB-most")
	b.ReportMetric(after, "MiB-after")
}
