package admin

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"shoal/core/object"
	"shoal/core/swarm"
)

// SeedingDefault stands for the policy of the server.
const SeedingDefault = "default"

// Bucket is a bucket with its quota and what sets its torrents apart from the server's others.
type Bucket struct {
	Name       string    `json:"name"`
	Owner      string    `json:"owner"` // canonical ID of the account that pays
	Region     string    `json:"region"`
	Created    time.Time `json:"created"`
	Seeding    string    `json:"seeding"`     // default, egress, balanced or speed
	UploadRate int64     `json:"upload_rate"` // bytes a second of all its torrents; 0 is the server's for buckets
	Quota      Quota     `json:"quota"`
	Used       Used      `json:"used"`
}

// BucketChange is what SetBucket sets; what is nil stays.
type BucketChange struct {
	Seeding    *string `json:"seeding,omitempty"`
	UploadRate *int64  `json:"upload_rate,omitempty"`
	QuotaChange
}

func (h *Handler) bucket(r *http.Request) (any, error) {
	b, err := h.objects.Bucket(r.Context(), r.PathValue("name"))
	if err != nil {
		return nil, err
	}
	out := bucketOf(b)
	out.Used.Bytes, out.Used.Objects, err = h.objects.Usage(r.Context(), b.ID)
	if err != nil {
		return nil, err
	}
	out.Used.Egress, err = h.sentThisMonth(r.Context(), b.Owner, b.Name)
	return out, err
}

func (h *Handler) setBucket(r *http.Request) (any, error) {
	var change BucketChange
	if err := readBody(r, &change); err != nil {
		return nil, err
	}
	if err := change.check(); err != nil {
		return nil, err
	}
	err := h.objects.UpdateBucket(r.Context(), r.PathValue("name"), func(c *object.BucketConfig) error {
		change.apply(&c.Seeding)
		change.QuotaChange.apply(&c.Quota)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return h.bucket(r)
}

func (c *BucketChange) check() error {
	if c.Seeding != nil && *c.Seeding != SeedingDefault {
		if _, err := swarm.ParsePolicy(*c.Seeding); err != nil {
			return invalid("seeding", err)
		}
	}
	if c.UploadRate != nil && *c.UploadRate < 0 {
		return invalid("upload_rate", errors.New("it is negative"))
	}
	return c.QuotaChange.check()
}

func (c *BucketChange) apply(s *object.Seeding) {
	if c.Seeding != nil {
		s.Policy = *c.Seeding
		if s.Policy == SeedingDefault {
			s.Policy = ""
		}
	}
	if c.UploadRate != nil {
		s.Rate = *c.UploadRate
	}
}

func bucketOf(b *object.Bucket) Bucket {
	out := Bucket{
		Name: b.Name, Owner: b.Owner, Region: b.Region, Created: b.Created,
		Seeding: b.Config.Seeding.Policy, UploadRate: b.Config.Seeding.Rate, Quota: Quota(b.Config.Quota),
	}
	if out.Seeding == "" {
		out.Seeding = SeedingDefault
	}
	return out
}

// Bucket returns a bucket.
func (c *Client) Bucket(ctx context.Context, name string) (Bucket, error) {
	var b Bucket
	return b, c.json(ctx, http.MethodGet, "/v1/buckets/"+url.PathEscape(name), nil, &b)
}

// SetBucket changes the quota of a bucket and how its torrents are seeded, and returns the bucket as it is then. Live swarms
// take it over within a second.
func (c *Client) SetBucket(ctx context.Context, name string, change BucketChange) (Bucket, error) {
	var b Bucket
	return b, c.json(ctx, http.MethodPatch, "/v1/buckets/"+url.PathEscape(name), change, &b)
}
