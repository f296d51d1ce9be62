package storage

import (
	"context"
	"time"
)

// The roles of a user.
const (
	RoleUser  = "user"
	RoleAdmin = "admin"
)

// User is an account. A deleted one stays as a tombstone, because what it
// wrote elsewhere still points at it: DeletedAt set, everything personal gone.
type User struct {
	ID           string
	Email        string // as typed; unique without regard to case
	Username     string // as typed; unique without regard to case
	DisplayName  string
	Timezone     string // IANA name
	PasswordHash string // PHC string; "" = cannot sign in
	Role, Tier   string
	CreatedAt    time.Time
	LastActiveAt time.Time // to a minute or so
	// AuthChangedAt is when something that sign-in depends on last changed, on
	// the database's clock; 1970 when it never did.
	AuthChangedAt time.Time
	DisabledAt    time.Time
	DeletedAt     time.Time
}

const userColumns = `u.id, u.email, u.username, u.display_name, u.timezone, u.password_hash, u.role, u.tier,
	u.created_at, u.last_active_at, u.auth_changed_at, u.disabled_at, u.deleted_at`

// userReturning is userColumns where a statement has no alias to offer.
const userReturning = `id, email, username, display_name, timezone, password_hash, role, tier,
	created_at, last_active_at, auth_changed_at, disabled_at, deleted_at`

func (u *User) fields() []any {
	return []any{
		&u.ID, (*opt)(&u.Email), (*opt)(&u.Username), &u.DisplayName, &u.Timezone, &u.PasswordHash, &u.Role, &u.Tier,
		(*usec)(&u.CreatedAt), (*usec)(&u.LastActiveAt), (*usec)(&u.AuthChangedAt), (*usec)(&u.DisabledAt), (*usec)(&u.DeletedAt),
	}
}

func scanUser(row scanner) (User, error) {
	var u User
	err := row.Scan(u.fields()...)
	return u, err
}

// Clock is the database's own time, by which changes to sign-in are stamped,
// so that the clocks of several nodes need not agree.
func (r Reader) Clock(ctx context.Context) (time.Time, error) {
	var at time.Time
	err := r.q.QueryRowContext(ctx, `SELECT `+r.d.now).Scan((*usec)(&at))
	return at, r.wrap("read the clock", err)
}

// User finds an account that is not deleted.
func (r Reader) User(ctx context.Context, id string) (User, error) {
	u, err := scanUser(r.q.QueryRowContext(ctx, `SELECT `+userColumns+` FROM users u WHERE u.id = $1 AND u.deleted_at IS NULL`, id))
	return u, r.wrap("find user", err)
}

// UserByIdentifier finds an account by its e-mail address or its username,
// whatever the case.
func (r Reader) UserByIdentifier(ctx context.Context, identifier string) (User, error) {
	u, err := scanUser(r.q.QueryRowContext(ctx, `SELECT `+userColumns+` FROM users u WHERE u.email_key = $1 OR u.username_key = $1`, fold(identifier)))
	return u, r.wrap("find user", err)
}

// Users lists accounts whose e-mail or username contains query ("" = all),
// oldest first, after the id afterID ("" = from the start), up to limit.
func (r Reader) Users(ctx context.Context, query, afterID string, limit int) ([]User, error) {
	if afterID == "" {
		afterID = nobody
	}
	return collect(ctx, r, "list users", scanUser, `SELECT `+userColumns+` FROM users u
		WHERE u.deleted_at IS NULL AND u.id > $1 AND (u.username_key LIKE $2 ESCAPE '\' OR u.email_key LIKE $2 ESCAPE '\')
		ORDER BY u.id LIMIT $3`, afterID, contains(query), limit)
}

// UsersChangedSince lists the accounts whose sign-in changed at or after a
// time of [Reader.Clock], deleted ones included, oldest change first.
func (r Reader) UsersChangedSince(ctx context.Context, at time.Time) ([]User, error) {
	return collect(ctx, r, "list changed users", scanUser, `SELECT `+userColumns+` FROM users u
		WHERE u.auth_changed_at >= $1 ORDER BY u.auth_changed_at, u.id`, usec(at))
}

