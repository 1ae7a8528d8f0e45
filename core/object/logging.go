package object

import (
	"cmp"
	"context"
	"errors"

	"shoal/core/access"
	"shoal/core/accesslog"
	"shoal/core/fault"
)

// MaxTargetPrefix is the most bytes of the prefix of an access log, so that behind it there is room in a key for what a
// partitioned format adds: account, region, bucket, day and name.
const MaxTargetPrefix = MaxKey - 256

// CheckLogTarget holds where the access log of source is to go against what S3 asks of it (S3 user guide, "Logging
// requests with server access logging"): InvalidLogTarget with the reason, CrossRegionLogTarget,
// AccessControlListNotSupported. region is that of buckets that name none.
func (s *Store) CheckLogTarget(ctx context.Context, source *Bucket, to *accesslog.Target, region string) error {
	const op = "check log target"
	refuse := func(why string) error { return fault.New(op, to.Bucket, fault.InvalidLogTarget, errors.New(why)) }
	target, err := s.Bucket(ctx, to.Bucket)
	if fault.Is(err, fault.NoSuchBucket) {
		return refuse("the target bucket for logging does not exist.")
	}
	if err != nil {
		return err
	}
	cfg := &target.Config
	switch {
	case target.Owner != source.Owner:
		return refuse("the owner for the bucket to be logged and the target bucket must be the same.")
	case cmp.Or(target.Region, region) != cmp.Or(source.Region, region):
		return fault.New(op, to.Bucket, fault.CrossRegionLogTarget, nil)
	case cfg.RequesterPays:
		return refuse("the target bucket for logging must not have Requester Pays enabled.")
	case cfg.ObjectLock.Default != DefaultRetention{}:
		return refuse("the target bucket for logging must not have a default retention period.")
	case len(to.Grants) > 0 && cfg.Ownership == access.BucketOwnerEnforced:
		return fault.New(op, to.Bucket, fault.AccessControlListNotSupported, nil)
	case !access.MayDeliverLog(target.Access(), to.Prefix, source.Name, s.now()):
		return refuse("you must either provide the necessary permissions to the logging service using a bucket policy or give the log-delivery group WRITE and READ_ACP permissions to the target bucket")
	}
	return nil
}
