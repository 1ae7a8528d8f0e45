package s3api

import (
	"shoal/core/access"
	"shoal/core/object"
)

// maxListBuckets is the most buckets of one page of ListBuckets (AWS).
const maxListBuckets = 10_000

// listBuckets answers GET / with the buckets of the requester; root and admins are shown all.
func (h *Handler) listBuckets(c *call) (*response, error) {
	limit, err := c.intParameter("max-buckets", 0, maxListBuckets+1, maxListBuckets)
	if err != nil || limit < 1 || limit > maxListBuckets {
		return nil, invalidArgument("Argument max-buckets must be an integer between 1 and 10000.", "max-buckets", c.query.get("max-buckets"))
	}
	from, err := parseToken(c.query.get("continuation-token"))
	if err != nil {
		return nil, err
	}
	owner := string(c.requester.ID)
	if c.principal.Kind == access.Root {
		owner = ""
	}
	page, err := h.objects.ListBuckets(c.ctx, object.ListBucketsRequest{
		Owner: owner, Prefix: c.query.get("prefix"), After: from.after, Max: limit,
	})
	if err != nil {
		return nil, err
	}
	x := newXML("ListAllMyBucketsResult")
	x.owner("Owner", c.requester)
	x.open("Buckets")
	for _, b := range page.Buckets {
		x.open("Bucket")
		x.text("Name", b.Name)
		x.time("CreationDate", b.Created)
		x.text("BucketRegion", h.regionOf(b))
		x.close("Bucket")
	}
	x.close("Buckets")
	if page.Next != "" {
		x.text("ContinuationToken", position{after: page.Next}.token())
	}
	x.textIf("Prefix", c.query.get("prefix"))
	return x.response(), nil
}

// regionOf is the region that a bucket is in, as headers and listings name it.
func (h *Handler) regionOf(b *object.Bucket) string {
	if b.Region == "" {
		return h.o.Region
	}
	return b.Region
}