// InsertUser stores a new account; ErrConflict: the e-mail or the username is taken.
func (tx *Tx) InsertUser(ctx context.Context, u User) error {
	_, err := tx.q.ExecContext(ctx, `INSERT INTO users (id, email, email_key, username, username_key, display_name, timezone,
		password_hash, role, tier, created_at, last_active_at, auth_changed_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11, 0)`,
		u.ID, u.Email, fold(u.Email), u.Username, fold(u.Username), u.DisplayName, u.Timezone, u.PasswordHash, u.Role, u.Tier, usec(u.CreatedAt))
	return tx.wrap("insert user", err)
}

// EnterUser is the account at the moment of a sign-in: it notes the activity
// and, by writing, holds the row until the transaction ends, so that what the
// caller decides on it (password, disabled) stays true.
func (tx *Tx) EnterUser(ctx context.Context, id string, at time.Time) (User, error) {
	u, err := scanUser(tx.q.QueryRowContext(ctx, `UPDATE users SET last_active_at = $2 WHERE id = $1 AND deleted_at IS NULL
		RETURNING `+userReturning, id, usec(at)))
	return u, tx.wrap("enter user", err)
}

// ProfilePatch is what a person may change about the account; nil = as it was.
type ProfilePatch struct{ Username, DisplayName, Timezone *string }

// PatchProfile changes the fields that are given, in one statement, so that
// two patches at once both count. ErrConflict: the username is taken.
func (tx *Tx) PatchProfile(ctx context.Context, id string, p ProfilePatch) (User, error) {
	key := p.Username
	if key != nil {
		folded := fold(*key)
		key = &folded
	}
	u, err := scanUser(tx.q.QueryRowContext(ctx, `UPDATE users SET
		username = COALESCE($2, username), username_key = COALESCE($3, username_key),
		display_name = COALESCE($4, display_name), timezone = COALESCE($5, timezone), auth_changed_at = `+tx.d.now+`
		WHERE id = $1 AND deleted_at IS NULL RETURNING `+userReturning, id, p.Username, key, p.DisplayName, p.Timezone))
	return u, tx.wrap("change profile", err)
}

// ReplacePassword stores a new hash where the old one still stands; else, as
// after a change meanwhile, it is ErrNotFound.
func (tx *Tx) ReplacePassword(ctx context.Context, id, oldHash, newHash string) error {
	return tx.one(ctx, "replace password", `UPDATE users SET password_hash = $3
		WHERE id = $1 AND password_hash = $2 AND deleted_at IS NULL`, id, oldHash, newHash)
}

// Access is what an operator may change about an account; nil = as it was.
type Access struct {
	Role, Tier, PasswordHash *string
	// Disabled: a time disables, the zero time enables again.
	Disabled *time.Time
}

// SetAccess changes the fields that are given.
func (tx *Tx) SetAccess(ctx context.Context, id string, a Access) (User, error) {
	var keep, disabled any = 1, nil
	if a.Disabled != nil {
		keep, disabled = 0, usec(*a.Disabled)
	}
	u, err := scanUser(tx.q.QueryRowContext(ctx, `UPDATE users SET
		role = COALESCE($2, role), tier = COALESCE($3, tier), password_hash = COALESCE($4, password_hash),
		disabled_at = CASE WHEN $5 = 1 THEN disabled_at ELSE CAST($6 AS BIGINT) END, auth_changed_at = `+tx.d.now+`
		WHERE id = $1 AND deleted_at IS NULL RETURNING `+userReturning, id, a.Role, a.Tier, a.PasswordHash, keep, disabled))
	return u, tx.wrap("change access", err)
}

// DeleteUser leaves a tombstone where the hash still stands (ErrNotFound
// otherwise): sessions go, e-mail and username are free for others.
// Conversations are [Tx.DeleteConversationsOf]'s.
func (tx *Tx) DeleteUser(ctx context.Context, id, hash string, at time.Time) error {
	err := tx.one(ctx, "delete user", `UPDATE users SET email = NULL, email_key = NULL, username = NULL, username_key = NULL,
		display_name = '', timezone = 'UTC', password_hash = '', deleted_at = $3, auth_changed_at = `+tx.d.now+`
		WHERE id = $1 AND password_hash = $2 AND deleted_at IS NULL`, id, hash, usec(at))
	if err != nil {
		return err
	}
	if err := tx.ForgetResetCodes(ctx, id); err != nil {
		return err
	}
	_, err = tx.count(ctx, "delete sessions", `DELETE FROM sessions WHERE user_id = $1`, id)
	return err
}
