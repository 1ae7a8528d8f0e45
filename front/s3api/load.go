package s3api

import (
	"shoal/core/access"
	"shoal/core/fault"
	"shoal/core/object"
)

// load looks up, in one read, what the operation is about. What is not there below a bucket becomes c.absent:
// whether the client may be told is for authorise.
func (h *Handler) load(c *call) error {
	if c.target.scope == serviceScope || c.operation.action == access.CreateBucket {
		return nil
	}
	if c.operation.open {
		return h.loadOpen(c)
	}
	err := h.lookup(c)
	if c.bucket == nil {
		return err
	}
	if err := c.checkBucketOwner("x-amz-expected-bucket-owner", c.bucket); err != nil {
		return err
	}
	if c.operation.parse != nil {
		// Of parameters that no object could answer S3 speaks before it says that there is none.
		if err := c.operation.parse(c); err != nil {
			return err
		}
	}
	switch {
	case err == nil:
		return nil
	case fault.Is(err, fault.NoSuchKey), fault.Is(err, fault.NoSuchVersion), fault.Is(err, fault.NoSuchUpload):
		c.absent = err
		return nil
	}
	return err
}

// lookup sets bucket and, as far as the operation needs them, version and upload.
func (h *Handler) lookup(c *call) (err error) {
	c.absent, c.version, c.upload = nil, nil, nil
	if c.readsObject() {
		ref, err := c.versionRef()
		if err != nil {
			return err
		}
		c.bucket, c.version, err = h.objects.Lookup(c.ctx, c.target.bucket, c.target.key, ref)
		return err
	}
	if c.bucket, err = h.objects.Bucket(c.ctx, c.target.bucket); err != nil {
		return err
	}
	if c.target.scope != objectScope || !c.query.has("uploadId") {
		return nil
	}
	id, err := object.ParseUploadID(c.query.get("uploadId"))
	if err != nil {
		return fault.New("find upload", c.query.get("uploadId"), fault.NoSuchUpload, err)
	}
	c.upload, err = h.objects.Upload(c.ctx, c.bucket, c.target.key, id)
	return err
}

// readsObject reports whether the operation is about an object that is there.
func (c *call) readsObject() bool {
	if c.target.scope != objectScope {
		return false
	}
	switch c.operation.action {
	case access.PutObject, access.DeleteObject, access.AbortMultipartUpload, access.ListMultipartUploadParts:
		return false
	}
	return true
}

// checkBucketOwner holds the account that the client expects to own a bucket against who does.
func (c *call) checkBucketOwner(header string, b *object.Bucket) error {
	if want := c.http.Header.Get(header); want != "" && want != b.Owner && want != access.CanonicalID(b.Owner).AccountID() {
		return errAccessDenied()
	}
	return nil
}
