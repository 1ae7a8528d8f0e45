package server

import (
	"fmt"
	"testing"

	"shoal/front/admin"
)

// TestBusiest: however many buckets, the labels are bounded and nothing is left out of the sums.
func TestBusiest(t *testing.T) {
	for _, n := range []int{0, 1, maxBucketLabels, maxBucketLabels + 1, 10 * maxBucketLabels} {
		var buckets []admin.BucketSwarms
		for i := range n {
			buckets = append(buckets, admin.BucketSwarms{Bucket: fmt.Sprint("b", i), Swarms: 1, Connections: 2, OriginBytes: int64(i), CrowdBytes: 3})
		}
		got := busiest(buckets)
		if len(got) != min(n, maxBucketLabels)+1 {
			t.Errorf("%d buckets: %d labels", n, len(got))
		}
		var swarms int
		var crowd int64
		for _, b := range got {
			swarms += b.Swarms
			crowd += b.CrowdBytes
		}
		if swarms != n || crowd != int64(3*n) {
			t.Errorf("%d buckets: %d swarms and %d bytes in all", n, swarms, crowd)
		}
		if n > 0 && got[0].Bucket != fmt.Sprint("b", n-1) || got[len(got)-1].Bucket != otherBuckets {
			t.Errorf("%d buckets: first %q, last %q", n, got[0].Bucket, got[len(got)-1].Bucket)
		}
	}
}
