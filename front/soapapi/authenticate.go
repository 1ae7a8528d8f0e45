package soapapi

import (
	"strconv"
	"time"

	"shoal/core/access"
	"shoal/core/fault"
	"shoal/wire/soap"
)

// authenticate finds out who asks, and describes the request for policies.
func (h *Handler) authenticate(c *call) error {
	if err := h.verify(c); err != nil {
		return err
	}
	h.describeRequest(c)
	return nil
}

// verify checks the signature of c. A request without any of its elements is anonymous.
func (h *Handler) verify(c *call) error {
	r := &c.request
	key, timestamp, signature := r.token("AWSAccessKeyId"), r.text("Timestamp"), r.token("Signature")
	switch {
	case r.token("Credential") != "":
		// S3 developer guide, Authenticating SOAP requests: no temporary credentials.
		return errorOf(codeInvalidToken, "")
	case key == "" && timestamp == "" && signature == "":
		return nil
	case key == "" || timestamp == "" || signature == "":
		return errorOf(codeMissingSecurityElement, "")
	}
	who, err := h.accounts.Caller(c.ctx, key, "")
	if fault.Is(err, fault.NoSuchAccessKey) {
		return errorOf(codeInvalidAccessKeyID, "", soap.Detail{Name: "AWSAccessKeyId", Value: key})
	}
	if err != nil {
		return err
	}
	if err := h.checkTime(r); err != nil {
		return err
	}
	if !soap.Verify(who.Key.Secret.Reveal(), r.name, timestamp, signature) {
		return errorOf(codeSignatureDoesNotMatch, "",
			soap.Detail{Name: "AWSAccessKeyId", Value: key},
			soap.Detail{Name: "StringToSign", Value: soap.StringToSign(r.name, timestamp)},
			soap.Detail{Name: "SignatureProvided", Value: signature})
	}
	h.accounts.NoteUse(who, "s3", h.o.Region)
	c.principal = who.Principal
	c.requester = access.Owner{ID: who.Account.CanonicalID, DisplayName: who.Account.DisplayName}
	return nil
}

// checkTime holds the timestamp against our clock.
func (h *Handler) checkTime(r *request) error {
	at, err := r.moment("Timestamp")
	if err != nil {
		return err
	}
	now := h.o.Now()
	if skew := now.Sub(at).Abs(); skew <= maxSkew {
		return nil
	}
	return errorOf(codeRequestTimeTooSkewed, "",
		soap.Detail{Name: "RequestTime", Value: r.token("Timestamp")},
		soap.Detail{Name: "ServerTime", Value: now.UTC().Format(time.RFC3339)},
		soap.Detail{Name: "MaxAllowedSkewMilliseconds", Value: strconv.FormatInt(maxSkew.Milliseconds(), 10)})
}
