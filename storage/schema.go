package storage

import "context"

// CompatibleFrom is the oldest migration a program must know to run on this
// schema.
func (r Reader) CompatibleFrom(ctx context.Context) (int64, error) {
	var v int64
	err := r.q.QueryRowContext(ctx, `SELECT compatible_from FROM schema_info WHERE id = 1`).Scan(&v)
	return v, r.wrap("read schema compatibility", err)
}
