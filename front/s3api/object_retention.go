package s3api

import (
	"time"

	"shoal/core/object"
)

// retention is the body of PutObjectRetention. An empty one takes the retention away.
type retention struct {
	Mode            string `xml:"Mode"`
	RetainUntilDate string `xml:"RetainUntilDate"`
}

// parse reads the document.
func (d *retention) parse() (r object.Retention, err error) {
	if d.Mode == "" && d.RetainUntilDate == "" {
		return r, nil
	}
	mode, ok := lockModes[d.Mode]
	until, err := time.Parse(time.RFC3339, d.RetainUntilDate)
	if !ok || err != nil {
		return r, errorOf(codeMalformedXML, "")
	}
	return object.Retention{Mode: mode, Until: until}, nil
}

// describeRetention reads the retention that is to be put.
func (h *Handler) describeRetention(c *call) error {
	var doc retention
	if err := c.readLockXML("Retention", &doc); err != nil {
		return err
	}
	var err error
	if c.lock.Retention, err = doc.parse(); err != nil {
		return err
	}
	c.describeRetention(doc.Mode, doc.RetainUntilDate, h.o.Now())
	return c.lock.Retention.Check(h.o.Now())
}

// putObjectRetention replaces the retention of a version.
func (h *Handler) putObjectRetention(c *call) (*response, error) {
	ref, err := c.lockedVersion()
	if err != nil {
		return nil, err
	}
	over := h.bypass(c, c.target.key)
	err = h.objects.SetRetention(c.ctx, c.bucket, c.target.key, ref, c.lock.Retention, over.allowed())
	if err != nil {
		return nil, over.explain(err)
	}
	return &response{}, nil
}

// getObjectRetention answers GET ?retention, also of a retention that is over.
func (h *Handler) getObjectRetention(c *call) (*response, error) {
	if _, err := c.lockedVersion(); err != nil {
		return nil, err
	}
	r := c.version.Lock.Retention
	if r.Mode == object.NoRetention {
		return nil, errorOf(codeNoSuchLock, "")
	}
	x := newXML("Retention")
	x.text("Mode", nameIn(lockModes, r.Mode))
	x.time("RetainUntilDate", r.Until)
	return x.response(), nil
}

// lockedVersion returns which version an operation on the lock of an object is about, when it can have one.
func (c *call) lockedVersion() (object.VersionRef, error) {
	switch {
	case !c.bucket.Config.ObjectLock.Enabled:
		return object.VersionRef{}, errorOf(codeInvalidRequest, "Bucket is missing Object Lock Configuration")
	case c.version.DeleteMarker:
		return object.VersionRef{}, c.markerError()
	}
	return c.versionRef()
}
