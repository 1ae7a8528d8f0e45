package admin

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
)

// maxSwarms is the most swarms of one answer: those that the origin has sent most for.
const maxSwarms = 1000

// Swarm is what a publisher wants to know of a torrent that somebody downloads. Bytes are payload.
type Swarm struct {
	Bucket      string `json:"bucket"`
	Key         string `json:"key"`
	InfoHash    string `json:"infohash"`
	Kind        string `json:"kind"`   // of torrent: 1, 2 or hybrid
	Policy      string `json:"policy"` // egress, balanced or speed
	Bytes       int64  `json:"bytes"`
	Peers       int    `json:"peers"`        // announced
	Seeds       int    `json:"seeds"`        // of them, complete
	Connections int    `json:"connections"`  // to the seeder
	OriginBytes int64  `json:"origin_bytes"` // sent by us since the swarm began
	CrowdBytes  int64  `json:"crowd_bytes"`  // that the connected peers got from each other

	LeastReplicas int64   `json:"least_replicas"` // of any piece, among the connected
	Copies        float64 `json:"copies"`         // OriginBytes / Bytes
	Ratio         float64 `json:"ratio"`          // CrowdBytes / OriginBytes
	Bound         float64 `json:"bound"`          // the copies that could not have been saved: E*(T)
}

// BucketSwarms are the swarms of a bucket together.
type BucketSwarms struct {
	Bucket      string  `json:"bucket"`
	Swarms      int     `json:"swarms"`
	Peers       int     `json:"peers"`
	Connections int     `json:"connections"`
	OriginBytes int64   `json:"origin_bytes"`
	CrowdBytes  int64   `json:"crowd_bytes"`
	Ratio       float64 `json:"ratio"`
}

// SwarmReport is the live state of all swarms, or of those of one bucket.
type SwarmReport struct {
	Buckets   []BucketSwarms `json:"buckets"` // by name; exact
	Swarms    []Swarm        `json:"swarms"`  // most OriginBytes first
	Truncated bool           `json:"truncated"`
}

// NewSwarmReport orders and sums up live swarms. It takes the slice over.
func NewSwarmReport(swarms []Swarm) SwarmReport {
	sums := map[string]*BucketSwarms{}
	for i := range swarms {
		s := &swarms[i]
		s.Copies, s.Ratio = ratio(s.OriginBytes, s.Bytes), ratio(s.CrowdBytes, s.OriginBytes)
		b := sums[s.Bucket]
		if b == nil {
			b = &BucketSwarms{Bucket: s.Bucket}
			sums[s.Bucket] = b
		}
		b.Swarms++
		b.Peers += s.Peers
		b.Connections += s.Connections
		b.OriginBytes += s.OriginBytes
		b.CrowdBytes += s.CrowdBytes
	}
	report := SwarmReport{Buckets: []BucketSwarms{}, Swarms: swarms, Truncated: len(swarms) > maxSwarms}
	for _, b := range sums {
		b.Ratio = ratio(b.CrowdBytes, b.OriginBytes)
		report.Buckets = append(report.Buckets, *b)
	}
	slices.SortFunc(report.Buckets, func(a, b BucketSwarms) int { return cmp.Compare(a.Bucket, b.Bucket) })
	slices.SortFunc(swarms, func(a, b Swarm) int {
		return cmp.Or(cmp.Compare(b.OriginBytes, a.OriginBytes), cmp.Compare(b.Connections, a.Connections), cmp.Compare(a.InfoHash, b.InfoHash))
	})
	report.Swarms = swarms[:min(len(swarms), maxSwarms)]
	return report
}

// ratio is a/b, 0 when there is nothing to divide by.
func ratio(a, b int64) float64 {
	if b == 0 {
		return 0
	}
	return float64(a) / float64(b)
}

// swarms answers GET /v1/swarms.
func (h *Handler) swarms(r *http.Request) (any, error) {
	live := h.o.Swarms()
	if bucket := r.FormValue("bucket"); bucket != "" {
		live = slices.DeleteFunc(live, func(s Swarm) bool { return s.Bucket != bucket })
	}
	return NewSwarmReport(live), nil
}

// Swarms returns the live swarms of a bucket, of all when it is "".
func (c *Client) Swarms(ctx context.Context, bucket string) (SwarmReport, error) {
	var report SwarmReport
	return report, c.json(ctx, http.MethodGet, "/v1/swarms?"+url.Values{"bucket": {bucket}}.Encode(), nil, &report)
}
