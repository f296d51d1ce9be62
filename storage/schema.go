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

// Site is the id that the nodes of one database have in common; the first who
// asks makes it. Where there is one nothing is written, so that a server whose
// disk is full can still start and be read.
func (s *Store) Site(ctx context.Context) (site string, err error) {
	if site, err = s.site(ctx); err != nil || site != "" {
		return site, err
	}
	err = s.Tx(ctx, func(tx *Tx) error {
		if _, err := tx.count(ctx, "name the site", `UPDATE schema_info SET site = $1 WHERE id = 1 AND site = ''`, NewID()); err != nil {
			return err
		}
		site, err = tx.site(ctx)
		return err
	})
	return site, err
}

func (r Reader) site(ctx context.Context) (site string, err error) {
	err = r.q.QueryRowContext(ctx, `SELECT site FROM schema_info WHERE id = 1`).Scan(&site)
	return site, r.wrap("read the site", err)
}

// CountAdmins counts the accounts that operate the server.
func (r Reader) CountAdmins(ctx context.Context) (int, error) {
	var n int
	err := r.q.QueryRowContext(ctx, `SELECT count(*) FROM users WHERE role = 'admin' AND deleted_at IS NULL AND disabled_at IS NULL`).Scan(&n)
	return n, r.wrap("count admins", err)
}
