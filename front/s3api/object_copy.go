package s3api

import (
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"shoal/core/access"
	"shoal/core/encryption"
	"shoal/core/fault"
	"shoal/core/object"
)

// copyObject answers PUT with x-amz-copy-source. No bytes move, unless it is encrypted in another way than the source.
// A version that is named is copied as the newest: so it is restored.
func (h *Handler) copyObject(c *call) (*response, error) {
	o, err := h.copyOrder(c)
	if err != nil {
		return nil, err
	}
	src, err := h.copySource(c)
	if err != nil {
		return nil, err
	}
	if err := c.checkSelfCopy(src, o.replace, o.newObject); err != nil {
		return nil, err
	}
	r := o.request(c, src.version)
	header := &src.version.Header
	if r.Header != nil {
		header = r.Header
	}
	done, err := h.admitObject(c, r.Source.Size, header)
	if err != nil {
		return nil, err
	}
	defer func() { done(err == nil) }()
	made, err := keepAlive(h, c, func() (*object.Version, error) { return h.objects.Copy(c.ctx, r) })
	if err != nil {
		return nil, err
	}
	answer := c.copyResult(made)
	src.setVersionID(answer.header)
	h.setExpiration(c, answer.header, made)
	return answer, nil
}

// copyOrder is what the headers of CopyObject say about the copy.
type copyOrder struct {
	newObject
	algorithm      object.ChecksumAlgorithm
	replace, retag bool // the metadata, the tags: REPLACE
}

func (h *Handler) copyOrder(c *call) (o copyOrder, err error) {
	if o.newObject, err = h.newObject(c); err != nil {
		return o, err
	}
	// AWS holds metadata to its bound even where a copy passes over it.
	if err = o.header.Check("copy object", c.target.key); err != nil {
		return o, err
	}
	if o.algorithm, err = c.requestedAlgorithm(); err != nil {
		return o, err
	}
	if o.replace, err = c.replaces("x-amz-metadata-directive", "Unknown metadata directive."); err != nil {
		return o, err
	}
	o.retag, err = c.replaces("x-amz-tagging-directive", "Unknown tagging directive.")
	return o, err
}

// request is the copy of v for the core.
func (o *copyOrder) request(c *call, v *object.Version) object.CopyRequest {
	r := object.CopyRequest{
		Source: v, Bucket: c.bucket, Key: c.target.key, Owner: o.owner, ACL: o.acl,
		Lock: o.lock, StorageClass: o.storageClass, Condition: o.condition, By: c.eventBy(), Algorithm: o.algorithm, Encryption: o.encryption,
	}
	if r.Algorithm == object.NoChecksum && v.Checksum.Algorithm == object.NoChecksum {
		r.Algorithm = object.CRC64NVME // which every new object has (S3 user guide, checking object integrity)
	}
	if o.retag {
		r.Tags = &o.tags
	}
	if o.replace {
		r.Header = &o.header
	} else if o.header.WebsiteRedirectLocation != v.Header.WebsiteRedirectLocation {
		// The redirect is never copied (S3 API reference, CopyObject).
		kept := v.Header
		kept.WebsiteRedirectLocation = o.header.WebsiteRedirectLocation
		r.Header = &kept
	}
	return r
}

func (c *call) copyResult(v *object.Version) *response {
	x := newXML("CopyObjectResult")
	x.time("LastModified", v.Modified)
	x.text("ETag", quoteETag(v.ETag))
	if v.Checksum.Algorithm != object.NoChecksum {
		x.text("Checksum"+algorithmName(v.Checksum.Algorithm), v.Checksum.Value)
		x.text("ChecksumType", checksumTypeName(v.Checksum.Type))
	}
	answer := x.response()
	c.setMade(answer.header, v.Encryption)
	c.setVersionID(answer.header, v)
	return answer
}

// replaces reads a directive: COPY, which is the default, or REPLACE.
func (c *call) replaces(header, unknown string) (bool, error) {
	switch d := c.http.Header.Get(header); d {
	case "", "COPY":
		return false, nil
	case "REPLACE":
		return true, nil
	default:
		return false, invalidArgument(unknown, header, d)
	}
}

// checkSelfCopy refuses a copy that would change nothing.
func (c *call) checkSelfCopy(src *copySource, replace bool, n newObject) error {
	v := src.version
	same := v.BucketID == c.bucket.ID && v.Key == c.target.key
	if src.named && c.bucket.Config.Versioning != object.VersioningOff {
		same = false // it restores a version (S3 user guide, Restoring previous versions)
	}
	changes := replace || n.storageClass != v.StorageClass || n.header.WebsiteRedirectLocation != v.Header.WebsiteRedirectLocation ||
		c.http.Header.Get(encryptionHeader) != "" || n.encryption.Mode == encryption.Customer
	if same && !changes {
		return errorOf(codeInvalidRequest, "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.")
	}
	return nil
}

