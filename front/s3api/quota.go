package s3api

import (
	"context"

	"shoal/core/object"
	"shoal/core/quota"
)

// Quota holds buckets and accounts to their quotas; quota.Keeper is the one in the binary.
type Quota interface {
	// Admit makes room for what a request adds, or is QuotaExceeded. done is called once.
	Admit(ctx context.Context, b quota.Bucket, adds quota.Held) (done func(added bool), err error)
	// MaySend is QuotaExceeded when b may send no more this month.
	MaySend(ctx context.Context, b quota.Bucket) error
}

// admitObject makes room for an object, before its body is read. What it replaces still counts until it is gone.
func (h *Handler) admitObject(c *call, size int64, header *object.Header) (done func(added bool), err error) {
	adds := quota.Held{Bytes: object.StoredBytes(size, c.target.key, header), Objects: 1}
	return h.o.Quota.Admit(c.ctx, c.bucket.Limited(), adds)
}

// admitPart makes room for a part.
func (h *Handler) admitPart(c *call, size int64) (done func(added bool), err error) {
	return h.o.Quota.Admit(c.ctx, c.bucket.Limited(), quota.Held{Bytes: size})
}
