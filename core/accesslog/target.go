package accesslog

import "shoal/core/access"

// Format is how the keys of delivered logs begin after the prefix (S3 user guide, log object key format).
type Format uint8

// The closed set of formats; the numbers are in stored rows.
const (
	SimplePrefix           Format = iota // [prefix]YYYY-MM-DD-hh-mm-ss-UniqueString
	PartitionedByEventTime               // [prefix]account/region/bucket/YYYY/MM/DD/YYYY-MM-DD-hh-mm-ss-UniqueString, of the day of the events
	PartitionedByDelivery                // the same, of the moment of delivery
)

// Target says where the log of a bucket is delivered: the LoggingEnabled of its BucketLoggingStatus. It is not changed
// once others see it.
type Target struct {
	Bucket string // has the owner of the bucket that is logged
	Prefix string
	Format Format
	// FormatPut: TargetObjectKeyFormat was put and is told again, as tools expect; SimplePrefix holds without it, too.
	FormatPut bool
	Grants    []access.Grant // on the log objects, besides the owner's full control
}
