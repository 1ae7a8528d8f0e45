package server

import (
	"context"
	"errors"
	"time"

	"shoal/core/account"
	"shoal/core/meter"
	"shoal/core/object"
	"shoal/core/quota"
)

// counts tells a quota.Keeper what is counted elsewhere.
type counts struct {
	accounts *account.Store
	objects  *object.Store
	meter    *meter.Meter
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

// Sent implements quota.Source.
func (c counts) Sent(ctx context.Context, account, bucket string, from time.Time) (int64, error) {
	return c.meter.Sent(ctx, account, bucket, from, from.AddDate(0, 1, 0))
}

// mayServe reports whether peers may be sent more of b's torrents; what cannot be found out says nothing against it.
func (s *Server) mayServe(ctx context.Context, b *object.Bucket) error {
	err := s.quotas.MaySend(ctx, b.Limited())
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}
