package s3api

import (
	"shoal/core/access"
	"shoal/core/fault"
	"shoal/core/object"
)

// publicAccessBlockConfiguration is the body of PutPublicAccessBlock. What is absent is false.
type publicAccessBlockConfiguration struct {
	BlockPublicAcls       bool `xml:"BlockPublicAcls"`
	IgnorePublicAcls      bool `xml:"IgnorePublicAcls"`
	BlockPublicPolicy     bool `xml:"BlockPublicPolicy"`
	RestrictPublicBuckets bool `xml:"RestrictPublicBuckets"`
}

// getPublicAccessBlock answers GET ?publicAccessBlock.
func (h *Handler) getPublicAccessBlock(c *call) (*response, error) {
	block := c.bucket.Config.PublicAccessBlock
	if block == nil {
		return nil, fault.New("get public access block", c.bucket.Name, fault.NoSuchPublicAccessBlock, nil)
	}
	x := newXML("PublicAccessBlockConfiguration")
	x.bool("BlockPublicAcls", block.BlockPublicAcls)
	x.bool("IgnorePublicAcls", block.IgnorePublicAcls)
	x.bool("BlockPublicPolicy", block.BlockPublicPolicy)
	x.bool("RestrictPublicBuckets", block.RestrictPublicBuckets)
	return x.response(), nil
}

// putPublicAccessBlock replaces all four settings.
func (h *Handler) putPublicAccessBlock(c *call) (*response, error) {
	var doc publicAccessBlockConfiguration
	if err := c.readXML(maxConfigXML, "PublicAccessBlockConfiguration", &doc); err != nil {
		return nil, err
	}
	block := access.PublicAccessBlock(doc)
	err := h.objects.UpdateBucket(c.ctx, c.bucket.Name, func(cfg *object.BucketConfig) error {
		cfg.PublicAccessBlock = &block
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &response{}, nil
}

// deletePublicAccessBlock takes all four settings away.
func (h *Handler) deletePublicAccessBlock(c *call) (*response, error) {
	return h.clearConfig(c, func(cfg *object.BucketConfig) { cfg.PublicAccessBlock = nil })
}
