package s3api

import (
	"net/http"

	"shoal/core/object"
)

// Values of Payer and of x-amz-request-payer.
const (
	payerOwner     = "BucketOwner"
	payerRequester = "Requester"
	requesterPays  = "requester"
)

// requestPayment is the body of PutBucketRequestPayment.
type requestPayment struct {
	Payer string `xml:"Payer"`
}

// getRequestPayment answers GET ?requestPayment.
func (h *Handler) getRequestPayment(c *call) (*response, error) {
	payer := payerOwner
	if c.bucket.Config.RequesterPays {
		payer = payerRequester
	}
	x := newXML("RequestPaymentConfiguration")
	x.text("Payer", payer)
	return x.response(), nil
}

// putRequestPayment sets who pays for requests.
func (h *Handler) putRequestPayment(c *call) (*response, error) {
	var doc requestPayment
	if err := c.readXML(maxConfigXML, "RequestPaymentConfiguration", &doc); err != nil {
		return nil, err
	}
	if doc.Payer != payerOwner && doc.Payer != payerRequester {
		return nil, errorOf(codeMalformedXML, "")
	}
	err := h.objects.UpdateBucket(c.ctx, c.bucket.Name, func(cfg *object.BucketConfig) error {
		cfg.RequesterPays = doc.Payer == payerRequester
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &response{}, nil
}

// pays reports whether the request says that its requester pays: in a header, or in the query of a presigned URL.
func (c *call) pays() bool {
	const name = "x-amz-request-payer"
	return c.http.Header.Get(name) == requesterPays || c.query.get(name) == requesterPays
}

// charged reports whether the requester and not the bucket's owner pays for what was answered: also for an error, but for
// a refusal (S3 user guide, "How Requester Pays charges work").
func (c *call) charged(out outcome) bool {
	if c.bucket == nil || !c.bucket.Config.RequesterPays || c.operation == nil || c.anonymous() || out.code == codeAccessDenied {
		return false
	}
	return c.question(c.operation.action, c.target.key).Charged()
}

// tellsCharged reports whether what c does, which succeeded, is charged to the requester: in its bucket, or in that which
// a copy is of.
func (c *call) tellsCharged() bool {
	return c.question(c.operation.action, c.target.key).Charged() || c.copied != nil && c.copied.charged
}

// tellCharged says in an answer that the requester is charged.
func (r *response) tellCharged() {
	if r.header == nil {
		r.header = http.Header{}
	}
	r.header.Set("X-Amz-Request-Charged", requesterPays)
}
