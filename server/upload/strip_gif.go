package upload

import (
	"bufio"
	"io"
)

// The blocks of GIF89a (appendix A).
const (
	gifExtension = 0x21
	gifImage     = 0x2C
	gifTrailer   = 0x3B

	gifControl     = 0xF9
	gifApplication = 0xFF
)

// stripGIF keeps pictures, their timing and the note that an animation goes
// round; comments, texts and what applications hid are left out.
func stripGIF(in *bufio.Reader, out io.Writer, _ int) error {
	head, err := read(in, 13)
	if err != nil {
		return cut(err)
	}
	if err := withTable(in, out, head, head[10]); err != nil {
		return err
	}
	for {
		kind, err := in.ReadByte()
		if err != nil {
			return cut(err)
		}
		switch kind {
		case gifTrailer:
			_, err := out.Write([]byte{gifTrailer})
			return err
		case gifExtension:
			err = gifSpecial(in, out)
		case gifImage:
			err = gifPicture(in, out)
		default:
			err = cut(errCut)
		}
		if err != nil {
			return err
		}
	}
}

// withTable writes what was read and the colour table that its flags announce.
func withTable(in *bufio.Reader, out io.Writer, b []byte, flags byte) error {
	if flags&0x80 != 0 {
		table, err := read(in, 3<<(flags&7+1))
		if err != nil {
			return cut(err)
		}
		b = append(b, table...)
	}
	_, err := out.Write(b)
	return err
}

func gifPicture(in *bufio.Reader, out io.Writer) error {
	head, err := read(in, 9)
	if err != nil {
		return cut(err)
	}
	if err := withTable(in, out, append([]byte{gifImage}, head...), head[8]); err != nil {
		return err
	}
	depth, err := read(in, 1)
	if err != nil {
		return cut(err)
	}
	if _, err := out.Write(depth); err != nil {
		return err
	}
	return gifBlocks(in, out)
}

func gifSpecial(in *bufio.Reader, out io.Writer) error {
	label, err := in.ReadByte()
	if err != nil {
		return cut(err)
	}
	if label == gifControl {
		if _, err := out.Write([]byte{gifExtension, label}); err != nil {
			return err
		}
		return gifBlocks(in, out)
	}
	if label != gifApplication {
		return gifBlocks(in, io.Discard)
	}
	size, err := in.ReadByte()
	if err != nil {
		return cut(err)
	}
	who, err := read(in, int(size))
	if err != nil {
		return cut(err)
	}
	if string(who) != "NETSCAPE2.0" && string(who) != "ANIMEXTS1.0" {
		return gifBlocks(in, io.Discard)
	}
	if _, err := out.Write(append([]byte{gifExtension, label, size}, who...)); err != nil {
		return err
	}
	return gifBlocks(in, out)
}

// gifBlocks copies sub-blocks up to the empty one that ends them.
func gifBlocks(in *bufio.Reader, out io.Writer) error {
	for {
		size, err := in.ReadByte()
		if err != nil {
			return cut(err)
		}
		body, err := read(in, int(size))
		if err != nil {
			return cut(err)
		}
		if _, err := out.Write(append([]byte{size}, body...)); err != nil {
			return err
		}
		if size == 0 {
			return nil
		}
	}
}
