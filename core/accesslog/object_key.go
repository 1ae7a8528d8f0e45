package accesslog

import (
	"strings"
	"time"

	"shoal/core/access"
)

const (
	keyTime = "2006-01-02-15-04-05"
	keyDay  = "2006/01/02"
)

// objectKey returns the key of a log object (S3 user guide, log object key format; API reference, PartitionedPrefix: by
// event time a log object has the events of one day, and hour, minute and second are 00). region is where the bucket
// that is logged is.
func objectKey(t *Target, region string, rows rowRange, owner, unique string, now time.Time) string {
	now = now.UTC()
	if t.Format == SimplePrefix {
		return t.Prefix + now.Format(keyTime) + "-" + unique
	}
	if t.Format == PartitionedByEventTime {
		now = day(rows.hour)
	}
	return t.Prefix + strings.Join([]string{
		access.CanonicalID(owner).AccountID(), region, rows.bucket, now.Format(keyDay), now.Format(keyTime) + "-" + unique,
	}, "/")
}
