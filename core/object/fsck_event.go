package object

import (
	"context"

	"shoal/storage/kv"
)

// checkEvent: an event stands for itself, also when its bucket is gone.
func (c *checker) checkEvent(_ context.Context, row kv.Row) ([]Finding, error) {
	if _, err := decodeEventRow(row); err != nil {
		return bad(row.Key, err), nil
	}
	return nil, nil
}
