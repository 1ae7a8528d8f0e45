package s3api

import (
	"errors"

	"shoal/core/budget"
	"shoal/core/meter"
)

// errBudgetUsedUp ends an answer whose client would not be served any more.
var errBudgetUsedUp = errors.New("the budget of the bucket is used up: the answer was cut off")

// outgoing is the content of an object on its way out: it counts while it goes, until a budget refuses it. The zero value is
// another answer, which counts when it is over.
type outgoing struct {
	h        *Handler
	c        *call // that opened the object
	transfer meter.Transfer
}

// outgoing returns the way out of an object that c opened.
func (h *Handler) outgoing(c *call) outgoing {
	payer := c.bucket.Owner
	if c.charged(outcome{}) {
		payer = string(c.principal.CanonicalID)
	}
	return outgoing{h, c, meter.Begin(h.meter, meter.Scope{Account: payer, Bucket: c.bucket.Name}, c.started)}
}

// next is asked, after the first stretch, before each one. written is what has gone.
func (o *outgoing) next(written int64) error {
	if o.c == nil || written == 0 {
		return nil
	}
	o.transfer.Sent(written)
	if o.h.refusal(o.c) != budget.None {
		return errBudgetUsedUp
	}
	return nil
}
