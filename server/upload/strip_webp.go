package upload

import (
	"bufio"
	"encoding/binary"
	"io"
)

// Flags of the VP8X chunk (RFC 9649, 2.7).
const (
	webpHasXMP  = 1 << 2
	webpHasEXIF = 1 << 3
)

// stripWebP keeps the chunks of the picture and its colours. A file is at most
// as large as an image may be, and RIFF says its size at the start, so the
// chunks are gathered first.
func stripWebP(in *bufio.Reader, out io.Writer, orientation int) error {
	head, err := read(in, 12)
	if err != nil {
		return cut(err)
	}
	left := int64(binary.LittleEndian.Uint32(head[4:])) - 4
	body := []byte("WEBP")
	extended := false
	for left >= 8 {
		name, data, taken, err := webpChunk(in)
		if err != nil {
			return cut(err)
		}
		left -= taken
		switch name {
		case "VP8X":
			if len(data) < 10 {
				return cut(errCut)
			}
			extended = true
			data[0] &^= webpHasXMP | webpHasEXIF
			if orientation > 1 {
				data[0] |= webpHasEXIF
			}
			body = appendChunk(body, name, data)
		case "VP8 ", "VP8L", "ALPH", "ANIM", "ANMF", "ICCP":
			body = appendChunk(body, name, data)
		}
	}
	if extended && orientation > 1 {
		body = appendChunk(body, "EXIF", exif(orientation))
	}
	if _, err := out.Write(binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len(body)))); err != nil {
		return err
	}
	_, err = out.Write(body)
	return err
}

// webpChunk reads one chunk and tells how many bytes of the file it took.
func webpChunk(in *bufio.Reader) (name string, data []byte, taken int64, err error) {
	head, err := read(in, 8)
	if err != nil {
		return "", nil, 0, err
	}
	n := int64(binary.LittleEndian.Uint32(head[4:]))
	if data, err = read(in, int(n)); err != nil {
		return "", nil, 0, err
	}
	if n%2 == 1 { // a chunk is padded to an even size; some writers forget the last one's
		if _, err := in.Discard(1); err != nil && err != io.EOF {
			return "", nil, 0, err
		}
	}
	return string(head[:4]), data, 8 + n + n%2, nil
}

func appendChunk(to []byte, name string, data []byte) []byte {
	to = binary.LittleEndian.AppendUint32(append(to, name...), uint32(len(data)))
	to = append(to, data...)
	if len(data)%2 == 1 {
		to = append(to, 0)
	}
	return to
}
