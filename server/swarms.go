package server

import (
	"cmp"
	"slices"

	"github.com/prometheus/client_golang/prometheus"

	"shoal/core/swarm"
	"shoal/front/admin"
)

// liveSwarms are the swarms of the moment as a publisher sees them.
func (s *Server) liveSwarms() []admin.Swarm {
	live := s.swarms.Swarms()
	list := make([]admin.Swarm, len(live))
	for i, w := range live {
		list[i] = publisherView(w)
	}
	return list
}

func publisherView(w *swarm.Swarm) admin.Swarm {
	t, p, c := w.Torrent(), w.Progress(), w.Counts()
	seeds := int(c.Complete) - 1 // not the origin
	return admin.Swarm{
		Bucket: t.Bucket.Name, Key: t.Version.Key,
		InfoHash: t.InfoHash.String(), Kind: t.Kind.String(), Bytes: t.Length, Policy: p.Policy.String(),
		Peers: seeds + int(c.Incomplete), Seeds: seeds, Connections: p.Members,
		OriginBytes: p.SentBytes, CrowdBytes: p.MovedBytes, LeastReplicas: int64(p.MinReplicas), Bound: p.BoundCopies,
	}
}

// Labels of the metrics of buckets: the busiest ones by name, the rest together.
const (
	maxBucketLabels = 50
	otherBuckets    = "_other" // no bucket has that name
)

// bucketSwarms are the live swarms of each bucket as metrics.
type bucketSwarms struct {
	s                          *Server
	swarms, conns, sent, moved *prometheus.Desc
}

func newBucketSwarms(s *Server) bucketSwarms {
	desc := func(name, help string) *prometheus.Desc {
		return prometheus.NewDesc(name, help, []string{"bucket"}, nil)
	}
	return bucketSwarms{
		s:      s,
		swarms: desc("shoal_bucket_swarms", "Live swarms, by bucket."),
		conns:  desc("shoal_bucket_connections", "Peers connected to the seeder, by bucket."),
		sent:   desc("shoal_bucket_origin_bytes", "Payload that the origin has sent to live swarms, by bucket."),
		moved:  desc("shoal_bucket_crowd_bytes", "Payload that the peers of live swarms got from each other, by bucket."),
	}
}

// Describe implements prometheus.Collector.
func (c bucketSwarms) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{c.swarms, c.conns, c.sent, c.moved} {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (c bucketSwarms) Collect(out chan<- prometheus.Metric) {
	for _, b := range busiest(admin.NewSwarmReport(c.s.liveSwarms()).Buckets) {
		gauge := func(d *prometheus.Desc, v float64) {
			out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, b.Bucket)
		}
		gauge(c.swarms, float64(b.Swarms))
		gauge(c.conns, float64(b.Connections))
		gauge(c.sent, float64(b.OriginBytes))
		gauge(c.moved, float64(b.CrowdBytes))
	}
}

// busiest returns at most maxBucketLabels buckets, those that sent most, and one for the others together. It takes
// the slice over.
func busiest(buckets []admin.BucketSwarms) []admin.BucketSwarms {
	slices.SortStableFunc(buckets, func(a, b admin.BucketSwarms) int { return cmp.Compare(b.OriginBytes, a.OriginBytes) })
	rest := admin.BucketSwarms{Bucket: otherBuckets}
	named := min(len(buckets), maxBucketLabels)
	for _, b := range buckets[named:] {
		rest.Swarms += b.Swarms
		rest.Connections += b.Connections
		rest.OriginBytes += b.OriginBytes
		rest.CrowdBytes += b.CrowdBytes
	}
	return append(buckets[:named:named], rest)
}
