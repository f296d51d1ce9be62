package archive

import (
	"archive/zip"
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"

	"github.com/elite-trading-coach/coach/server/fault"
)

const (
	// maxLine bounds one line, in bytes.
	maxLine = 4 << 20
	// maxParts bounds the parts of an archive.
	maxParts = 100_000
	// An archive may unpack to so many bytes, and so many times its own size:
	// text packs to a twentieth or so, a bomb to a thousandth.
	maxFree  = 16 << 20
	maxRatio = 100
)

// imageName is what the part of an image is called.
var imageName = regexp.MustCompile(`^uploads/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\.(png|jpeg|webp|gif)$`)

// Archive is one that was found sound.
type Archive struct {
	Profile Profile
	parts   map[string]*zip.File
	left    int64 // bytes that it may still unpack to
}

// Open reads all of an archive of so many bytes and refuses one that is not
// sound: VALIDATION_ERROR, and what is wrong with it.
func Open(file io.ReaderAt, size int64) (*Archive, error) {
	z, err := zip.NewReader(file, size)
	if err != nil {
		return nil, unsound("This is not a whole archive: it was cut off, or is something else.")
	}
	a := &Archive{parts: map[string]*zip.File{}, left: maxFree + maxRatio*size}
	if len(z.File) > maxParts {
		return nil, unsound("The archive has too many parts.")
	}
	for _, f := range z.File {
		if !known(f.Name) {
			return nil, unsound(fmt.Sprintf("The archive holds %.100q, which an archive of an account does not.", f.Name))
		}
		if a.parts[f.Name] != nil {
			return nil, unsound(fmt.Sprintf("The archive holds %s twice.", f.Name))
		}
		a.parts[f.Name] = f
	}
	if err := a.check(); err != nil {
		return nil, err
	}
	// What is loaded is unpacked once more.
	a.left = maxFree + maxRatio*size
	return a, nil
}

// known reports a name that archives have; no other is looked at, so none can
// name a place outside.
func known(name string) bool {
	switch name {
	case profileName, plansName, tradesName, verdictsName, conversationsName, uploadsName, manifestName:
		return true
	}
	return imageName.MatchString(name)
}

// check reads every line and counts them against the manifest.
func (a *Archive) check() error {
	var m manifest
	if err := a.one(manifestName, &m); err != nil {
		return err
	}
	if m.Format != format {
		return unsound("This is not an archive of an account.")
	}
	if m.Version != version {
		return unsound(fmt.Sprintf("This archive has version %d; this program reads version %d.", m.Version, version))
	}
	if err := a.one(profileName, &a.Profile); err != nil {
		return err
	}
	walk := &checker{}
	for name, line := range map[string]func([]byte) error{
		plansName: walk.plan, tradesName: walk.trade, verdictsName: walk.verdict, conversationsName: walk.entry, uploadsName: walk.upload,
	} {
		n, err := a.lines(name, line)
		if err != nil {
			return err
		}
		if n != m.Counts[name] {
			return unsound(fmt.Sprintf("%s has %d lines; the manifest counts %d.", name, n, m.Counts[name]))
		}
	}
	return nil
}

// one reads a part of one value.
func (a *Archive) one(name string, into any) error {
	n, err := a.lines(name, func(line []byte) error { return json.Unmarshal(line, into) })
	if err == nil && n != 1 {
		err = unsound(fmt.Sprintf("%s should hold one line.", name))
	}
	return err
}

// lines reads a part line by line, and tells how many there were.
func (a *Archive) lines(name string, each func([]byte) error) (n int, err error) {
	part := a.parts[name]
	if part == nil {
		return 0, unsound(fmt.Sprintf("The archive has no %s.", name))
	}
	in, err := part.Open()
	if err != nil {
		return 0, unsound(fmt.Sprintf("%s cannot be unpacked.", name))
	}
	defer func() { _ = in.Close() }()
	scan := bufio.NewScanner(&bounded{in, a})
	scan.Buffer(nil, maxLine)
	for scan.Scan() {
		if n++; len(bytes.TrimSpace(scan.Bytes())) == 0 {
			return n, unsound(fmt.Sprintf("Line %d of %s is empty.", n, name))
		}
		if err := each(scan.Bytes()); err != nil {
			return n, lineError(name, n, err)
		}
	}
	if err := scan.Err(); err != nil {
		return n, unsound(fmt.Sprintf("%s cannot be read beyond line %d: %v.", name, n, err))
	}
	return n, nil
}

// errBomb says that an archive unpacks to too much.
var errBomb = errors.New("it unpacks to far more than its own size")

// bounded keeps an archive from unpacking to more than it may.
type bounded struct {
	in io.Reader
	a  *Archive
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.in.Read(p)
	if b.a.left -= int64(n); b.a.left < 0 {
		return n, errBomb
	}
	return n, err
}

// lineError names the line that is wrong. What the database or the context
// says is not the archive's fault and stays as it is.
func lineError(name string, n int, err error) error {
	var odd problem
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &odd):
		return unsound(fmt.Sprintf("Line %d of %s: %s", n, name, odd))
	case errors.As(err, &syntax), errors.As(err, &kind):
		return unsound(fmt.Sprintf("Line %d of %s cannot be read: %v.", n, name, err))
	}
	return err
}

func unsound(message string) error { return fault.New(fault.Validation, message) }
