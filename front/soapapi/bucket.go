package soapapi

import (
	"net/http"

	"shoal/core/access"
	"shoal/core/object"
)

// defaultRegion has no location constraint: buckets are made in the region of the server.
const defaultRegion = "us-east-1"

// allMyBuckets is the type ListAllMyBucketsResult of the schema.
type allMyBuckets struct {
	Owner   canonicalUser
	Buckets struct {
		Bucket []bucketEntry
	}
}

type bucketEntry struct {
	Name         string
	CreationDate moment
}

// listAllMyBuckets serves ListAllMyBuckets; root and admins are shown all. There is no second page.
func (h *Handler) listAllMyBuckets(c *call) (*answer, error) {
	owner := string(c.requester.ID)
	if c.principal.Kind == access.Root {
		owner = ""
	}
	page, err := h.objects.ListBuckets(c.ctx, object.ListBucketsRequest{Owner: owner})
	if err != nil {
		return nil, err
	}
	result := allMyBuckets{Owner: newCanonicalUser(c.requester)}
	for _, b := range page.Buckets {
		result.Buckets.Bucket = append(result.Buckets.Bucket, bucketEntry{b.Name, moment(b.Created)})
	}
	return &answer{result: result}, nil
}

// createBucket serves CreateBucket.
func (h *Handler) createBucket(c *call) (*answer, error) {
	acl, _, err := h.acl(c, c.requester)
	if err != nil {
		return nil, err
	}
	ownership := access.Ownership(h.o.Ownership)
	if ownership == access.BucketOwnerEnforced && !acl.OwnerOnly(c.requester.ID) {
		return nil, errorOf(codeInvalidBucketACL, "")
	}
	region := h.o.Region
	if region == defaultRegion {
		region = ""
	}
	c.bucket, err = h.objects.CreateBucket(c.ctx, object.NewBucket{
		Name: c.bucketName, Owner: c.requester, Region: region, ACL: acl, Ownership: ownership,
	})
	if err != nil {
		return nil, err
	}
	return &answer{result: struct{ BucketName string }{c.bucketName}}, nil
}

// deleteBucket serves DeleteBucket.
func (h *Handler) deleteBucket(c *call) (*answer, error) {
	if err := h.objects.DeleteBucket(c.ctx, c.bucket.Name); err != nil {
		return nil, err
	}
	return &answer{result: status{http.StatusNoContent, "No Content"}}, nil
}
