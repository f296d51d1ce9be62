package storage

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// File is an image that is stored once for all uploads of one person that
// show it. Its bytes are not in the database.
type File struct {
	ID, UserID  string
	SHA256      string // hex, of the bytes as they came
	Format      string // png, jpeg, webp or gif
	ThumbFormat string
	ModelFormat string // "" = the original serves
	Width       int    // as it is shown, in pixels
	Height      int
	Bytes       int64 // of the original
	Held        int64 // of all its pictures
	CreatedAt   time.Time
	UsedAt      time.Time
	StoredAt    time.Time // zero until the bytes are where they belong
	DeletedAt   time.Time // set before the bytes are removed
}

const fileColumns = `f.id, f.user_id, f.sha256, f.format, f.thumb_format, f.model_format, f.width, f.height, f.bytes, f.held,
	f.created_at, f.used_at, f.stored_at, f.deleted_at`

// fileReturning is the same for RETURNING, where SQLite takes no alias.
const fileReturning = `id, user_id, sha256, format, thumb_format, model_format, width, height, bytes, held, created_at, used_at, stored_at, deleted_at`

func (f *File) fields() []any {
	return []any{
		&f.ID, &f.UserID, &f.SHA256, &f.Format, &f.ThumbFormat, &f.ModelFormat, &f.Width, &f.Height, &f.Bytes, &f.Held,
		(*usec)(&f.CreatedAt), (*usec)(&f.UsedAt), (*usec)(&f.StoredAt), (*usec)(&f.DeletedAt),
	}
}

func scanFile(row scanner) (File, error) {
	var f File
	err := row.Scan(f.fields()...)
	return f, err
}

// ErrNoRoom says that a person's share of the image store is used up.
var ErrNoRoom = errors.New("no room left for this person's images")

// ReserveFile notes a file whose bytes are about to be stored, and takes its
// place from the person's share of so many bytes; ErrNoRoom when it is full.
func (tx *Tx) ReserveFile(ctx context.Context, f File, share int64) error {
	if f.Held > share {
		return ErrNoRoom
	}
	n, err := tx.count(ctx, "take room for images", `INSERT INTO upload_use (user_id, bytes) VALUES ($1, $2)
		ON CONFLICT (user_id) DO UPDATE SET bytes = upload_use.bytes + excluded.bytes WHERE upload_use.bytes + excluded.bytes <= $3`,
		f.UserID, f.Held, share)
	if err != nil {
		return err
	}
	if n == 0 {
		return ErrNoRoom
	}
	_, err = tx.q.ExecContext(ctx, `INSERT INTO files (id, user_id, sha256, format, thumb_format, model_format, width, height, bytes, held, created_at, used_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11)`,
		f.ID, f.UserID, f.SHA256, f.Format, f.ThumbFormat, f.ModelFormat, f.Width, f.Height, f.Bytes, f.Held, usec(f.CreatedAt))
	return tx.wrap("insert file", err)
}

// FileStored notes that a file's bytes are where they belong; ErrConflict: the
// person has the same image already, from another request.
func (tx *Tx) FileStored(ctx context.Context, id string, at time.Time) error {
	return tx.one(ctx, "note stored file", `UPDATE files SET stored_at = $2, used_at = $2 WHERE id = $1 AND stored_at IS NULL AND deleted_at IS NULL`, id, usec(at))
}

// ReuseFile finds the image that a person has stored before and keeps the
// sweep from it until the transaction's uploads are there; ErrNotFound: there
// is none.
func (tx *Tx) ReuseFile(ctx context.Context, userID, sha256 string, at time.Time) (File, error) {
	f, err := scanFile(tx.q.QueryRowContext(ctx, `UPDATE files SET used_at = $3
		WHERE user_id = $1 AND sha256 = $2 AND stored_at IS NOT NULL AND deleted_at IS NULL RETURNING `+fileReturning, userID, sha256, usec(at)))
	return f, tx.wrap("find stored image", err)
}

// File finds one by id.
func (r Reader) File(ctx context.Context, id string) (File, error) {
	f, err := scanFile(r.q.QueryRowContext(ctx, `SELECT `+fileColumns+` FROM files f WHERE f.id = $1`, id))
	return f, r.wrap("find file", err)
}

// Idle says how long a file must have been left alone to be useless: both are
// times before which it was last taken.
type Idle struct {
	Unfinished time.Time // where its bytes may still be under way
	Unused     time.Time // where no upload shows it any more
}

// useless is the condition; $1 and $2 are those of Idle.
const useless = `(f.deleted_at IS NOT NULL OR f.stored_at IS NULL AND f.used_at < $1
	OR f.stored_at IS NOT NULL AND f.used_at < $2 AND NOT EXISTS (SELECT 1 FROM uploads u WHERE u.file_id = f.id AND u.deleted_at IS NULL))`

// UselessFiles lists up to limit files whose bytes may go.
func (r Reader) UselessFiles(ctx context.Context, idle Idle, limit int) ([]File, error) {
	return collect(ctx, r, "list useless files", scanFile, `SELECT `+fileColumns+` FROM files f WHERE f.id IN (
			SELECT id FROM files WHERE stored_at IS NULL OR deleted_at IS NOT NULL
			UNION ALL SELECT file_id FROM uploads WHERE deleted_at IS NOT NULL) AND `+useless+` ORDER BY f.id LIMIT $3`,
		usec(idle.Unfinished), usec(idle.Unused), limit)
}

// CondemnFile makes sure that nobody takes a useless file while its bytes are
// removed; ErrNotFound: somebody did meanwhile.
func (tx *Tx) CondemnFile(ctx context.Context, id string, idle Idle, at time.Time) error {
	return tx.one(ctx, "condemn file", `UPDATE files AS f SET deleted_at = COALESCE(f.deleted_at, CAST($4 AS BIGINT)) WHERE `+useless+` AND f.id = $3`,
		usec(idle.Unfinished), usec(idle.Unused), id, usec(at))
}

// ForgetFile removes a condemned file whose bytes are gone, and gives its room
// back.
func (tx *Tx) ForgetFile(ctx context.Context, f File) error {
	if _, err := tx.count(ctx, "forget uploads", `DELETE FROM uploads WHERE file_id = $1`, f.ID); err != nil {
		return err
	}
	if err := tx.one(ctx, "forget file", `DELETE FROM files WHERE id = $1 AND deleted_at IS NOT NULL`, f.ID); err != nil {
		return err
	}
	_, err := tx.count(ctx, "give room back", `UPDATE upload_use SET bytes = bytes - $2 WHERE user_id = $1`, f.UserID, f.Held)
	return err
}

// FilesExist reports which of some ids are those of files.
func (r Reader) FilesExist(ctx context.Context, ids []string) (map[string]bool, error) {
	known := map[string]bool{}
	if len(ids) == 0 {
		return known, nil
	}
	list, args := "", make([]any, len(ids))
	for i, id := range ids {
		list += ", " + placeholder(i+1)
		args[i] = id
	}
	found, err := collect(ctx, r, "look files up", func(row scanner) (string, error) {
		var id string
		return id, row.Scan(&id)
	}, `SELECT id FROM files WHERE id IN (`+list[2:]+`)`, args...)
	for _, id := range found {
		known[id] = true
	}
	return known, err
}

// BytesHeld is how much of a person's share is taken.
func (r Reader) BytesHeld(ctx context.Context, userID string) (int64, error) {
	var n int64
	err := r.q.QueryRowContext(ctx, `SELECT COALESCE(SUM(bytes), 0) FROM upload_use WHERE user_id = $1`, userID).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("read the room taken: %w", r.d.classify(err))
	}
	return n, nil
}
