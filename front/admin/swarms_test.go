package admin

import (
	"fmt"
	"reflect"
	"testing"
)

func TestSwarmReport(t *testing.T) {
	got := NewSwarmReport([]Swarm{
		{Bucket: "b", Key: "small", Bytes: 10, Peers: 1, OriginBytes: 10},
		{Bucket: "a", Key: "idle", Bytes: 0},
		{Bucket: "b", Key: "large", Bytes: 100, Peers: 8, Connections: 7, OriginBytes: 110, CrowdBytes: 660},
	})
	var keys []string
	for _, s := range got.Swarms {
		keys = append(keys, fmt.Sprintf("%s %.1f %.1f", s.Key, s.Copies, s.Ratio))
	}
	if want := []string{"large 1.1 6.0", "small 1.0 0.0", "idle 0.0 0.0"}; !reflect.DeepEqual(keys, want) {
		t.Errorf("swarms: got %q, want %q", keys, want)
	}
	want := []BucketSwarms{
		{Bucket: "a", Swarms: 1},
		{Bucket: "b", Swarms: 2, Peers: 9, Connections: 7, OriginBytes: 120, CrowdBytes: 660, Ratio: 5.5},
	}
	if !reflect.DeepEqual(got.Buckets, want) || got.Truncated {
		t.Errorf("buckets: got %+v, truncated %v, want %+v", got.Buckets, got.Truncated, want)
	}
}

// TestSwarmReportIsBounded: the sums of buckets are of all swarms, those named are the ones that cost most.
func TestSwarmReportIsBounded(t *testing.T) {
	swarms := make([]Swarm, maxSwarms+5)
	for i := range swarms {
		swarms[i] = Swarm{Bucket: "b", OriginBytes: int64(i)}
	}
	got := NewSwarmReport(swarms)
	if len(got.Swarms) != maxSwarms || !got.Truncated || got.Swarms[0].OriginBytes != maxSwarms+4 || got.Buckets[0].Swarms != maxSwarms+5 {
		t.Errorf("got %d swarms, first of %d bytes, of %d in all", len(got.Swarms), got.Swarms[0].OriginBytes, got.Buckets[0].Swarms)
	}
}
