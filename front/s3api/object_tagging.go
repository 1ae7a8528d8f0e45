package s3api

import (
	"net/http"

	"shoal/core/access"
	"shoal/core/object"
)

// getObjectTagging answers GET ?tagging of an object.
func (h *Handler) getObjectTagging(c *call) (*response, error) {
	if c.version.DeleteMarker {
		return nil, c.markerError()
	}
	answer := taggingDocument(c.version.Tags).response()
	c.setVersionID(answer.header, c.version)
	return answer, nil
}

// describeObjectTags reads the tags that are to be set.
func (h *Handler) describeObjectTags(c *call) error {
	if err := c.readTags(object.MaxObjectTags); err != nil {
		return err
	}
	c.access.SetRequestTags(c.tags)
	return nil
}

// putObjectTagging replaces the tags of an object.
func (h *Handler) putObjectTagging(c *call) (*response, error) {
	tags := c.tags
	if tags == nil {
		tags = []access.Tag{} // nil takes them away, which is another event
	}
	return h.setTags(c, tags, http.StatusOK)
}

// deleteObjectTagging takes all tags of an object away.
func (h *Handler) deleteObjectTagging(c *call) (*response, error) {
	return h.setTags(c, nil, http.StatusNoContent)
}

func (h *Handler) setTags(c *call, tags []access.Tag, status int) (*response, error) {
	if c.version.DeleteMarker {
		return nil, c.markerError()
	}
	ref, err := c.versionRef()
	if err != nil {
		return nil, err
	}
	if err := h.objects.SetTags(c.ctx, c.bucket, c.target.key, ref, tags, c.eventBy()); err != nil {
		return nil, err
	}
	answer := &response{status: status, header: http.Header{}}
	c.setVersionID(answer.header, c.version)
	return answer, nil
}
