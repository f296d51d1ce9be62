package upload

import (
	"image"

	"golang.org/x/image/draw"
)

// fit makes a picture that is no longer than edge on any side, or gives it
// back as it is.
func fit(img image.Image, edge int) image.Image {
	size := img.Bounds().Size()
	longest := max(size.X, size.Y)
	if longest <= edge {
		return img
	}
	return shrink(img, max(1, size.X*edge/longest), max(1, size.Y*edge/longest))
}

// bandRows is how many rows of the picture are looked at together.
const bandRows = 16

// shrink makes a smaller picture, each pixel the mean of the area that it
// stands for: no line and no letter is skipped, however thin. The picture is
// read in bands, so that besides the result hardly any memory is taken; a
// Catmull-Rom filter of x/image takes 32 bytes for each pixel of a picture in
// between, and more than three times as long (see BenchmarkShrink).
func shrink(img image.Image, w, h int) *image.RGBA {
	from := img.Bounds()
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	band := image.NewRGBA(image.Rect(0, 0, from.Dx(), bandRows))
	columns, rows := shares(from.Dx(), w), shares(from.Dy(), h)
	sum := make([]uint64, 4*w) // of the row of out that is being gathered
	narrow := make([]uint64, 4*w)
	for y := range from.Dy() {
		if y%bandRows == 0 {
			draw.Draw(band, band.Bounds(), img, image.Pt(from.Min.X, from.Min.Y+y), draw.Src)
		}
		at := y % bandRows * band.Stride
		narrowRow(narrow, band.Pix[at:at+4*from.Dx()], columns)
		for _, share := range rows[y] {
			if share.weight == 0 {
				continue
			}
			for i, v := range narrow {
				sum[i] += v * share.weight
			}
			if share.last {
				settle(out.Pix[share.into*out.Stride:], sum)
			}
		}
	}
	return out
}

// unit is the whole weight of one pixel of the smaller picture.
const unit = 1 << 16

// part is what one pixel of the larger picture gives to one of the smaller.
type part struct {
	into   int
	weight uint64
	last   bool // nothing follows for this one
}

// shares says which one or two pixels of a line of n each of a line of m gives
// to, and how much; m ≥ n. The weights of each of the n add up to unit.
func shares(m, n int) [][2]part {
	list := make([][2]part, m)
	for i := range m {
		begin, end := i*n, (i+1)*n // in mth parts of a pixel of the smaller line
		first := begin / m
		split := min(end, (first+1)*m)
		list[i][0] = part{first, weightOf(split, first, m) - weightOf(begin, first, m), split == (first+1)*m}
		if end > split {
			list[i][1] = part{first + 1, weightOf(end, first+1, m), end == (first+2)*m}
		}
	}
	return list
}

// weightOf is how much of pixel p is covered up to a place; differences of it
// add up without an error of rounding.
func weightOf(place, p, m int) uint64 { return uint64(place-p*m) * unit / uint64(m) }

// narrowRow makes a row of means of a row of RGBA pixels, in 1/unit.
func narrowRow(into []uint64, row []byte, columns [][2]part) {
	clear(into)
	for x, two := range columns {
		pixel := row[4*x : 4*x+4 : 4*x+4]
		for _, share := range two {
			if share.weight == 0 {
				continue
			}
			to := into[4*share.into : 4*share.into+4 : 4*share.into+4]
			to[0] += uint64(pixel[0]) * share.weight
			to[1] += uint64(pixel[1]) * share.weight
			to[2] += uint64(pixel[2]) * share.weight
			to[3] += uint64(pixel[3]) * share.weight
		}
	}
}

// settle rounds a finished row and makes ready for the next.
func settle(row []byte, sum []uint64) {
	for i, v := range sum {
		row[i] = byte((v + unit*unit/2) / (unit * unit))
		sum[i] = 0
	}
}
