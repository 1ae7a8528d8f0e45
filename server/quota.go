package server

import (
	"context"

	"shoal/core/account"
	"shoal/core/object"
	"shoal/core/quota"
)

// counts tells a quota.Keeper what is counted elsewhere.
type counts struct {
	accounts *account.Store
	objects  *object.Store
}

// AccountLimits implements quota.Source.
func (c counts) AccountLimits(ctx context.Context) (map[string]quota.Limits, error) {
	return c.accounts.Quotas(ctx)
}

// Held implements quota.Source.
func (c counts) Held(ctx context.Context, b quota.Bucket) (held quota.Held, err error) {
	if b.ID != (quota.BucketID{}) {
		held.Bytes, held.Objects, err = c.objects.Usage(ctx, object.BucketID(b.ID))
	} else {
		held.Bytes, held.Objects, err = c.objects.OwnerUsage(ctx, b.Account)
	}
	return held, err
}
