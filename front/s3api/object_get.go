package s3api

import (
	"net/http"
	"strconv"
	"strings"

	"shoal/core/fault"
)

// getObject answers GET of an object.
func (h *Handler) getObject(c *call) (*response, error) {
	answer, err := h.openObject(c)
	if !fault.Is(err, fault.NoSuchKey) || c.version.DeleteMarker {
		return answer, err
	}
	// The object was replaced between the lookup and the first read: look again, once.
	if err := h.load(c); err != nil {
		return nil, err
	}
	if err := h.authorise(c); err != nil {
		return nil, err
	}
	return h.openObject(c)
}

func (h *Handler) openObject(c *call) (*response, error) {
	answer, s, err := h.describeObject(c)
	if err != nil {
		return nil, err
	}
	if err := h.budgetAllows(c); err != nil {
		return nil, err
	}
	if err := h.o.Quota.MaySend(c.ctx, c.bucket.Limited()); err != nil {
		return nil, err
	}
	r, err := h.objects.Open(c.ctx, c.version, s.off, s.n)
	if err != nil {
		return nil, err
	}
	answer.stream, answer.opened = r, c
	return answer, nil
}

// headObject answers HEAD of an object.
func (h *Handler) headObject(c *call) (*response, error) {
	answer, _, err := h.describeObject(c)
	return answer, err
}

// describeObject makes the answer to a GET or HEAD of the version, but for the bytes.
func (h *Handler) describeObject(c *call) (*response, span, error) {
	v := c.version
	if v.DeleteMarker {
		return nil, span{}, c.markerError()
	}
	if err := h.unlock(c); err != nil {
		return nil, span{}, err
	}
	if err := c.checkRead(); err != nil {
		return nil, span{}, err
	}
	if err := h.yieldToCrowd(c); err != nil {
		return nil, span{}, err
	}
	s, err := h.span(c)
	if err != nil {
		return nil, s, err
	}
	head := c.versionHeader(v)
	if err := c.override(head); err != nil {
		return nil, s, err
	}
	answer := &response{header: head, length: s.n}
	if s.partial {
		answer.status = http.StatusPartialContent
		head.Set("Content-Range", s.contentRange(v.Size))
	}
	if s.parts > 0 {
		head.Set("X-Amz-Mp-Parts-Count", strconv.Itoa(s.parts))
	}
	// A checksum is that of the whole object.
	if strings.EqualFold(c.http.Header.Get("x-amz-checksum-mode"), "ENABLED") && s.n == v.Size {
		setChecksum(head, v.Checksum)
	}
	h.setTagCount(c, head)
	h.setLock(c, head)
	if !c.query.has("versionId") {
		h.setExpiration(c, head, v)
	}
	return answer, s, h.setTorrentHeader(c, head)
}

// markerError is the answer to a read of a delete marker: absent as the current version, and not to be read
// as the version that the client named.
// (S3 user guide, Working with delete markers).
func (c *call) markerError() error {
	v := c.version
	e := errorOf(codeNoSuchKey, "", element{"Key", c.target.key})
	if c.query.has("versionId") {
		e = errorOf(codeMethodNotAllowed, "", element{"Method", c.http.Method}, element{"ResourceType", "DeleteMarker"}).
			withHeader("Allow", http.MethodDelete).
			withHeader("Last-Modified", v.Modified.UTC().Format(http.TimeFormat))
	}
	return e.withHeader("X-Amz-Delete-Marker", "true").withHeader("X-Amz-Version-Id", v.ClientID())
}
