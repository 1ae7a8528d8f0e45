package object

import (
	"context"

	"shoal/core/accesslog"
	"shoal/storage/kv"
)

// checkAccessLog: records stand for themselves, also when their bucket is gone.
func (c *checker) checkAccessLog(ctx context.Context, row kv.Row) ([]Finding, error) {
	wrong, err := accesslog.CheckRow(ctx, c.s.kv, row)
	if err != nil || wrong == "" {
		return nil, err
	}
	return []Finding{{Kind: BadAccessLog, Resource: rowName(row.Key), Detail: wrong}}, nil
}
