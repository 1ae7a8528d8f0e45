package soapapi

import (
	"strings"

	"shoal/core/access"
	"shoal/core/encryption"
	"shoal/core/fault"
	"shoal/core/object"
	"shoal/wire/soap"
)

// copyObject serves CopyObject. No bytes move, unless the copy is encrypted in another way than the source.
func (h *Handler) copyObject(c *call) (*answer, error) {
	replace, err := c.request.replaces()
	if err != nil {
		return nil, err
	}
	n, err := h.newObject(c)
	if err != nil {
		return nil, err
	}
	src, err := h.copySource(c)
	if err != nil {
		return nil, err
	}
	if same := src.BucketID == c.bucket.ID && src.Key == c.key; same && !replace && n.storageClass == src.StorageClass {
		return nil, errorOf(codeInvalidRequest, "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata or storage class.")
	}
	header := src.Header
	header.WebsiteRedirectLocation = "" // never copied (S3 API reference, CopyObject)
	if replace {
		header = n.header
	}
	done, err := h.admit(c, src.Size, &header)
	if err != nil {
		return nil, err
	}
	defer func() { done(err == nil) }()
	r := object.CopyRequest{
		Source: src, Bucket: c.bucket, Key: c.key, Owner: n.owner, ACL: n.acl, Header: &header,
		StorageClass: n.storageClass, Encryption: n.encryption, By: c.eventBy(),
	}
	if src.Checksum.Algorithm == object.NoChecksum {
		r.Algorithm = object.CRC64NVME // which every new object has
	}
	made, err := h.objects.Copy(c.ctx, r)
	if err != nil {
		return nil, err
	}
	return &answer{result: copyResult{moment(made.Modified), quoted(made.ETag)}}, nil
}

// replaces reads MetadataDirective: COPY, which is the default, or REPLACE.
func (r *request) replaces() (bool, error) {
	switch d := r.token("MetadataDirective"); d {
	case "", "COPY":
		return false, nil
	case "REPLACE":
		return true, nil
	default:
		return false, invalidArgument("Unknown metadata directive.", "MetadataDirective", d)
	}
}

// copySource returns the object that is to be copied, when the requester may read it and the conditions on it hold.
func (h *Handler) copySource(c *call) (v *object.Version, err error) {
	bucket, key := c.request.token("SourceBucket"), c.request.text("SourceKey")
	if bucket == "" || len(bucket) > maxBucketBytes {
		return nil, errorOf(codeInvalidBucketName, "", soap.Detail{Name: "BucketName", Value: bucket})
	}
	if err := checkKey(key); err != nil {
		return nil, err
	}
	b, v, err := h.objects.Lookup(c.ctx, bucket, key, object.VersionRef{})
	if b == nil {
		return nil, sourceError(err, bucket, key)
	}
	c.copied = &copied{bucket: b, key: key}
	defer func() { c.copied.err = err }()
	if b.Config.RequesterPays {
		return nil, errorOf(codeAccessDenied, "Requester Pays buckets cannot be used by SOAP.")
	}
	q := c.question(access.GetObject, b, key)
	if err == nil && v.DeleteMarker {
		err = fault.New("find copy source", key, fault.NoSuchKey, nil)
	}
	if fault.Is(err, fault.NoSuchKey) {
		return nil, tellAbsence(q, sourceError(err, bucket, key))
	}
	if err != nil {
		return nil, err
	}
	q.Object, c.size, c.copied.size = facts(v), v.Size, v.Size
	if err := h.mayCopy(c, q, v); err != nil {
		return nil, err
	}
	condition, err := c.request.condition("CopySource")
	if err != nil {
		return nil, err
	}
	if result, header := condition.Check(v); result != object.Proceed {
		return nil, errorOf(codePreconditionFailed, "", soap.Detail{Name: "Condition", Value: "CopySource" + strings.ReplaceAll(header, "-", "")})
	}
	if v.Encryption.Mode == encryption.KMS {
		return nil, errKMS()
	}
	return h.objects.Unlock(c.ctx, v, nil) // a customer's key cannot be sent
}

// mayCopy: a copy reads the source; it takes its tags along, which reads and sets them. read is about the source.
func (h *Handler) mayCopy(c *call, read access.Query, v *object.Version) error {
	d := access.Decide(read)
	c.copied.byACL = d.Allowed && d.Reason == access.ByACL
	if err := refusal(read, d); err != nil || len(v.Tags) == 0 {
		return err
	}
	read.Action = access.GetObjectTagging
	if err := allowed(read); err != nil {
		return err
	}
	return allowed(c.question(access.PutObjectTagging, c.bucket, c.key))
}

// sourceError names the source in an error that would otherwise name the destination.
func sourceError(err error, bucket, key string) error {
	e := translate(err)
	switch e.code {
	case codeNoSuchBucket:
		e.detail = []soap.Detail{{Name: "BucketName", Value: bucket}}
	case codeNoSuchKey:
		e.detail = []soap.Detail{{Name: "Key", Value: key}}
	}
	return e
}
