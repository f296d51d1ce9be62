package storage

import (
	"context"
	"encoding/json"
	"time"
)

// Tier is a named set of limits, as JSON whose shape is package limit's.
type Tier struct {
	Name      string
	Limits    json.RawMessage
	UpdatedAt time.Time
}

func scanTier(row scanner) (Tier, error) {
	var t Tier
	var limits string
	err := row.Scan(&t.Name, &limits, (*usec)(&t.UpdatedAt))
	t.Limits = json.RawMessage(limits)
	return t, err
}

// Tiers lists the stored tiers by name.
func (r Reader) Tiers(ctx context.Context) ([]Tier, error) {
	return collect(ctx, r, "list tiers", scanTier, `SELECT name, limits, updated_at FROM tiers ORDER BY name`)
}

// PutTier stores a tier, over an older one of its name.
func (tx *Tx) PutTier(ctx context.Context, t Tier) error {
	_, err := tx.count(ctx, "put tier", `INSERT INTO tiers (name, limits, updated_at) VALUES ($1, $2, $3)
		ON CONFLICT (name) DO UPDATE SET limits = excluded.limits, updated_at = excluded.updated_at`,
		t.Name, string(t.Limits), usec(t.UpdatedAt))
	return err
}

// InsertMissingTiers stores those whose name is new and leaves the others as
// an operator may have made them. It tells how many were new.
func (tx *Tx) InsertMissingTiers(ctx context.Context, tiers []Tier) (int64, error) {
	var added int64
	for _, t := range tiers {
		n, err := tx.count(ctx, "insert tier", `INSERT INTO tiers (name, limits, updated_at) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING`,
			t.Name, string(t.Limits), usec(t.UpdatedAt))
		if err != nil {
			return added, err
		}
		added += n
	}
	return added, nil
}
