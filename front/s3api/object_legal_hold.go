package s3api

import (
	"bytes"

	"shoal/core/access"
	"shoal/core/object"
)

// readLockXML reads the body of an operation on the lock of an object, which comes with a hash of it (S3 API
// reference, PutObjectRetention).
func (c *call) readLockXML(root string, into any) error {
	if !c.hasDigest() {
		return errMissingDigest()
	}
	data, err := c.document(maxConfigXML)
	if err != nil {
		return err
	}
	if len(bytes.TrimSpace(data)) == 0 || decodeXML(data, root, into) != nil {
		return errorOf(codeMalformedXML, "")
	}
	return nil
}

// describeLegalHold reads the legal hold that is to be put.
func (h *Handler) describeLegalHold(c *call) error {
	var doc struct {
		Status string `xml:"Status"`
	}
	if err := c.readLockXML("LegalHold", &doc); err != nil {
		return err
	}
	hold, ok := legalHolds[doc.Status]
	if !ok {
		return errorOf(codeMalformedXML, "")
	}
	c.lock.LegalHold = hold
	c.setFact(access.KeyLegalHold, doc.Status)
	return nil
}

// putObjectLegalHold puts a legal hold on a version or takes it off.
func (h *Handler) putObjectLegalHold(c *call) (*response, error) {
	ref, err := c.lockedVersion()
	if err != nil {
		return nil, err
	}
	if err := h.objects.SetLegalHold(c.ctx, c.bucket, c.target.key, ref, c.lock.LegalHold); err != nil {
		return nil, err
	}
	return &response{}, nil
}

// getObjectLegalHold answers GET ?legal-hold.
func (h *Handler) getObjectLegalHold(c *call) (*response, error) {
	if _, err := c.lockedVersion(); err != nil {
		return nil, err
	}
	hold := c.version.Lock.LegalHold
	if hold == object.NoLegalHold {
		return nil, errorOf(codeNoSuchLock, "")
	}
	x := newXML("LegalHold")
	x.text("Status", nameIn(legalHolds, hold))
	return x.response(), nil
}
