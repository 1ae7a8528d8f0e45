package s3api

import (
	"bytes"
	"net/http"

	"shoal/core/access"
	"shoal/core/fault"
	"shoal/core/object"
)

// defaultRegion has no location constraint: GetBucketLocation answers an empty one.
const defaultRegion = "us-east-1"

// createBucketConfiguration is the body of CreateBucket.
type createBucketConfiguration struct {
	LocationConstraint string `xml:"LocationConstraint"`
	Tags               []struct {
		Key   string `xml:"Key"`
		Value string `xml:"Value"`
	} `xml:"Tags>Tag"`
	Location *struct {
		Type string `xml:"Type"`
	} `xml:"Location"` // of directory buckets
}

// createBucket answers PUT of a bucket. One that the requester has is BucketAlreadyOwnedByYou in every
// region: the success of us-east-1 would put its ACL back to private.
func (h *Handler) createBucket(c *call) (*response, error) {
	locked, err := h.createsLocked(c)
	if err != nil {
		return nil, err
	}
	ownership, err := h.createOwnership(c)
	if err != nil {
		return nil, err
	}
	acl, _, err := h.headerACL(c, true, c.requester, c.requester)
	if err != nil {
		return nil, err
	}
	if ownership == access.BucketOwnerEnforced && !acl.OwnerOnly(c.requester.ID) {
		return nil, errorOf(codeInvalidBucketACL, "")
	}
	b, err := h.objects.CreateBucket(c.ctx, object.NewBucket{
		Name: c.target.bucket, Owner: c.requester, Region: c.region, ACL: acl, Ownership: ownership,
		Tagging: c.bucketTags(), ObjectLock: locked,
	})
	if err != nil {
		return nil, err
	}
	c.bucket = b // who is metered
	return &response{header: http.Header{"Location": {"/" + b.Name}, "X-Amz-Bucket-Arn": {"arn:aws:s3:::" + b.Name}}}, nil
}

// describeCreate reads where the bucket is to be into c.region: ours, or none, which is empty as in object.Bucket.
func (h *Handler) describeCreate(c *call) error {
	data, err := c.document(maxConfigXML)
	if err != nil {
		return err
	}
	var doc createBucketConfiguration
	if len(bytes.TrimSpace(data)) > 0 {
		if err := decodeXML(data, "CreateBucketConfiguration", &doc); err != nil {
			return errorOf(codeMalformedXML, "")
		}
	}
	if doc.Location != nil {
		return errorOf(codeNotImplemented, "")
	}
	for _, t := range doc.Tags {
		c.tags = append(c.tags, access.Tag{Key: t.Key, Value: t.Value})
	}
	if err := object.CheckTags(c.tags, object.MaxBucketTags); err != nil {
		return err
	}
	if len(c.tags) > 0 {
		c.access.SetBucketRequestTags(c.tags)
	}
	if c.region = doc.LocationConstraint; c.region == "" {
		c.region = h.o.Region
	} else {
		c.access.Set(access.KeyLocation, c.region)
	}
	if c.region != h.o.Region {
		return errorOf(codeInvalidLocation, "", element{"LocationConstraint", c.region})
	}
	if c.region == defaultRegion {
		c.region = ""
	}
	return nil
}

// bucketTags is the tagging document of a bucket to be, nil without tags.
func (c *call) bucketTags() []byte {
	if len(c.tags) == 0 {
		return nil
	}
	return taggingDocument(c.tags).bytes()
}

func (h *Handler) createOwnership(c *call) (access.Ownership, error) {
	value := c.http.Header.Get("x-amz-object-ownership")
	if value == "" {
		return access.Ownership(h.o.Ownership), nil
	}
	if o := access.Ownership(value); o.Valid() {
		return o, nil
	}
	return "", invalidArgument("Invalid x-amz-object-ownership header: "+value, "x-amz-object-ownership", value)
}

// headBucket answers HEAD of a bucket.
func (h *Handler) headBucket(c *call) (*response, error) {
	return &response{header: http.Header{
		"X-Amz-Bucket-Region":      {h.regionOf(c.bucket)},
		"X-Amz-Access-Point-Alias": {"false"},
		"Content-Type":             {xmlType},
	}}, nil
}

// deleteBucket answers DELETE of a bucket.
func (h *Handler) deleteBucket(c *call) (*response, error) {
	err := h.objects.DeleteBucket(c.ctx, c.bucket.Name)
	if fault.Is(err, fault.BucketNotEmpty) && c.bucket.Config.Versioning != object.VersioningOff {
		return nil, errorOf(codeBucketNotEmpty, "The bucket you tried to delete is not empty. You must delete all versions in the bucket.",
			element{"BucketName", c.bucket.Name})
	}
	if err != nil {
		return nil, err
	}
	return &response{status: http.StatusNoContent}, nil
}

// getBucketLocation answers GET ?location. The root element itself holds the region.
func (h *Handler) getBucketLocation(c *call) (*response, error) {
	x := newXML("LocationConstraint")
	x.buf = appendEscaped(x.buf, c.bucket.Region)
	return x.response(), nil
}

// refuseBucketTorrent answers GET ?torrent of a bucket without a prefix, which S3 knows and refuses.
func (h *Handler) refuseBucketTorrent(*call) (*response, error) {
	return nil, errorOf(codeTorrentOfBucket, "")
}
