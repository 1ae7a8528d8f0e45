package s3api

import (
	"net/http"

	"shoal/core/object"
)

// deleteObject answers DELETE of an object or a version. What is not there is deleted already.
func (h *Handler) deleteObject(c *call) (*response, error) {
	if err := c.refuseUnsupported(); err != nil {
		return nil, err
	}
	ref, err := c.versionRef()
	if err != nil {
		return nil, err
	}
	condition, err := c.deleteCondition()
	if err != nil {
		return nil, err
	}
	over := h.bypass(c, c.target.key)
	done, err := h.objects.Delete(c.ctx, object.DeleteRequest{
		Bucket: c.bucket, Key: c.target.key, Ref: ref, Condition: condition, Owner: c.bucket.OwnerOfNew(c.requester),
		By: c.eventBy(), Bypass: ref.Set && over.allowed(),
	})
	if err != nil {
		return nil, over.explain(err)
	}
	head := http.Header{}
	if done.DeleteMarker {
		head.Set("X-Amz-Delete-Marker", "true")
	}
	switch {
	case ref.Set:
		head.Set("X-Amz-Version-Id", c.query.get("versionId"))
	case done.DeleteMarker:
		head.Set("X-Amz-Version-Id", done.ClientID())
	}
	return &response{status: http.StatusNoContent, header: head}, nil
}
