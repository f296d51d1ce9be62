package upload

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
)

// The markers of JPEG (ITU-T T.81, table B.1) that are looked at.
const (
	markSOI  = 0xD8
	markEOI  = 0xD9
	markSOS  = 0xDA
	markAPP0 = 0xE0
	markAPP1 = 0xE1
	markCOM  = 0xFE
)

// stripJPEG keeps everything but application segments and comments. Of those
// stay the density (JFIF), the colour profile (ICC) and Adobe's, without which
// the colours would be read wrongly.
func stripJPEG(in *bufio.Reader, out io.Writer, orientation int) error {
	if _, err := in.Discard(2); err != nil {
		return cut(err)
	}
	if _, err := out.Write([]byte{0xFF, markSOI}); err != nil {
		return err
	}
	if orientation > 1 {
		if err := segment(out, markAPP1, append([]byte("Exif\x00\x00"), exif(orientation)...)); err != nil {
			return err
		}
	}
	marker, err := nextMarker(in)
	for {
		if err != nil {
			return cut(err)
		}
		switch {
		case marker == markEOI:
			_, err := out.Write([]byte{0xFF, markEOI})
			return err
		case marker == 0x01 || marker >= 0xD0 && marker <= 0xD7:
			if _, err := out.Write([]byte{0xFF, marker}); err != nil {
				return err
			}
			marker, err = nextMarker(in)
			continue
		}
		body, readErr := segmentBody(in)
		if readErr != nil {
			return cut(readErr)
		}
		if body, keep := worthKeeping(marker, body); keep {
			if err := segment(out, marker, body); err != nil {
				return err
			}
		}
		if marker == markSOS {
			marker, err = copyScan(in, out)
		} else {
			marker, err = nextMarker(in)
		}
	}
}

// nextMarker finds a marker where one must be.
func nextMarker(in *bufio.Reader) (byte, error) {
	b, err := in.ReadByte()
	if err != nil {
		return 0, err
	}
	if b != 0xFF {
		return 0, errCut
	}
	for b == 0xFF { // fill bytes
		if b, err = in.ReadByte(); err != nil {
			return 0, err
		}
	}
	if b == 0 {
		return 0, errCut
	}
	return b, nil
}

func segmentBody(in *bufio.Reader) ([]byte, error) {
	size, err := read(in, 2)
	if err != nil {
		return nil, err
	}
	return read(in, int(binary.BigEndian.Uint16(size))-2)
}

func segment(out io.Writer, marker byte, body []byte) error {
	head := []byte{0xFF, marker, 0, 0}
	binary.BigEndian.PutUint16(head[2:], uint16(len(body)+2))
	if _, err := out.Write(head); err != nil {
		return err
	}
	_, err := out.Write(body)
	return err
}

func worthKeeping(marker byte, body []byte) ([]byte, bool) {
	const density = 14 // bytes of JFIF's segment without its preview
	switch {
	case marker == markAPP0 && bytes.HasPrefix(body, []byte("JFIF\x00")) && len(body) >= density:
		return append(bytes.Clone(body[:density-2]), 0, 0), true // no preview of 0 by 0
	case marker == 0xE2 && bytes.HasPrefix(body, []byte("ICC_PROFILE\x00")),
		marker == 0xEE && bytes.HasPrefix(body, []byte("Adobe")):
		return body, true
	}
	return body, marker != markCOM && (marker < markAPP0 || marker > 0xEF)
}

// copyScan copies entropy-coded data up to the marker that ends it.
func copyScan(in *bufio.Reader, out io.Writer) (byte, error) {
	w, ok := out.(*bufio.Writer)
	if !ok {
		w = bufio.NewWriter(out)
		defer func() { _ = w.Flush() }()
	}
	for {
		b, err := in.ReadByte()
		if err != nil {
			return 0, err
		}
		if b != 0xFF {
			if err := w.WriteByte(b); err != nil {
				return 0, err
			}
			continue
		}
		for b == 0xFF {
			if b, err = in.ReadByte(); err != nil {
				return 0, err
			}
		}
		if b != 0 && (b < 0xD0 || b > 0xD7) {
			return b, nil
		}
		if _, err := w.Write([]byte{0xFF, b}); err != nil {
			return 0, err
		}
	}
}
