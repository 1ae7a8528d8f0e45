package s3api

import (
	"net/http"

	"shoal/core/access"
	"shoal/core/encryption"
	"shoal/core/object"
)

// newObject is what the headers of PutObject, CopyObject and CreateMultipartUpload say about an object to be.
type newObject struct {
	owner        access.Owner
	acl          access.ACL
	header       object.Header
	tags         []access.Tag
	lock         object.Lock
	storageClass string
	condition    object.WriteCondition
	encryption   encryption.Choice
}

// newObject reads the headers of an object to be, and whether the requester may set its ACL.
func (h *Handler) newObject(c *call) (n newObject, err error) {
	if c.query.has("versionId") { // a version is never changed
		return n, invalidArgument("This operation does not accept a version-id.", "versionId", c.query.get("versionId"))
	}
	if err = c.refuseUnsupported(); err != nil {
		return n, err
	}
	if n.header, err = c.objectHeader(); err != nil {
		return n, err
	}
	if n.storageClass, err = c.storageClass(); err != nil {
		return n, err
	}
	if n.condition, err = c.writeCondition(); err != nil {
		return n, err
	}
	if n.encryption, err = h.newEncryption(c); err != nil {
		return n, err
	}
	if n.tags, err = h.newObjectTags(c); err != nil {
		return n, err
	}
	if n.lock, err = h.newObjectLock(c); err != nil {
		return n, err
	}
	n.owner, n.acl, err = h.newObjectACL(c)
	return n, err
}

// newObjectACL returns who owns an object that c puts, and its ACL.
func (h *Handler) newObjectACL(c *call) (access.Owner, access.ACL, error) {
	owner, bucketOwner := c.bucket.OwnerOfNew(c.requester), c.bucket.AsOwner()
	if c.bucket.Config.Ownership == access.BucketOwnerPreferred &&
		access.CannedACL(c.http.Header.Get("x-amz-acl")) == access.CannedBucketOwnerFullControl {
		owner = bucketOwner // S3 user guide, object ownership: this ACL hands the object over
	}
	acl, given, err := h.headerACL(c, false, owner, bucketOwner)
	if err != nil {
		return owner, acl, err
	}
	if err := h.checkACL(c.bucket, acl, given); err != nil {
		return owner, acl, err
	}
	if given {
		// Who writes an object may set its ACL, unless a policy denies that.
		mine := &object.Version{Owner: c.requester, ACL: access.ACL{Owner: c.requester}}
		err = h.decide(c, access.PutObjectACL, c.target.key, mine)
	}
	return owner, acl, err
}

// putObject answers PUT of an object.
func (h *Handler) putObject(c *call) (*response, error) {
	size, err := c.uploadSize()
	if err != nil {
		return nil, err
	}
	n, err := h.newObject(c)
	if err != nil {
		return nil, err
	}
	done, err := h.admitObject(c, size, &n.header)
	if err != nil {
		return nil, err
	}
	defer func() { done(err == nil) }()
	v, err := h.putBody(c, n, size, object.ObjectCreatedPut)
	if err != nil {
		return nil, err
	}
	head := http.Header{}
	head.Set("ETag", quoteETag(v.ETag))
	head.Set("X-Amz-Object-Size", itoa(v.Size))
	setChecksum(head, v.Checksum)
	c.setMade(head, v.Encryption)
	c.setVersionID(head, v)
	h.setExpiration(c, head, v)
	return &response{header: head}, nil
}

// putBody stores the body of c, of size bytes, -1 when that is not known; event tells of it. An object that comes without a checksum
// gets a CRC64NVME (S3 user guide, checking object integrity).
func (h *Handler) putBody(c *call, n newObject, size int64, event object.EventType) (*object.Version, error) {
	if err := c.checkLockDigest(n.lock, "Put Object"); err != nil {
		return nil, err
	}
	if c.body.integrity.Algorithm == object.NoChecksum {
		c.body.integrity.Algorithm = object.CRC64NVME
	}
	return h.objects.Put(c.ctx, object.PutRequest{
		Bucket: c.bucket, Key: c.target.key, Body: &c.body, Size: size, Owner: n.owner, ACL: n.acl,
		Header: n.header, Tags: n.tags, Lock: n.lock, StorageClass: n.storageClass,
		Integrity: c.body.integrity, Condition: n.condition, Encryption: n.encryption,
		By: c.eventBy(), Event: event,
	})
}
