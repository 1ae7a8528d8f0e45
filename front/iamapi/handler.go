package iamapi

import (
	"log/slog"
	"mime"
	"net/http"
	"time"

	"shoal/core/account"
	"shoal/wire/sigv4"
)

// globalRegion is what clients sign IAM and the global endpoint of STS for, wherever they are.
const globalRegion = "us-east-1"

// Options sets a Handler up. The zero value works.
type Options struct {
	Region      string           // that signatures name, beside us-east-1; "us-east-1"
	WebIdentity WebIdentity      // nil: no provider can be reached
	Now         func() time.Time // time.Now
	Logger      *slog.Logger     // slog.Default()
}

// Handler is the IAM and STS front. It is an http.Handler.
type Handler struct {
	accounts *account.Store
	verifier *sigv4.Verifier
	actions  map[string]action // by name
	metrics  *metrics
	slots    chan struct{} // one per request being served
	o        Options
}

// New returns the front over the accounts.
func New(accounts *account.Store, o Options) *Handler {
	if o.Region == "" {
		o.Region = globalRegion
	}
	if o.WebIdentity == nil {
		o.WebIdentity = noWebIdentity{}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	h := &Handler{
		accounts: accounts,
		verifier: sigv4.New(sigv4.Options{Region: o.Region, Regions: []string{globalRegion}, Services: []string{serviceIAM, serviceSTS}}),
		actions:  make(map[string]action),
		metrics:  newMetrics(),
		slots:    make(chan struct{}, maxRequests),
		o:        o,
	}
	for _, a := range actions() {
		h.actions[a.name] = a
	}
	return h
}

// Serves reports whether r is for this front and not for S3, which has neither a POST of a form to the service nor a
// parameter Action. That the path is the service's, and no bucket's host, is for the caller to see.
func Serves(r *http.Request) bool {
	if r.URL.Path != "/" {
		return false
	}
	switch r.Method {
	case http.MethodPost:
		kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
		return err == nil && kind == formType
	case http.MethodGet:
		return r.URL.Query().Has("Action")
	}
	return false
}

// ServeHTTP serves one request: see the package comment for its way.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := h.newCall(w, r)
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
	default:
		h.render(w, c, nil, errorOf(codeUnavailable, "Too many requests are being served."))
		return
	}
	result, err := h.serve(c)
	h.render(w, c, result, err)
}

func (h *Handler) serve(c *call) (any, error) {
	for _, step := range []func(*call) error{h.readForm, h.match, h.authenticate, h.validate, h.authorise} {
		if err := step(c); err != nil {
			return nil, err
		}
	}
	if c.action.serve == nil {
		return nil, errorOf(codeNotImplemented, "This action is not implemented.")
	}
	return c.action.serve(h, c)
}

// match finds the action.
func (h *Handler) match(c *call) error {
	name := c.form.get("Action")
	a, ok := h.actions[name]
	if v := c.form.get("Version"); !ok || v != "" && v != versions[a.service] {
		return errorOf(codeInvalidAction, "Could not find operation "+printable(name)+" for version "+printable(v))
	}
	c.action = &a
	return nil
}
