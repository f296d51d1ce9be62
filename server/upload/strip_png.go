package upload

import (
	"bufio"
	"encoding/binary"
	"hash/crc32"
	"io"
)

const pngSignature = "\x89PNG\r\n\x1a\n"

// stripPNG keeps the chunks that make the picture (PNG 1.2, chapter 4): no
// texts, times, EXIF or animation.
func stripPNG(in *bufio.Reader, out io.Writer, orientation int) error {
	if _, err := in.Discard(len(pngSignature)); err != nil {
		return cut(err)
	}
	if _, err := io.WriteString(out, pngSignature); err != nil {
		return err
	}
	for first := true; ; first = false {
		head, err := read(in, 8)
		if err != nil {
			return cut(err)
		}
		kind := string(head[4:])
		if first != (kind == "IHDR") {
			return cut(errCut)
		}
		body, err := read(in, int(binary.BigEndian.Uint32(head))+4) // and its checksum
		if err != nil {
			return cut(err)
		}
		if drawsPNG(kind) {
			if _, err := out.Write(append(head, body...)); err != nil {
				return err
			}
		}
		if first && orientation > 1 {
			if err := chunk(out, "eXIf", exif(orientation)); err != nil {
				return err
			}
		}
		if kind == "IEND" {
			return nil
		}
	}
}

func drawsPNG(kind string) bool {
	switch kind {
	case "IHDR", "PLTE", "IDAT", "IEND", "tRNS", "gAMA", "cHRM", "sRGB", "iCCP", "cICP", "sBIT", "bKGD", "pHYs":
		return true
	}
	return false
}

func chunk(out io.Writer, kind string, body []byte) error {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
	b = append(append(b, kind...), body...)
	b = binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:]))
	_, err := out.Write(b)
	return err
}
