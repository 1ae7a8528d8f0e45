package object

import (
	"context"
	"fmt"

	"shoal/storage/kv"
)

func (c *checker) checkDocument(ctx context.Context, row kv.Row) ([]Finding, error) {
	id, d, err := parseDocumentKey(row.Key)
	if err != nil {
		return bad(row.Key, err), nil
	}
	if _, err := decodeDocument(row.Value); err != nil {
		return bad(row.Key, err), nil
	}
	rows, err := c.s.kv.Get(ctx, bucketIDKey(id))
	if err != nil {
		return nil, err
	}
	if !rows[0].Exists() {
		return []Finding{{NoBucketRow, rowName(row.Key), fmt.Sprintf("%s of bucket id %x", d, id)}}, nil
	}
	return nil, nil
}
