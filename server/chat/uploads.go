package chat

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"unicode/utf8"

	"github.com/elite-trading-coach/coach/server/auth"
	"github.com/elite-trading-coach/coach/server/fault"
	"github.com/elite-trading-coach/coach/storage"
)

const (
	// MaxUploads is how many images one message shows.
	MaxUploads = 5
	// MaxImageURL is in characters.
	MaxImageURL = 2048
)

// images is what a draft shows: uploads of the sender's, and an address in the
// configured image cloud, "" = none.
type images struct {
	uploads []string
	url     string
}

// imagesOf reads what a draft says of its images. An address of an upload of
// our own is that upload: the address runs out, and the upload stays.
func (s *Service) imagesOf(d Draft) (images, error) {
	out := images{uploads: d.UploadIDs}
	if d.ImageURL == "" {
		return out, nil
	}
	id, ok := s.readImageURL(d.ImageURL)
	switch {
	case !ok:
		return out, fault.Invalid("imageUrl", "This server takes no images from other hosts; upload the image to /api/uploads.")
	case id == "":
		out.url = d.ImageURL
	case !slices.Contains(out.uploads, id):
		out.uploads = append(slices.Clone(out.uploads), id)
	}
	if len(out.uploads) > MaxUploads {
		return out, fault.Invalid("imageUrl", "A message shows at most 5 images.")
	}
	return out, nil
}

// uploadIDsProblem looks for the same id twice only in a list that is short:
// each is held against all before it.
func uploadIDsProblem(ids []string) string {
	if len(ids) > MaxUploads {
		return "A message shows at most 5 images."
	}
	for i, id := range ids {
		if slices.Contains(ids[:i], id) {
			return "The same upload is named twice."
		}
	}
	return ""
}

func imageURLProblem(raw string) string {
	if !utf8.ValidString(raw) || utf8.RuneCountInString(raw) > MaxImageURL {
		return "The image's address must be at most 2048 characters of valid UTF-8."
	}
	return ""
}

// takeUploads makes the sender's uploads part of a message and gives what the
// row keeps of them.
func takeUploads(ctx context.Context, tx *storage.Tx, into storage.Message, ids []string) ([]byte, error) {
	var list []storage.Upload
	for _, id := range ids {
		if !storage.ValidID(id) {
			return nil, noSuchUpload(nil)
		}
		u, err := tx.TakeUpload(ctx, id, into.UserID, into)
		if errors.Is(err, storage.ErrNotFound) {
			return nil, noSuchUpload(err)
		}
		if err != nil {
			return nil, err
		}
		list = append(list, u)
	}
	return KeptUploads(list), nil
}

func noSuchUpload(err error) error {
	const message = "There is no such upload of yours; upload the image first."
	return &fault.Error{Code: fault.Validation, Message: message, Details: []fault.Detail{{Field: "uploadIds", Message: message}}, Err: err}
}

// UploadView shows an upload; see [Upload].
func UploadView(u storage.Upload) Upload {
	return Upload{
		ID: u.ID, OriginalName: u.Name, Format: u.File.Format, Width: u.File.Width, Height: u.File.Height, Bytes: u.File.Bytes,
		ConversationID: orNull(u.ConversationID), CreatedAt: Time(u.CreatedAt),
	}
}

// KeptUploads is what a message's row keeps of its images: what of an upload
// never changes, so that readers need nothing but the row. nil: no images.
func KeptUploads(list []storage.Upload) []byte {
	views := make([]Upload, len(list))
	for i, u := range list {
		views[i] = UploadView(u)
	}
	return keptUploads(views)
}

func keptUploads(list []Upload) []byte {
	if len(list) == 0 {
		return nil
	}
	return encode(list)
}

func uploadsOf(kept []byte) []Upload {
	list := []Upload{}
	if len(kept) > 0 {
		_ = json.Unmarshal(kept, &list) // our own writing
	}
	return list
}

// DeleteUpload removes one's own upload. A message that shows it goes on
// without it, as a change that everybody is told of.
func (s *Service) DeleteUpload(ctx context.Context, a auth.Actor, id string) error {
	none := fault.New(fault.NotFound, "There is no such upload.")
	if !storage.ValidID(id) {
		return none
	}
	found, err := s.store.Upload(ctx, id)
	if errors.Is(err, storage.ErrNotFound) || err == nil && found.UserID != a.UserID {
		return none
	}
	if err != nil {
		return err
	}
	var row storage.Message
	err = s.store.Tx(ctx, func(tx *storage.Tx) error {
		row = storage.Message{}
		// Everybody locks the conversation first. One that is gone has taken
		// its messages with it.
		if found.MessageID != "" {
			if err := tx.LockConversation(ctx, found.ConversationID); err != nil {
				return err
			}
		}
		u, err := tx.DeleteUpload(ctx, id, a.UserID, s.now())
		if err != nil || u.MessageID == "" {
			return err
		}
		row, err = s.withoutUpload(ctx, tx, u)
		return err
	})
	if errors.Is(err, storage.ErrNotFound) {
		return none
	}
	if err == nil && row.ID != "" {
		s.publish(ctx, rowEvent(row))
	}
	return err
}

// withoutUpload takes an upload out of the message that shows it.
func (s *Service) withoutUpload(ctx context.Context, tx *storage.Tx, u storage.Upload) (storage.Message, error) {
	row, err := tx.LockMessage(ctx, u.MessageID)
	if err != nil {
		return row, err
	}
	row.Uploads = keptUploads(slices.DeleteFunc(uploadsOf(row.Uploads), func(shown Upload) bool { return shown.ID == u.ID }))
	row.UpdatedAt, row.EditedAt = s.now(), s.now()
	if row.Rev, err = tx.NextRev(ctx, row.ConversationID, 0, row.UpdatedAt); err != nil {
		return row, err
	}
	return row, tx.UpdateMessage(ctx, row)
}
