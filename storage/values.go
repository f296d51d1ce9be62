package storage

import (
	"database/sql"
	"database/sql/driver"
	"fmt"
	"time"
)

// opt stores "" as NULL and reads NULL as "".
type opt string

// Value implements driver.Valuer.
func (o opt) Value() (driver.Value, error) {
	if o == "" {
		return nil, nil
	}
	return string(o), nil
}

// Scan implements sql.Scanner.
func (o *opt) Scan(src any) error {
	var n sql.Null[string]
	if err := n.Scan(src); err != nil {
		return err
	}
	*o = opt(n.V)
	return nil
}

// usec stores a time as microseconds since 1970 UTC, the zero time as NULL.
type usec time.Time

// Value implements driver.Valuer.
func (u usec) Value() (driver.Value, error) {
	t := time.Time(u)
	if t.IsZero() {
		return nil, nil
	}
	return t.UnixMicro(), nil
}

// Scan implements sql.Scanner.
func (u *usec) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*u = usec{}
	case int64:
		*u = usec(time.UnixMicro(v).UTC())
	default:
		return fmt.Errorf("a time is stored as %T, not as microseconds", src)
	}
	return nil
}

// Now is the present as it will be read back: UTC, whole milliseconds, which
// is what clients see.
func Now() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }
