package soapapi

import (
	"shoal/core/access"
	"shoal/core/object"
)

// authorise decides whether the requester may do the operation, and what it may know of what is not there.
func (h *Handler) authorise(c *call) error {
	if c.operation.signed != "" && c.anonymous() {
		return errorOf(codeAccessDenied, c.operation.signed)
	}
	if c.bucket != nil && c.bucket.Config.RequesterPays {
		// S3 user guide, Using Requester Pays buckets: no SOAP.
		return errorOf(codeAccessDenied, "Requester Pays buckets cannot be used by SOAP.")
	}
	q := c.question(c.operation.action, c.bucket, c.key)
	if c.absent != nil {
		return tellAbsence(q, c.absent)
	}
	if c.version != nil {
		q.Object, c.size = facts(c.version), c.version.Size
	}
	d := access.Decide(q)
	c.byACL = d.Allowed && d.Reason == access.ByACL
	return refusal(q, d)
}

// allowed returns the refusal of q, nil when it is allowed.
func allowed(q access.Query) error {
	return refusal(q, access.Decide(q))
}

// refusal returns what is said of d, nil when it allows q.
func refusal(q access.Query, d access.Decision) error {
	if d.Allowed {
		return nil
	}
	return errorOf(codeAccessDenied, q.Refusal(d))
}

// tellAbsence returns what is said of an object that is not there: only who may list learns of it.
func tellAbsence(q access.Query, absent error) error {
	if access.MayKnowAbsence(q) {
		return absent
	}
	if err := allowed(q); err != nil {
		return err
	}
	q.Action, q.Key = access.ListBucket, ""
	return errorOf(codeAccessDenied, q.Refusal(access.Decide(q)))
}

func (c *call) question(action access.Action, b *object.Bucket, key string) access.Query {
	q := access.Query{Principal: c.principal, Action: action, Key: key, Context: c.access}
	q.Bucket.Name = c.bucketName // of one to be made, too
	if b != nil {
		q.Bucket = b.Access()
	}
	return q
}

func facts(v *object.Version) *access.Object {
	o := v.Access()
	return &o
}
