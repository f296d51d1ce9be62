package storage

import "context"

// CompatibleFrom is the oldest migration a program must know to run on this
// schema.
func (r Reader) CompatibleFrom(ctx context.Context) (int64, error) {
	var v int64
	err := r.q.QueryRowContext(ctx, `SELECT compatible_from FROM schema_info WHERE id = 1`).Scan(&v)
	return v, r.wrap("read schema compatibility", err)
}

// SchemaVersion is the newest migration the database has, 0 for none.
func (r Reader) SchemaVersion(ctx context.Context) (int64, error) {
	var v int64
	err := r.q.QueryRowContext(ctx, `SELECT coalesce(max(version_id), 0) FROM goose_db_version WHERE is_applied`).Scan(&v)
	return v, r.wrap("read schema version", err)
}

// CountAdmins counts the accounts that operate the server.
func (r Reader) CountAdmins(ctx context.Context) (int, error) {
	var n int
	err := r.q.QueryRowContext(ctx, `SELECT count(*) FROM users WHERE role = 'admin' AND deleted_at IS NULL AND disabled_at IS NULL`).Scan(&n)
	return n, r.wrap("count admins", err)
}
