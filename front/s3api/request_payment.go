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

// tellCharged says in an answer that the requester is charged.
func (r *response) tellCharged() {
	if r.header == nil {
		r.header = http.Header{}
	}
	r.header.Set("X-Amz-Request-Charged", requesterPays)
}
