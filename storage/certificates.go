package storage

import "context"

// Certificate is what was kept under a name: certificates and keys in PEM, and
// answers to the authority's challenges.
func (r Reader) Certificate(ctx context.Context, name string) ([]byte, error) {
	var data string
	err := r.q.QueryRowContext(ctx, `SELECT data FROM certificates WHERE name = $1`, name).Scan(&data)
	return []byte(data), r.wrap("read certificate", err)
}

// PutCertificate keeps data, which is text, under a name.
func (tx *Tx) PutCertificate(ctx context.Context, name string, data []byte) error {
	_, err := tx.count(ctx, "put certificate", `INSERT INTO certificates (name, data, updated_at) VALUES ($1, $2, $3)
		ON CONFLICT (name) DO UPDATE SET data = excluded.data, updated_at = excluded.updated_at`, name, string(data), usec(Now()))
	return err
}

// DeleteCertificate forgets a name; one that is not there is no error.
func (tx *Tx) DeleteCertificate(ctx context.Context, name string) error {
	_, err := tx.count(ctx, "delete certificate", `DELETE FROM certificates WHERE name = $1`, name)
	return err
}
