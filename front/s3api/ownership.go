package s3api

import (
	"shoal/core/access"
	"shoal/core/fault"
	"shoal/core/object"
)

// ownershipControls is the body of PutBucketOwnershipControls: exactly one rule.
type ownershipControls struct {
	Rules []struct {
		ObjectOwnership access.Ownership `xml:"ObjectOwnership"`
	} `xml:"Rule"`
}

// getOwnershipControls answers GET ?ownershipControls.
func (h *Handler) getOwnershipControls(c *call) (*response, error) {
	o := c.bucket.Config.Ownership
	if o == "" {
		return nil, fault.New("get ownership controls", c.bucket.Name, fault.NoSuchOwnershipControls, nil)
	}
	x := newXML("OwnershipControls")
	x.open("Rule")
	x.text("ObjectOwnership", string(o))
	x.close("Rule")
	return x.response(), nil
}

// putOwnershipControls sets who owns new objects. Turning ACLs off is refused while the bucket's ACL gives
// anybody but its owner anything.
func (h *Handler) putOwnershipControls(c *call) (*response, error) {
	var doc ownershipControls
	if err := c.readXML(maxConfigXML, "OwnershipControls", &doc); err != nil {
		return nil, err
	}
	if len(doc.Rules) != 1 || !doc.Rules[0].ObjectOwnership.Valid() {
		return nil, errorOf(codeMalformedXML, "")
	}
	want, owner := doc.Rules[0].ObjectOwnership, c.bucket.AsOwner().ID
	refused := false
	err := h.objects.UpdateBucket(c.ctx, c.bucket.Name, func(cfg *object.BucketConfig) error {
		refused = want == access.BucketOwnerEnforced && !cfg.ACL.OwnerOnly(owner)
		if !refused {
			cfg.Ownership = want
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if refused {
		return nil, errorOf(codeInvalidBucketACL, "")
	}
	return &response{}, nil
}

// deleteOwnershipControls takes the setting away: objects are their writers'.
func (h *Handler) deleteOwnershipControls(c *call) (*response, error) {
	return h.clearConfig(c, func(cfg *object.BucketConfig) { cfg.Ownership = "" })
}
