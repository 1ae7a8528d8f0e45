package quota

import (
	"fmt"

	"shoal/core/fault"
)

// Limits are the quotas of a bucket, or of an account with all its buckets. 0 is no limit.
type Limits struct {
	Bytes   int64 // held, as the storage meter counts them
	Objects int64 // held: versions that are not delete markers
	Egress  int64 // bytes sent in a calendar month (UTC), as the usage report counts them
}

// Check refuses negative limits. InvalidArgument.
func (l Limits) Check() error {
	if l.Bytes < 0 || l.Objects < 0 || l.Egress < 0 {
		return fault.New("set quota", "", fault.InvalidArgument, fmt.Errorf("a quota is not negative: %+v", l))
	}
	return nil
}

// stores reports whether l bounds what is held.
func (l Limits) stores() bool { return l.Bytes > 0 || l.Objects > 0 }

// Held is what a bucket or an account holds, or what a request adds to it.
type Held struct {
	Bytes   int64
	Objects int64
}

func (h Held) plus(o Held) Held  { return Held{h.Bytes + o.Bytes, h.Objects + o.Objects} }
func (h Held) minus(o Held) Held { return Held{h.Bytes - o.Bytes, h.Objects - o.Objects} }

// over says which limit h does not fit, "" when it fits all.
func (l Limits) over(h Held) string {
	switch {
	case l.Bytes > 0 && h.Bytes > l.Bytes:
		return fmt.Sprintf("of %d bytes", l.Bytes)
	case l.Objects > 0 && h.Objects > l.Objects:
		return fmt.Sprintf("of %d objects", l.Objects)
	}
	return ""
}

// BucketID is the identity of a bucket, never used again.
type BucketID [8]byte

// Bucket is a bucket as a Keeper sees it; with no ID it stands for all buckets of the account.
type Bucket struct {
	ID      BucketID
	Name    string
	Account string // who pays
	Limits  Limits
}
