package s3api

import (
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"shoal/core/account"
	"shoal/core/budget"
	"shoal/core/meter"
	"shoal/core/object"
	"shoal/core/quota"
	"shoal/wire/sigv4"
	"shoal/wire/torrent"
)

// Options sets a Handler up. The zero value works.
type Options struct {
	Region  string   // that signatures name; "us-east-1"
	Domains []string // under which buckets are virtual hosts
	// WebsiteDomains are those under which buckets are websites.
	WebsiteDomains []string
	MaxRequests    int    // served at the same time; 1024. Further ones get 503 SlowDown
	Ownership      string // object ownership of new buckets: "BucketOwnerPreferred"

	// TorrentKind is what ?torrent answers unless it is asked for another kind: torrent.V1.
	TorrentKind torrent.Kind

	// Announce returns the announce URLs for a client that reached us under host (no port).
	Announce func(host string) []string
	// PrivateAnnounce returns those of a private torrent, with its token.
	PrivateAnnounce func(host, token string) []string
	// Peers returns where that client reaches our seeder, for magnet links: addresses, as clients take no
	// names there.
	Peers func(host string) []netip.AddrPort

	PlainKeys PlainKeys // PlainKeysLoopback

	WebSeed WebSeed // what a .torrent lists: WebSeedOff
	// Replicated reports whether the peers of a torrent have a whole copy between them.
	Replicated func(torrent.InfoHash) bool
	// TorrentGiven is told of each torrent that is given out and that the asker may have without signing.
	TorrentGiven func(*object.Torrent)
	Quota        Quota   // none: no quotas
	Budgets      Budgets // none: no budgets
	// EventTarget returns the name of the target of events that an ARN stands for, "" when there is none.
	EventTarget func(arn string) string

	Now    func() time.Time // time.Now
	Logger *slog.Logger     // slog.Default()
}

// Handler is the S3 REST front. It is an http.Handler and safe for concurrent use.
type Handler struct {
	objects  *object.Store
	accounts *account.Store
	meter    meter.Recorder
	verifier *sigv4.Verifier
	table    *table
	website  operation
	metrics  *metrics
	slots    chan struct{} // one per request being served
	cors     documentCache[corsConfiguration]
	websites documentCache[websiteConfiguration]
	pages    sync.Pool // of *page, for newPage
	logLines sync.Pool // of *[]byte, for recordLogged
	o        Options
}

// New returns the front over the given parts of the core.
func New(objects *object.Store, accounts *account.Store, recorder meter.Recorder, o Options) *Handler {
	o = o.withDefaults()
	return &Handler{
		objects: objects, accounts: accounts, meter: recorder,
		verifier: sigv4.New(sigv4.Options{Region: o.Region, EnforceMinSize: true}),
		table:    newTable(operations()),
		website:  websiteOperation(),
		metrics:  newMetrics(),
		slots:    make(chan struct{}, o.MaxRequests),
		o:        o,
	}
}

func (o Options) withDefaults() Options {
	if o.Region == "" {
		o.Region = "us-east-1"
	}
	if o.MaxRequests == 0 {
		o.MaxRequests = 1024
	}
	if o.Ownership == "" {
		o.Ownership = "BucketOwnerPreferred"
	}
	if o.Announce == nil {
		o.Announce = func(string) []string { return nil }
	}
	if o.PrivateAnnounce == nil {
		o.PrivateAnnounce = func(string, string) []string { return nil }
	}
	if o.Peers == nil {
		o.Peers = func(string) []netip.AddrPort { return nil }
	}
	if o.Replicated == nil {
		o.Replicated = func(torrent.InfoHash) bool { return false }
	}
	if o.TorrentGiven == nil {
		o.TorrentGiven = func(*object.Torrent) {}
	}
	if o.Quota == nil {
		o.Quota = quota.Unlimited{}
	}
	if o.Budgets == nil {
		o.Budgets = budget.Unlimited{}
	}
	if o.EventTarget == nil {
		o.EventTarget = func(string) string { return "" }
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return o
}

// ServeHTTP serves one request: see the package comment for its way.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	continueEmpty(w, r)
	c := h.newCall(w, r)
	defer h.abortPanic(c)
	// The deadline of the last answer on this connection is over; this one's begins in render.
	_ = c.control.SetWriteDeadline(time.Time{})
	select {
	case h.slots <- struct{}{}:
		// The slot is held until the answer is out: bytes on their way cost as much as the lookup.
		defer func() { <-h.slots }()
	default:
		h.render(w, c, nil, errorOf(codeSlowDown, "").withHeader("Retry-After", "1"))
		return
	}
	answer, err := h.serve(c)
	c.cors = h.corsHeader(c)
	h.render(w, c, answer, err)
}

