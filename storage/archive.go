package storage

import (
	"context"
	"time"
)

// What an archive of an account is read by: pages by key, each row once.

// ConversationsByID lists the conversations that a user is in, in the order of
// their ids, after one ("" = from the start).
func (r Reader) ConversationsByID(ctx context.Context, userID, afterID string, limit int) ([]Membership, error) {
	if afterID == "" {
		afterID = nobody
	}
	return collect(ctx, r, "list conversations", scanMembership, `SELECT `+membershipColumns+`
		FROM members m JOIN conversations c ON c.id = m.conversation_id
		WHERE m.user_id = $1 AND c.id > $2 ORDER BY c.id LIMIT $3`, userID, afterID, limit)
}

// VerdictsAfter lists a trader's sealed verdicts, oldest first, after a place;
// the zero time and "" are the start.
func (r Reader) VerdictsAfter(ctx context.Context, userID string, at time.Time, id string, limit int) ([]Verdict, error) {
	if id == "" {
		at, id = time.Unix(0, 0), nobody
	}
	return collect(ctx, r, "list verdicts", scanVerdict, `SELECT `+verdictColumns+` FROM verdicts
		WHERE user_id = $1 AND (sealed_at, message_id) > ($2, $3) ORDER BY sealed_at, message_id LIMIT $4`, userID, usec(at), id, limit)
}

// UploadsByID lists a person's uploads in the order of their ids, after one
// ("" = from the start).
func (r Reader) UploadsByID(ctx context.Context, userID, afterID string, limit int) ([]Upload, error) {
	if afterID == "" {
		afterID = nobody
	}
	return collect(ctx, r, "list uploads", scanUpload, `SELECT `+uploadColumns+` FROM uploads u JOIN files f ON f.id = u.file_id
		WHERE u.user_id = $1 AND u.deleted_at IS NULL AND u.id > $2 ORDER BY u.id LIMIT $3`, userID, afterID, limit)
}
