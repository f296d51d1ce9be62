package storage

import (
	"context"
	"time"
)

// Upload is an image as somebody uploaded it: a name, a place, and the file
// that it shows.
type Upload struct {
	ID, UserID     string
	Name           string
	ConversationID string // "" = none yet
	MessageID      string // the one message that shows it; "" = none yet
	CreatedAt      time.Time
	File           File
}

const uploadColumns = `u.id, u.user_id, u.name, u.conversation_id, u.message_id, u.created_at, ` + fileColumns

func scanUpload(row scanner) (Upload, error) {
	var u Upload
	err := row.Scan(append([]any{&u.ID, &u.UserID, &u.Name, (*opt)(&u.ConversationID), (*opt)(&u.MessageID), (*usec)(&u.CreatedAt)}, u.File.fields()...)...)
	return u, err
}

// InsertUpload stores a new one that shows a stored file.
func (tx *Tx) InsertUpload(ctx context.Context, u Upload) error {
	_, err := tx.q.ExecContext(ctx, `INSERT INTO uploads (id, user_id, file_id, name, conversation_id, message_id, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		u.ID, u.UserID, u.File.ID, u.Name, opt(u.ConversationID), opt(u.MessageID), usec(u.CreatedAt))
	return tx.wrap("insert upload", err)
}

// Upload finds one that was not deleted, whoever may see it.
func (r Reader) Upload(ctx context.Context, id string) (Upload, error) {
	u, err := scanUpload(r.q.QueryRowContext(ctx, `SELECT `+uploadColumns+` FROM uploads u JOIN files f ON f.id = u.file_id
		WHERE u.id = $1 AND u.deleted_at IS NULL`, id))
	return u, r.wrap("find upload", err)
}

// UploadFor finds one for its owner, or for a member of the conversation that
// shows it; for anybody else it is ErrNotFound.
func (r Reader) UploadFor(ctx context.Context, id, userID string) (Upload, error) {
	u, err := scanUpload(r.q.QueryRowContext(ctx, `SELECT `+uploadColumns+` FROM uploads u JOIN files f ON f.id = u.file_id
		WHERE u.id = $1 AND u.deleted_at IS NULL AND (u.user_id = $2 OR u.message_id IS NOT NULL AND EXISTS (
			SELECT 1 FROM members m WHERE m.conversation_id = u.conversation_id AND m.user_id = $2))`, id, userID))
	return u, r.wrap("find upload", err)
}

// TakeUpload makes an upload of a person part of a message. One that another
// message shows already is taken a second time, under an id of its own. ErrNotFound:
// there is no such upload of theirs.
func (tx *Tx) TakeUpload(ctx context.Context, id, userID string, into Message) (Upload, error) {
	u, err := tx.lockUpload(ctx, id, userID)
	if err != nil {
		return u, err
	}
	first := u.MessageID == ""
	u.ConversationID, u.MessageID = into.ConversationID, into.ID
	if first {
		return u, tx.one(ctx, "take upload", `UPDATE uploads SET conversation_id = $2, message_id = $3 WHERE id = $1`, id, u.ConversationID, u.MessageID)
	}
	u.ID, u.CreatedAt = NewID(), into.CreatedAt
	if err := tx.one(ctx, "use file", `UPDATE files SET used_at = $2 WHERE id = $1 AND deleted_at IS NULL`, u.File.ID, usec(into.CreatedAt)); err != nil {
		return u, err
	}
	return u, tx.InsertUpload(ctx, u)
}

// lockUpload reads a person's upload and, by writing, holds it until the
// transaction ends.
func (tx *Tx) lockUpload(ctx context.Context, id, userID string) (Upload, error) {
	err := tx.one(ctx, "lock upload", `UPDATE uploads SET name = name WHERE id = $1 AND user_id = $2 AND deleted_at IS NULL`, id, userID)
	if err != nil {
		return Upload{}, err
	}
	return tx.Upload(ctx, id)
}

// DeleteUpload takes an upload from its owner's sight and reports which
// message showed it, if any.
func (tx *Tx) DeleteUpload(ctx context.Context, id, userID string, at time.Time) (Upload, error) {
	u, err := tx.lockUpload(ctx, id, userID)
	if err != nil {
		return u, err
	}
	return u, tx.one(ctx, "delete upload", `UPDATE uploads SET deleted_at = $2 WHERE id = $1`, id, usec(at))
}

// DropLooseUploads deletes the uploads that no message took since before, and
// tells how many they were.
func (tx *Tx) DropLooseUploads(ctx context.Context, before, at time.Time) (int64, error) {
	return tx.count(ctx, "drop loose uploads", `UPDATE uploads SET deleted_at = $2
		WHERE message_id IS NULL AND deleted_at IS NULL AND created_at < $1`, usec(before), usec(at))
}

// ForgetUploads removes the rows of deleted uploads whose file another upload
// shows; the others go with their file.
func (tx *Tx) ForgetUploads(ctx context.Context) error {
	_, err := tx.count(ctx, "forget uploads", `DELETE FROM uploads WHERE deleted_at IS NOT NULL AND EXISTS (
		SELECT 1 FROM uploads o WHERE o.file_id = uploads.file_id AND o.deleted_at IS NULL)`)
	return err
}

// The uploads of what is deleted go with it.
func (tx *Tx) dropUploadsOfMessage(ctx context.Context, id string, at time.Time) error {
	_, err := tx.count(ctx, "drop a message's uploads", `UPDATE uploads SET deleted_at = $2 WHERE message_id = $1 AND deleted_at IS NULL`, id, usec(at))
	return err
}

func (tx *Tx) dropUploadsOfConversation(ctx context.Context, id string, at time.Time) error {
	_, err := tx.count(ctx, "drop a conversation's uploads", `UPDATE uploads SET deleted_at = $2
		WHERE conversation_id = $1 AND deleted_at IS NULL`, id, usec(at))
	return err
}

func (tx *Tx) dropUploadsOfUser(ctx context.Context, userID string, at time.Time) error {
	_, err := tx.count(ctx, "drop a person's uploads", `UPDATE uploads SET deleted_at = $2
		WHERE deleted_at IS NULL AND (user_id = $1 OR conversation_id IN (SELECT id FROM conversations WHERE owner_id = $1))`, userID, usec(at))
	return err
}
