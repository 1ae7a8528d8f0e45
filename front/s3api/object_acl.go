package s3api

import "shoal/core/access"

// getObjectACL answers GET ?acl of an object. Where ACLs are off, it is the bucket owner's alone.
func (h *Handler) getObjectACL(c *call) (*response, error) {
	if c.version.DeleteMarker {
		return nil, c.markerError()
	}
	return aclResponse(c.bucket.ACLOf(c.version)), nil
}

// putObjectACL answers PUT ?acl of an object.
func (h *Handler) putObjectACL(c *call) (*response, error) {
	v := c.version
	if v.DeleteMarker {
		return nil, c.markerError()
	}
	if c.bucket.Config.Ownership == access.BucketOwnerEnforced {
		return nil, errorOf(codeAccessControlListNotSupported, "")
	}
	ref, err := c.versionRef()
	if err != nil {
		return nil, err
	}
	acl, err := h.requestACL(c, false, v.Owner, c.bucket.AsOwner())
	if err != nil {
		return nil, err
	}
	if err := h.checkACL(c.bucket, acl, true); err != nil {
		return nil, err
	}
	if err := h.objects.SetACL(c.ctx, c.bucket, c.target.key, ref, acl, c.eventBy()); err != nil {
		return nil, err
	}
	answer := &response{header: map[string][]string{}}
	c.setVersionID(answer.header, v)
	return answer, nil
}
