package archive

import (
	"archive/zip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/elite-trading-coach/coach/server/fault"
	"github.com/elite-trading-coach/coach/storage"
)

// Album is where an archive's images go. The zero Album takes none.
type Album struct {
	// Keep checks and stores an image as u, whose File it fills.
	Keep func(ctx context.Context, u storage.Upload, bytes io.Reader) (storage.Upload, error)
	// Shown is what a message's row keeps of its images.
	Shown func(list []storage.Upload) []byte
}

// note remembers an upload until a message takes it. An archive has at most
// maxParts of them with bytes; the others are left at once.
func (l *loader) note(line []byte) error {
	var u upload
	if err := json.Unmarshal(line, &u); err != nil {
		return err
	}
	if l.album.Keep == nil || l.archive.parts[u.File] == nil {
		l.ImagesLeft++
		return nil
	}
	l.images[u.ID] = u
	return nil
}

// shown keeps the images of a message and gives what its row says of them.
func (l *loader) shown(m message, row storage.Message) ([]byte, error) {
	var list []storage.Upload
	for _, old := range m.Uploads {
		u, ok := l.images[old]
		if !ok || u.MessageID != m.ID || row.UserID == "" || m.DeletedAt != nil {
			continue
		}
		delete(l.images, old)
		kept, err := l.image(u, row)
		if err != nil {
			return nil, err
		}
		if kept.ID != "" {
			list = append(list, kept)
		}
	}
	if len(list) == 0 {
		return nil, nil
	}
	return l.album.Shown(list), nil
}

// loose keeps an upload that no message shows yet; what is still noted of the
// others belongs to no message here.
func (l *loader) loose(line []byte) error {
	var u upload
	if err := json.Unmarshal(line, &u); err != nil {
		return err
	}
	if _, ok := l.images[u.ID]; !ok {
		return nil
	}
	delete(l.images, u.ID)
	if u.MessageID != "" {
		l.ImagesLeft++
		return nil
	}
	_, err := l.image(u, storage.Message{})
	return err
}

// image keeps one image; one that is refused stays in the archive.
func (l *loader) image(u upload, in storage.Message) (storage.Upload, error) {
	bytes, err := l.archive.parts[u.File].Open()
	if err != nil {
		return storage.Upload{}, unsound(fmt.Sprintf("%s cannot be unpacked.", u.File))
	}
	defer func() { _ = bytes.Close() }()
	at := u.CreatedAt
	if in.ID == "" {
		at = storage.Now() // it waits for a message anew; of the old time it would be swept at once
	}
	kept, err := l.album.Keep(l.ctx, storage.Upload{
		ID: l.id(u.ID), UserID: l.user, Name: u.Name, ConversationID: in.ConversationID, MessageID: in.ID, CreatedAt: at,
	}, &bounded{bytes, l.archive})
	if refused(err) {
		l.ImagesLeft++
		return storage.Upload{}, nil
	}
	if errors.Is(err, errBomb) {
		return storage.Upload{}, unsound(fmt.Sprintf("%s cannot be read: %v.", u.File, errBomb))
	}
	if err != nil {
		return storage.Upload{}, err
	}
	l.Images++
	return kept, nil
}

// refused reports an error that is about the image, or about its bytes in the
// archive, and not about the server.
func refused(err error) bool {
	return fault.Is(err, fault.Validation) || fault.Is(err, fault.PayloadTooLarge) || fault.Is(err, fault.UnsupportedMediaType) ||
		errors.Is(err, zip.ErrChecksum) || errors.Is(err, zip.ErrFormat) || errors.Is(err, io.ErrUnexpectedEOF)
}
