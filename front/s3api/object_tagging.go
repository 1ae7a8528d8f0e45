package s3api

// getObjectTagging answers GET ?tagging of an object: none can have tags yet.
func (h *Handler) getObjectTagging(c *call) (*response, error) {
	if c.version.DeleteMarker {
		return nil, c.markerError()
	}
	x := newXML("Tagging")
	x.text("TagSet", "")
	answer := x.response()
	c.setVersionID(answer.header, c.version)
	return answer, nil
}
