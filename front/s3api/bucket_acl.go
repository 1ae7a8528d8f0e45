package s3api

import "shoal/core/object"

// getBucketACL answers GET ?acl of a bucket.
func (h *Handler) getBucketACL(c *call) (*response, error) {
	acl := c.bucket.Config.ACL
	acl.Owner = c.bucket.AsOwner()
	return aclResponse(acl), nil
}

// putBucketACL replaces the ACL of a bucket.
func (h *Handler) putBucketACL(c *call) (*response, error) {
	owner := c.bucket.AsOwner()
	acl, err := h.requestACL(c, true, owner, owner)
	if err != nil {
		return nil, err
	}
	err = h.objects.UpdateBucket(c.ctx, c.bucket.Name, func(cfg *object.BucketConfig) error {
		if err := cfg.CheckACL(owner.ID, acl); err != nil {
			return err
		}
		cfg.ACL = acl
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &response{}, nil
}
