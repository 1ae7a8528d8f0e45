package s3api

import (
	"net/http"

	"shoal/core/object"
)

// getBucketTagging answers GET ?tagging of a bucket; without tags NoSuchTagSet.
func (h *Handler) getBucketTagging(c *call) (*response, error) {
	var doc tagging
	found, err := h.readDocument(c.ctx, c.bucket, object.TaggingDocument, "Tagging", &doc)
	if err != nil {
		return nil, err
	}
	tags, _ := doc.list()
	if !found || len(tags) == 0 {
		return nil, errorOf(codeNoSuchTagSet, "", element{"BucketName", c.bucket.Name})
	}
	return taggingDocument(tags).response(), nil
}

// describeBucketTags reads the tags that are to be set.
func (h *Handler) describeBucketTags(c *call) error {
	if err := c.readTags(object.MaxBucketTags); err != nil {
		return err
	}
	c.access.SetBucketRequestTags(c.tags)
	return nil
}

// putBucketTagging replaces the tags of a bucket.
func (h *Handler) putBucketTagging(c *call) (*response, error) {
	return h.putDocument(c, object.TaggingDocument, taggingDocument(c.tags).bytes(), http.StatusNoContent)
}

// deleteBucketTagging takes all tags of a bucket away.
func (h *Handler) deleteBucketTagging(c *call) (*response, error) {
	return h.putDocument(c, object.TaggingDocument, nil, http.StatusNoContent)
}
