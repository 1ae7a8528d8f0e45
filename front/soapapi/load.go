package soapapi

import (
	"unicode/utf8"

	"shoal/core/access"
	"shoal/core/fault"
	"shoal/core/object"
)

// load looks up, in one read, what the operation is about. What is not there below a bucket becomes c.absent: whether the
// client may be told is for authorise.
func (h *Handler) load(c *call) (err error) {
	if c.operation.action == access.ListAllMyBuckets {
		return nil
	}
	if err := c.checkNames(); err != nil || !c.operation.takesBucket() {
		return err
	}
	return h.lookup(c)
}

// readNames reads the names of bucket and key: of a copy, those of its destination.
func (c *call) readNames() {
	bucket, key := "Bucket", "Key"
	if c.operation.copies() {
		bucket, key = "DestinationBucket", "DestinationKey"
	}
	c.bucketName, c.key = c.request.token(bucket), c.request.text(key)
}

func (c *call) checkNames() error {
	if c.bucketName == "" || len(c.bucketName) > maxBucketBytes || !utf8.ValidString(c.bucketName) {
		return errorOf(codeInvalidBucketName, "")
	}
	if c.operation.action.Scope() == access.ScopeObject {
		return checkKey(c.key)
	}
	return nil
}

func checkKey(key string) error {
	switch {
	case key == "":
		return malformed("There is no key.")
	case len(key) > object.MaxKey:
		return errorOf(codeKeyTooLong, "")
	}
	return nil
}

// lookup sets bucket and, as far as the operation needs it, version.
func (h *Handler) lookup(c *call) (err error) {
	c.absent, c.version = nil, nil
	if !c.operation.reads {
		c.bucket, err = h.objects.Bucket(c.ctx, c.bucketName)
		return err
	}
	c.bucket, c.version, err = h.objects.Lookup(c.ctx, c.bucketName, c.key, object.VersionRef{})
	switch {
	case err == nil && c.version.DeleteMarker:
		c.version, c.absent = nil, fault.New("find object", c.key, fault.NoSuchKey, nil)
	case c.bucket != nil && fault.Is(err, fault.NoSuchKey):
		c.absent, err = err, nil
	}
	return err
}
