package s3api

import (
	"net/http"

	"shoal/core/access"
	"shoal/core/fault"
	"shoal/core/object"
)

// getBucketPolicy answers GET ?policy with the policy as it was put.
func (h *Handler) getBucketPolicy(c *call) (*response, error) {
	if c.bucket.Config.Policy == nil {
		return nil, errNoPolicy(c)
	}
	return &response{
		raw:    c.bucket.Config.PolicyJSON,
		header: http.Header{"Content-Type": {"application/json"}},
	}, nil
}

func errNoPolicy(c *call) error {
	return fault.New("get bucket policy", c.bucket.Name, fault.NoSuchBucketPolicy, nil)
}

// putBucketPolicy replaces the policy of a bucket.
func (h *Handler) putBucketPolicy(c *call) (*response, error) {
	data, err := c.document(maxPolicyJSON)
	if err != nil {
		return nil, err
	}
	if len(data) == 0 {
		return nil, errorOf(codeMissingRequestBody, "")
	}
	policy, err := access.ParsePolicy(data, c.bucket.Name)
	if err != nil {
		return nil, err
	}
	if err := h.accounts.CheckPrincipals(c.ctx, access.CanonicalID(c.bucket.Owner), policy.Principals()); err != nil {
		return nil, err
	}
	err = h.objects.UpdateBucket(c.ctx, c.bucket.Name, func(cfg *object.BucketConfig) error {
		if block := cfg.PublicAccessBlock; block != nil && block.BlockPublicPolicy && policy.IsPublic() {
			return fault.New("put bucket policy", c.bucket.Name, fault.AccessDenied, nil)
		}
		cfg.PolicyJSON = data
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &response{status: http.StatusNoContent}, nil
}

// deleteBucketPolicy removes the policy; removing none is a success.
func (h *Handler) deleteBucketPolicy(c *call) (*response, error) {
	return h.clearConfig(c, func(cfg *object.BucketConfig) { cfg.PolicyJSON = nil })
}

// clearConfig takes a part out of a bucket's configuration and answers 204.
func (h *Handler) clearConfig(c *call, change func(*object.BucketConfig)) (*response, error) {
	err := h.objects.UpdateBucket(c.ctx, c.bucket.Name, func(cfg *object.BucketConfig) error {
		change(cfg)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &response{status: http.StatusNoContent}, nil
}

// getBucketPolicyStatus answers GET ?policyStatus: is the policy public in AWS's sense?
func (h *Handler) getBucketPolicyStatus(c *call) (*response, error) {
	policy := c.bucket.Config.Policy
	if policy == nil {
		return nil, errNoPolicy(c)
	}
	x := newXML("PolicyStatus")
	// The S3 API reference prints TRUE, but clients (botocore) take only true for true.
	x.bool("IsPublic", policy.IsPublic())
	return x.response(), nil
}
