package soapapi

import (
	"bytes"
	"io"

	"shoal/core/access"
	"shoal/core/encryption"
	"shoal/core/object"
	"shoal/core/quota"
)

// newObject is what a request says about an object to be.
type newObject struct {
	owner        access.Owner
	acl          access.ACL
	header       object.Header
	md5          []byte // of the content; nil when it is not declared
	storageClass string
	encryption   encryption.Choice
}

// newObject reads what PutObject, PutObjectInline and CopyObject have in common, and whether the requester may set the ACL.
func (h *Handler) newObject(c *call) (n newObject, err error) {
	if n.header, n.md5, err = c.request.metadata(); err != nil {
		return n, err
	}
	if n.storageClass, err = c.request.newStorageClass(); err != nil {
		return n, err
	}
	if n.encryption = c.bucket.Config.Encryption.Choice(); n.encryption.Mode == encryption.KMS {
		return n, errKMS()
	}
	n.owner = c.bucket.OwnerOfNew(c.requester)
	acl, given, err := h.acl(c, n.owner)
	if n.acl = acl; err != nil || !given {
		return n, err
	}
	if err := c.bucket.Config.CheckACL(c.bucket.AsOwner().ID, acl); err != nil {
		return n, err
	}
	// Who writes an object may set its ACL, unless a policy denies that.
	q := c.question(access.PutObjectACL, c.bucket, c.key)
	q.Object = &access.Object{Owner: c.requester.ID, ACL: access.ACL{Owner: c.requester}}
	return n, allowed(q)
}

// errKMS refuses what a KMS key is for: AWS gives their use to SigV4 alone (S3 user guide, SSE-KMS).
func errKMS() error {
	return invalidArgument("Requests specifying Server Side Encryption with AWS KMS managed keys require AWS Signature Version 4.", "Authorization", "null")
}

// putObjectInline serves PutObjectInline: the data is in the envelope, or included in it from an attachment (XOP).
func (h *Handler) putObjectInline(c *call) (*answer, error) {
	size, err := c.contentLength(maxInline, codeInlineDataTooLarge)
	if err != nil {
		return nil, err
	}
	if e := c.request.element("Data"); e != nil && e.ContentID() != "" {
		return h.putAttached(c, size)
	}
	content, err := c.request.binary("Data")
	if err != nil {
		return nil, err
	}
	if len(content) > maxInline {
		return nil, errorOf(codeInlineDataTooLarge, "")
	}
	return h.put(c, bytes.NewReader(content), size)
}

// putObject serves PutObject: the data is attached.
func (h *Handler) putObject(c *call) (*answer, error) {
	size, err := c.contentLength(maxSinglePut, codeEntityTooLarge)
	if err != nil {
		return nil, err
	}
	return h.putAttached(c, size)
}

func (h *Handler) putAttached(c *call, size int64) (*answer, error) {
	content, err := c.attachment(c.request.element("Data"))
	if err != nil {
		return nil, err
	}
	return h.put(c, content, size)
}

// contentLength reads the ContentLength of a request, in bytes.
func (c *call) contentLength(most int64, beyond code) (int64, error) {
	size, err := c.request.number("ContentLength", -1)
	switch {
	case err != nil:
		return 0, err
	case size < 0:
		return 0, malformed("There is no ContentLength.")
	case size > most:
		return 0, errorOf(beyond, "")
	}
	return size, nil
}

// put stores the content of an object, of size bytes.
func (h *Handler) put(c *call, content io.Reader, size int64) (*answer, error) {
	n, err := h.newObject(c)
	if err != nil {
		return nil, err
	}
	if n.md5 == nil && c.bucket.Config.ObjectLock.Default.Mode != object.NoRetention {
		// S3 API reference, PutObject: what will be locked comes with a hash.
		return nil, errorOf(codeInvalidRequest, "A Content-MD5 in the metadata is required where objects are locked.")
	}
	c.size = size
	done, err := h.admit(c, size, &n.header)
	if err != nil {
		return nil, err
	}
	defer func() { done(err == nil) }()
	v, err := h.objects.Put(c.ctx, object.PutRequest{
		Bucket: c.bucket, Key: c.key, Body: content, Size: size, Owner: n.owner, ACL: n.acl, Header: n.header,
		StorageClass: n.storageClass, Integrity: object.Integrity{MD5: n.md5, Algorithm: object.CRC64NVME},
		Encryption: n.encryption, By: c.eventBy(), Event: object.ObjectCreatedPut,
	})
	if err != nil {
		return nil, err
	}
	return &answer{result: putResult{quoted(v.ETag), moment(v.Modified)}}, nil
}

// admit makes room for an object, before its content is read.
func (h *Handler) admit(c *call, size int64, header *object.Header) (done func(added bool), err error) {
	adds := quota.Held{Bytes: object.StoredBytes(size, c.key, header), Objects: 1}
	return h.o.Quota.Admit(c.ctx, c.bucket.Limited(), adds)
}

// deleteObject serves DeleteObject. What is not there is deleted already.
func (h *Handler) deleteObject(c *call) (*answer, error) {
	_, err := h.objects.Delete(c.ctx, object.DeleteRequest{
		Bucket: c.bucket, Key: c.key, Owner: c.bucket.OwnerOfNew(c.requester), By: c.eventBy(),
	})
	return &answer{result: ok()}, err
}
