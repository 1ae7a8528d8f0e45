package admin

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"shoal/core/accesslog"
	"shoal/core/account"
	"shoal/core/billing"
	"shoal/core/fault"
	"shoal/core/meter"
	"shoal/core/object"
	"shoal/core/savings"
)

// PathPrefix is where the API is mounted on the S3 address. It is no bucket name.
const PathPrefix = "/_shoal/admin"

// maxBody bounds a request body in bytes.
const maxBody = 64 << 10

// Options sets a Handler up. The zero value works.
type Options struct {
	Status func() Status  // live state; zero when nil
	Swarms func() []Swarm // live swarms, in any order, without what NewSwarmReport computes; none when nil
	Region string         // of all buckets, whose code stands before usage types; "" is us-east-1, which has none
	// DeliverLogs delivers the access logs that are not delivered yet; nil when that cannot be done here.
	DeliverLogs func(context.Context) (accesslog.Delivered, error)
	Logger      *slog.Logger // slog.Default()

	// Savings returns what torrents spared in a month, of one account unless that is ""; nothing when nil.
	Savings func(context.Context, billing.Month, string) ([]savings.Line, error)

	Plan *billing.Plan // of statements, budgets and savings; billing.Default

	EventTarget func(name string) bool // whether alarms of budgets can be sent to it; any when nil: no server is asked

	Now func() time.Time // time.Now
}

// Handler serves the control API, as root has it, to whoever reaches it: who may is decided by where it is mounted. As
// serves others.
type Handler struct {
	accounts *account.Store
	meter    *meter.Meter
	objects  *object.Store
	o        Options
	mux      *http.ServeMux

	accountRoutes map[string]bool // by pattern of mux, whether it is not for root alone
	reports       chan struct{}   // one for each report that is being made
}

// New returns the API over the given parts of the core.
func New(accounts *account.Store, m *meter.Meter, objects *object.Store, o Options) *Handler {
	if o.Status == nil {
		o.Status = func() Status { return Status{} }
	}
	if o.Swarms == nil {
		o.Swarms = func() []Swarm { return nil }
	}
	if o.Plan == nil {
		o.Plan = billing.Default()
	}
	if o.EventTarget == nil {
		o.EventTarget = func(string) bool { return true }
	}
	if o.Savings == nil {
		o.Savings = func(context.Context, billing.Month, string) ([]savings.Line, error) { return nil, nil }
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	h := &Handler{
		accounts: accounts, meter: m, objects: objects, o: o, mux: http.NewServeMux(),
		accountRoutes: make(map[string]bool), reports: make(chan struct{}, maxReports),
	}
	for _, r := range h.routes() {
		h.mux.HandleFunc(r.pattern, r.serve)
		h.accountRoutes[r.pattern] = r.accounts
	}
	return h
}

// route is one row of the table of routes.
type route struct {
	pattern  string // of http.ServeMux
	serve    http.HandlerFunc
	accounts bool // not for root alone: serve decides who may, by billedAccount
}

func (h *Handler) routes() []route {
	return []route{
		{"GET /v1/users", h.json(h.users), false},
		{"POST /v1/users", h.json(h.createUser), false},
		{"GET /v1/users/{name}", h.json(h.user), false},
		{"PATCH /v1/users/{name}", h.json(h.setUser), false},
		{"DELETE /v1/users/{name}", h.json(h.deleteUser), false},
		{"GET /v1/buckets/{name}", h.json(h.bucket), false},
		{"PATCH /v1/buckets/{name}", h.json(h.setBucket), false},
		{"POST /v1/access-logs/delivery", h.json(h.deliverLogs), false},
		{"POST /v1/fsck", h.json(h.fsck), false},
		{"GET /v1/status", h.json(h.status), false},
		{"GET /v1/swarms", h.json(h.swarms), false},
		{"GET /v1/accounts", h.json(h.listAccounts), true},
		{"GET /v1/savings", h.report(h.savings), true},
		{"GET /v1/usage", h.report(h.usage), true},
		{"GET /v1/statements", h.report(h.statements), true},
		{"POST /v1/statements", h.report(h.statements), true},
		{"GET /v1/budgets", h.json(h.budgets), true},
		{"POST /v1/budgets", h.json(h.createBudget), true},
		{"GET /v1/budgets/{name}", h.json(h.budget), true},
		{"PATCH /v1/budgets/{name}", h.json(h.setBudget), true},
		{"DELETE /v1/budgets/{name}", h.json(h.deleteBudget), true},
	}
}

// ServeHTTP serves paths from /v1 on: a mount strips its prefix.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := h.admits(r); err != nil {
		h.fail(w, r, err)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	h.mux.ServeHTTP(w, r)
}

// json renders what an operation returns; nil is 204.
func (h *Handler) json(serve func(*http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v, err := serve(r)
		switch {
		case err != nil:
			h.fail(w, r, err)
		case v == nil:
			w.WriteHeader(http.StatusNoContent)
		default:
			w.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(w).Encode(v) // an error means that the client went away
		}
	}
}

func (h *Handler) fail(w http.ResponseWriter, r *http.Request, err error) {
	kind := fault.KindOf(err)
	text := err.Error()
	if kind == fault.Internal {
		h.o.Logger.ErrorContext(r.Context(), "admin request failed", "method", r.Method, "path", r.URL.Path, "error", err)
		text = "internal error; see the server's log"
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(statusOf(kind))
	_ = json.NewEncoder(w).Encode(failure{Error: text, Kind: kind.String()})
}

func (h *Handler) status(*http.Request) (any, error) { return h.o.Status(), nil }

func (h *Handler) fsck(r *http.Request) (any, error) {
	deep, err := strconv.ParseBool(r.FormValue("deep"))
	if err != nil {
		return nil, invalid("deep", err)
	}
	found, err := h.objects.Fsck(r.Context(), object.FsckOptions{Deep: deep})
	if err != nil {
		return nil, err
	}
	report := FsckReport{
		Findings: []Finding{}, Truncated: found.Truncated,
		Rows: found.Rows, Blobs: found.Blobs, BlobBytes: found.BlobBytes,
	}
	for _, f := range found.Findings {
		report.Findings = append(report.Findings, Finding{Kind: string(f.Kind), Resource: f.Resource, Detail: f.Detail})
	}
	return report, nil
}

// readBody reads the JSON document of a request into to, which has every field that the document may have.
func readBody(r *http.Request, to any) error {
	body := json.NewDecoder(r.Body)
	body.DisallowUnknownFields()
	if err := body.Decode(to); err != nil {
		return invalid("body", err)
	}
	return nil
}

func invalid(field string, err error) error {
	return fault.New("read request", field, fault.InvalidArgument, err)
}