// copySource is what a copy copies.
type copySource struct {
	bucket  *object.Bucket
	version *object.Version
	named   bool // by its version id
}

// setVersionID names the version in the headers of an answer, when its bucket has versioning or the client named it.
func (s *copySource) setVersionID(h http.Header) {
	if v := s.version; s.named || !v.Null || s.bucket.Config.Versioning != object.VersioningOff {
		h.Set("X-Amz-Copy-Source-Version-Id", v.ClientID())
	}
}

// copySource returns the version that x-amz-copy-source names, when the requester may read it and the
// conditions on it hold. Being allowed to write the target says nothing about the source.
func (h *Handler) copySource(c *call) (*copySource, error) {
	bucket, key, ref, err := parseCopySource(c.http.Header.Get("x-amz-copy-source"))
	if err != nil {
		return nil, err
	}
	b, v, err := h.objects.Lookup(c.ctx, bucket, key, ref)
	if b == nil {
		return nil, sourceError(err, bucket, key)
	}
	_, id, _ := strings.Cut(c.http.Header.Get("x-amz-copy-source"), "?versionId=")
	c.copied = &loggedCopy{bucket: b, key: key, versionID: id}
	src := &copySource{bucket: b, version: v, named: ref.Set}
	if c.copied.err = h.readSource(c, src, key, err); c.copied.err != nil {
		return nil, c.copied.err
	}
	return src, nil
}

// readSource checks that the requester may read what was looked up with err, and unlocks it.
func (h *Handler) readSource(c *call, src *copySource, key string, err error) error {
	b, v := src.bucket, src.version
	if err := c.checkBucketOwner("x-amz-source-expected-bucket-owner", b); err != nil {
		return err
	}
	action := access.GetObject
	if src.named {
		action = access.GetObjectVersion
	}
	q := access.Query{Principal: c.principal, Action: action, Bucket: b.Access(), Key: key, Context: c.access, Pays: c.pays()}
	if err == nil && v.DeleteMarker {
		err = fault.New("find copy source", key, fault.NoSuchKey, nil)
		if src.named {
			err = errorOf(codeInvalidRequest, "The source of a copy request may not specifically refer to a delete marker by version id.")
		}
	}
	if err != nil {
		if !access.MayKnowAbsence(q) {
			return refusedAbsence(q)
		}
		return sourceError(err, b.Name, key)
	}
	q.Object = objectFacts(v)
	d := access.Decide(q)
	if err := refusal(q, d); err != nil {
		return err
	}
	c.copied.size, c.copied.byACL, c.copied.charged = v.Size, d.Reason == access.ByACL, q.Charged()
	if err := h.mayCopyTags(c, q, v); err != nil {
		return err
	}
	condition := readCondition(c.http.Header, copyCondition)
	if result, header := condition.Check(v); result != object.Proceed {
		return errorOf(codePreconditionFailed, "", element{"Condition", copyCondition + strings.ToLower(header)})
	}
	src.version, err = h.unlockSource(c, v)
	return err
}

// unlockSource is unlock for what is copied.
func (h *Handler) unlockSource(c *call, v *object.Version) (*object.Version, error) {
	key, err := h.customerKey(c, copySourcePrefix)
	if err != nil {
		return nil, err
	}
	return h.objects.Unlock(c.ctx, v, key)
}

// sourceError names the source in an error that would otherwise name the target.
func sourceError(err error, bucket, key string) error {
	var named []element
	switch fault.KindOf(err) {
	case fault.NoSuchBucket:
		named = []element{{"BucketName", bucket}}
	case fault.NoSuchKey, fault.NoSuchVersion:
		named = []element{{"Key", key}}
	default:
		return err
	}
	e := errorOf(codeOfKind(fault.KindOf(err)), "", named...)
	e.err = err
	return e
}

// parseCopySource reads "[/]bucket/key[?versionId=id]", of which bucket and key are percent-encoded.
func parseCopySource(s string) (bucket, key string, ref object.VersionRef, err error) {
	refuse := func(why string) error { return invalidArgument(why, "x-amz-copy-source", s) }
	path, id, hasID := strings.Cut(s, "?versionId=")
	path, err = url.PathUnescape(path)
	if err != nil || !utf8.ValidString(path) {
		return "", "", ref, refuse("Invalid copy source encoding")
	}
	bucket, key, hasKey := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	switch {
	case bucket == "" || !hasKey:
		return "", "", ref, refuse("Copy Source must mention the source bucket and key: sourcebucket/sourcekey")
	case object.CheckBucketName(bucket) != nil:
		return "", "", ref, refuse("Invalid copy source bucket name")
	case key == "" || len(key) > maxKeyBytes:
		return "", "", ref, refuse("Invalid copy source object key")
	}
	if hasID {
		ref, err = parseVersionID("x-amz-copy-source", id)
	}
	return bucket, key, ref, err
}
