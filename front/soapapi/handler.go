package soapapi

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"shoal/core/account"
	"shoal/core/budget"
	"shoal/core/meter"
	"shoal/core/object"
	"shoal/core/quota"
	"shoal/wire/soap"
)

// Quota holds buckets and accounts to their quotas; quota.Keeper is the one in the binary.
type Quota interface {
	// Admit makes room for what a request adds, or is QuotaExceeded. done is called once.
	Admit(ctx context.Context, b quota.Bucket, adds quota.Held) (done func(added bool), err error)
	// MaySend is QuotaExceeded when b may send no more this month.
	MaySend(ctx context.Context, b quota.Bucket) error
}

// Budgets say which action is in force for a bucket and the account that pays; budget.Keeper is the one in the binary.
type Budgets interface {
	InForce(account, bucket string) budget.Action
}

// Options sets a Handler up. The zero value works.
type Options struct {
	Region    string  // that uses of access keys are noted for; "us-east-1"
	Ownership string  // object ownership of new buckets: "BucketOwnerPreferred"
	OverHTTP  bool    // serve requests that come without TLS, too
	Quota     Quota   // none: no quotas
	Budgets   Budgets // none: no budgets

	Now    func() time.Time // time.Now
	Logger *slog.Logger     // slog.Default()
}

// Handler is the SOAP front. It is an http.Handler.
type Handler struct {
	objects    *object.Store
	accounts   *account.Store
	meter      meter.Recorder
	operations map[string]operation // by name
	metrics    *metrics
	long       chan struct{} // one per long envelope being read or served
	o          Options
}

// New returns the front over the given parts of the core.
func New(objects *object.Store, accounts *account.Store, recorder meter.Recorder, o Options) *Handler {
	if o.Region == "" {
		o.Region = defaultRegion
	}
	if o.Ownership == "" {
		o.Ownership = "BucketOwnerPreferred"
	}
	if o.Quota == nil {
		o.Quota = quota.Unlimited{}
	}
	if o.Budgets == nil {
		o.Budgets = budget.Unlimited{}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	h := &Handler{
		objects: objects, accounts: accounts, meter: recorder, operations: make(map[string]operation),
		metrics: newMetrics(), long: make(chan struct{}, longEnvelopes), o: o,
	}
	for _, op := range operations() {
		h.operations[op.name] = op
	}
	return h
}

const path = "/soap"

// Serves reports whether r is a message of SOAP. What else is sent to this path is for a bucket of that name: S3 has no
// POST of these media types without a query.
func Serves(r *http.Request) bool {
	if r.Method != http.MethodPost || r.URL.Path != path || r.URL.RawQuery != "" {
		return false
	}
	_, ok := soap.PackagingOf(r.Header.Get("Content-Type"))
	return ok
}

// ServeHTTP serves one request: see the package comment for its way.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := h.newCall(w, r)
	defer h.abortPanic(c)
	defer c.release()
	a, err := h.serve(c)
	if err != nil {
		// Many clients listen only once all is sent, and would miss a fault.
		_, _ = io.CopyN(io.Discard, &c.body, maxDrain)
	}
	h.render(c, a, err)
}

// Busy answers a request for which there is no place.
func (h *Handler) Busy(w http.ResponseWriter, r *http.Request) {
	h.render(h.newCall(w, r), nil, errorOf(codeSlowDown, ""))
}

func (h *Handler) serve(c *call) (*answer, error) {
	for _, step := range []func(*call) error{h.checkTransport, h.readMessage, h.authenticate, h.load, h.authorise} {
		if err := step(c); err != nil {
			return nil, err
		}
	}
	if c.operation.serve == nil {
		return nil, errorOf(codeNotImplemented, "")
	}
	return c.operation.serve(h, c)
}

// checkTransport: a signature covers neither the content nor the key, so that only TLS keeps a request as it was sent.
func (h *Handler) checkTransport(c *call) error {
	if c.http.TLS != nil || h.o.OverHTTP {
		return nil
	}
	return errorOf(codeInvalidRequest, "SOAP requests must be made over an HTTPS connection.")
}

// abortPanic is deferred around the serving of a request. A panic is a broken invariant of ours: it is logged as such,
// and the connection is cut, as nobody knows how much of an answer is out.
func (h *Handler) abortPanic(c *call) {
	p := recover()
	if p == nil {
		return
	}
	if p != http.ErrAbortHandler {
		h.o.Logger.LogAttrs(c.ctx, slog.LevelError, "soap request panicked", slog.String("request_id", c.requestID),
			slog.String("operation", c.operationName()), slog.String("panic", fmt.Sprint(p)), slog.String("stack", string(debug.Stack())))
	}
	panic(http.ErrAbortHandler)
}
