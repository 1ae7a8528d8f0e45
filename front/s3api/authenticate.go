package s3api

import (
	"shoal/core/access"
	"shoal/core/fault"
	"shoal/wire/sigv4"
)

// parseClaim reads how c says it is signed, and the query in the reading that is signed.
func (h *Handler) parseClaim(c *call) error {
	claim, err := h.verifier.Parse(c.http)
	if err != nil {
		return err
	}
	c.claim, c.query = claim, query(claim.Query)
	return nil
}

// authenticate finds out who asks, and opens the body that the signature covers.
func (h *Handler) authenticate(c *call) error {
	if c.operation.open {
		return nil // a browser sends no credentials, and in a presigned URL those of another method
	}
	if c.operation.takesForm() {
		return h.authenticateForm(c)
	}
	verified, err := h.verify(c)
	if err != nil {
		return err
	}
	if c.claim.Mechanism == sigv4.Presigned {
		c.adoptEncryption()
	}
	h.describeRequest(c)
	return h.openBody(c, verified)
}

func (h *Handler) verify(c *call) (*sigv4.Verified, error) {
	if c.claim.Mechanism == sigv4.Anonymous {
		return h.verifier.Anonymous(c.claim)
	}
	who, err := h.accounts.Caller(c.ctx, c.claim.AccessKeyID, c.claim.SecurityToken)
	if fault.Is(err, fault.NoSuchAccessKey) {
		return nil, errorOf(codeInvalidAccessKeyID, "", element{"AWSAccessKeyId", c.claim.AccessKeyID})
	}
	if err != nil {
		return nil, err
	}
	verified, err := h.verifier.Verify(c.claim, who.Key.Secret.Reveal(), h.o.Now())
	if err != nil {
		return nil, err
	}
	h.accounts.NoteUse(who, c.claim.Scope.Service, c.claim.Scope.Region)
	c.principal = who.Principal
	c.requester = access.Owner{ID: who.Account.CanonicalID, DisplayName: who.Account.DisplayName}
	return verified, nil
}