// continueEmpty answers an expectation (RFC 9110, 10.1.1) for an empty body, which net/http passes over: an AWS
// client in Python that got a final answer in its place misreads the next one on the connection and hangs.
func continueEmpty(w http.ResponseWriter, r *http.Request) {
	if r.ContentLength == 0 && r.ProtoAtLeast(1, 1) && strings.EqualFold(r.Header.Get("Expect"), "100-continue") {
		w.WriteHeader(http.StatusContinue)
	}
}

func (h *Handler) serve(c *call) (*response, error) {
	if bucket, ok := hostBucket(c.http.Host, h.o.WebsiteDomains); ok {
		return h.serveWebsite(c, bucket)
	}
	steps := []func(*call) error{h.parseTarget, h.parseClaim, h.match, h.authenticate, h.load, h.describe, h.authorise, h.checkCORS}
	for _, step := range steps {
		if err := step(c); err != nil {
			return nil, err
		}
	}
	if c.operation.serve == nil {
		return nil, errorOf(codeNotImplemented, "This operation is not implemented.")
	}
	answer, err := c.operation.serve(h, c)
	if err == nil && c.tellsCharged() {
		answer.tellCharged()
	}
	return answer, err
}

// describe lets the operation tell policies what is in the body.
func (h *Handler) describe(c *call) error {
	if c.operation.describe == nil {
		return nil
	}
	return c.operation.describe(h, c)
}

// match finds the operation.
func (h *Handler) match(c *call) error {
	if err := c.misplaced(); err != nil {
		return err
	}
	op, err := h.table.match(c.http.Method, c.target.scope, c.query, c.http.Header)
	if err != nil {
		return c.methodNotAllowed().withHeader("Allow", h.table.allowed(c.target.scope, c.query, c.http.Header))
	}
	c.operation = op
	if op.locks() && c.query.get("versionId") == "" {
		// The AWS SDK for Go names no version by an empty id; to a lock that is the current one.
		c.query = c.query.without("versionId")
	}
	return nil
}

// misplaced refuses what S3 knows as a mistake, in its words: parameters of a bucket on a key, and parts of what
// makes an operation without the rest.
func (c *call) misplaced() error {
	method, source := c.http.Method, c.http.Header.Get("x-amz-copy-source")
	switch {
	case source != "" && method != http.MethodPut:
		return invalidArgument("You can only specify a copy source header for copy requests.", "x-amz-copy-source", source)
	case c.target.scope != objectScope:
		return nil
	case method == http.MethodGet && c.query.has("uploads"):
		return errorOf(codeInvalidRequest, "Key is not expected for the GET method ?uploads subresource")
	case method == http.MethodGet && c.query.has("versions"):
		return errorOf(codeInvalidRequest, "There is no such thing as the ?versions sub-resource for a key")
	case method == http.MethodPut && c.query.has("partNumber") && !c.query.has("uploadId"):
		// Of an upload whose id got lost: the part must not replace the object.
		return invalidArgument("This operation does not accept partNumber without uploadId", "partNumber", "partNumber")
	}
	return nil
}
