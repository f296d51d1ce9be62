package upload

import (
	"image"
	"image/color"
	"testing"

	"golang.org/x/image/draw"
	"pgregory.net/rapid"
)

func TestShrinkingKeepsThePicturesMean(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, h := rapid.IntRange(1, 60).Draw(t, "w"), rapid.IntRange(1, 60).Draw(t, "h")
		img := image.NewRGBA(image.Rect(0, 0, w, h))
		shade := rapid.Byte().Draw(t, "shade")
		for i := range img.Pix {
			img.Pix[i] = shade
		}
		out := shrink(img, rapid.IntRange(1, w).Draw(t, "to w"), rapid.IntRange(1, h).Draw(t, "to h"))
		for i, v := range out.Pix {
			if v != shade {
				t.Fatalf("a plain picture of %d has %d at %d", shade, v, i)
			}
		}
	})
}

func TestShrinkingTakesTheMeanOfTheArea(t *testing.T) {
	img := image.NewGray(image.Rect(10, 20, 16, 22)) // a picture need not begin at 0
	for x := range 6 {
		for y := range 2 {
			img.SetGray(10+x, 20+y, color.Gray{byte(40 * x)})
		}
	}
	out := shrink(img, 4, 1)
	for x, want := range []uint8{13, 67, 133, 187} { // each 1½ pixels: 0·1+40·½ of 1½, …
		if got := out.RGBAAt(x, 0).R; got != want {
			t.Errorf("pixel %d is %d, want %d", x, got, want)
		}
	}
}

func BenchmarkShrink(b *testing.B) {
	img := picture(3840, 2160, 1)
	b.Run("means", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			shrink(img, 2048, 1152)
		}
	})
	b.Run("catmull-rom", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			out := image.NewRGBA(image.Rect(0, 0, 2048, 1152))
			draw.CatmullRom.Scale(out, out.Bounds(), img, img.Bounds(), draw.Src, nil)
		}
	})
}
