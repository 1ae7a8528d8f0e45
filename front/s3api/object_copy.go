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
	n, err := h.newObject(c)
	if err != nil {
		return nil, err
	}
	algorithm, err := c.requestedAlgorithm()
	if err != nil {
		return nil, err
	}
	replace, err := c.replaces("x-amz-metadata-directive", "Unknown metadata directive.")
	if err != nil {
		return nil, err
	}
	retag, err := c.replaces("x-amz-tagging-directive", "Unknown tagging directive.")
	if err != nil {
		return nil, err
	}
	src, err := h.copySource(c)
	if err != nil {
		return nil, err
	}
	if err := c.checkSelfCopy(src, replace, n); err != nil {
		return nil, err
	}
	v := src.version
	r := object.CopyRequest{
		Source: v, Bucket: c.bucket, Key: c.target.key, Owner: n.owner, ACL: n.acl,
		Lock: n.lock, StorageClass: n.storageClass, Condition: n.condition, By: c.eventBy(), Algorithm: algorithm, Encryption: n.encryption,
	}
	if retag {
		r.Tags = &n.tags
	}
	if replace {
		r.Header = &n.header
	} else if n.header.WebsiteRedirectLocation != v.Header.WebsiteRedirectLocation {
		// The redirect is never copied (S3 API reference, CopyObject).
		kept := v.Header
		kept.WebsiteRedirectLocation = n.header.WebsiteRedirectLocation
		r.Header = &kept
	}
	header := &v.Header
	if r.Header != nil {
		header = r.Header
	}
	done, err := h.admitObject(c, v.Size, header)
	if err != nil {
		return nil, err
	}
	defer func() { done(err == nil) }()
	made, err := h.objects.Copy(c.ctx, r)
	if err != nil {
		return nil, err
	}
	answer := c.copyResult(made)
	src.setVersionID(answer.header)
	h.setExpiration(c, answer.header, made)
	return answer, nil
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
	if err := c.checkBucketOwner("x-amz-source-expected-bucket-owner", b); err != nil {
		return nil, err
	}
	action := access.GetObject
	if ref.Set {
		action = access.GetObjectVersion
	}
	q := access.Query{Principal: c.principal, Action: action, Bucket: b.Access(), Key: key, Context: c.access, Pays: c.pays()}
	if err == nil && v.DeleteMarker {
		err = fault.New("find copy source", key, fault.NoSuchKey, nil)
		if ref.Set {
			err = errorOf(codeInvalidRequest, "The source of a copy request may not specifically refer to a delete marker by version id.")
		}
	}
	if err != nil {
		if !access.MayKnowAbsence(q) {
			return nil, refusedAbsence(q)
		}
		return nil, sourceError(err, bucket, key)
	}
	q.Object = objectFacts(v)
	if err := allowed(q); err != nil {
		return nil, err
	}
	if err := h.mayCopyTags(c, q, v); err != nil {
		return nil, err
	}
	if result, name := copyConditionNames().check(c.http.Header, v); result != proceed {
		return nil, errorOf(codePreconditionFailed, "", element{"Condition", name})
	}
	v, err = h.unlockSource(c, v)
	return &copySource{bucket: b, version: v, named: ref.Set}, err
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
	refused := invalidArgument("Copy Source must mention the source bucket and key: sourcebucket/sourcekey", "x-amz-copy-source", s)
	path, id, hasID := strings.Cut(s, "?versionId=")
	path, err = url.PathUnescape(path)
	if err != nil || !utf8.ValidString(path) {
		return "", "", ref, invalidArgument("Invalid copy source encoding", "x-amz-copy-source", s)
	}
	bucket, key, _ = strings.Cut(strings.TrimPrefix(path, "/"), "/")
	if bucket == "" || key == "" || len(bucket) > maxBucketBytes || len(key) > maxKeyBytes {
		return "", "", ref, refused
	}
	if hasID {
		ref, err = parseVersionID("x-amz-copy-source", id)
	}
	return bucket, key, ref, err
}
