package admin

import (
	"context"
	"errors"
	"net/http"

	"shoal/core/access"
	"shoal/core/fault"
)

// The actions of IAM that what is told of money is allowed by, as the consoles of AWS ask for them (Service
// Authorization Reference: Cost and Usage Report, Billing, Cost Explorer, Budgets, Account Management).
const (
	actionUsage        access.Action = "cur:GetUsageReport"
	actionStatement    access.Action = "billing:GetBillingData"
	actionSavings      access.Action = "ce:GetCostAndUsage"
	actionViewBudget   access.Action = "budgets:ViewBudget"
	actionModifyBudget access.Action = "budgets:ModifyBudget"
	actionAccount      access.Action = "account:GetAccountInformation"
)

// caller is who asks, and what policies may ask of the request.
type caller struct {
	principal access.Principal
	context   access.Context
}

// callerKey is the key of a caller in the context of a request.
type callerKey struct{}

// callerOf returns who asks: root, unless As says otherwise.
func callerOf(r *http.Request) caller {
	if c, ok := r.Context().Value(callerKey{}).(caller); ok {
		return c
	}
	return caller{principal: access.Principal{Kind: access.Root}}
}

// As returns the API as p has it, whose request conditions sees so: all of it for root, otherwise what is told of money,
// of p's own account.
func (h *Handler) As(p access.Principal, conditions access.Context) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := caller{principal: p, context: conditions}
		h.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), callerKey{}, c)))
	})
}

// admits refuses who is not root every route that is for root alone. AccessDenied.
func (h *Handler) admits(r *http.Request) error {
	if callerOf(r).principal.Kind == access.Root {
		return nil
	}
	if _, pattern := h.mux.Handler(r); h.accountRoutes[pattern] {
		return nil
	}
	return fault.New("ask", r.Method+" "+r.URL.Path, fault.AccessDenied, errors.New("it is for root"))
}

// billedAccount returns the account whose money r is about: the one that the query's parameter account names, by name,
// number of 12 digits or canonical id. When it names none, that is "", every account, for root, and the caller's own for
// others, who may ask for no other. AccessDenied, also when the policies that bind the caller do not allow action;
// NoSuchUser.
func (h *Handler) billedAccount(r *http.Request, action access.Action) (access.CanonicalID, error) {
	c, named := callerOf(r), r.URL.Query().Get("account")
	if c.principal.Kind == access.Root {
		return h.namedAccount(r.Context(), named)
	}
	own := c.principal.CanonicalID
	decision := access.DecideOwn(access.Request{
		Principal: c.principal, Action: action, Resource: "*", ResourceOwner: own, Context: c.context,
	})
	if !decision.Allowed || own == "" {
		return "", refused(c.principal, action, decision.Why(action))
	}
	if named == "" {
		return own, nil
	}
	// Whether there is another account of that name is not told.
	if id, err := h.namedAccount(r.Context(), named); err == nil && id == own {
		return own, nil
	}
	return "", refused(c.principal, action, "on another account")
}

// namedAccount returns the account of that name, number or canonical id; "" for "". What an account used outlives it, so
// that a canonical id needs none that is still there. NoSuchUser.
func (h *Handler) namedAccount(ctx context.Context, name string) (access.CanonicalID, error) {
	switch {
	case name == "", access.CanonicalID(name).Valid():
		return access.CanonicalID(name), nil
	}
	u, err := h.accounts.Account(ctx, name)
	return u.CanonicalID, err
}

func refused(p access.Principal, action access.Action, why string) error {
	return fault.New("ask", string(action), fault.AccessDenied,
		errors.New("User: "+p.ARN+" is not authorized to perform: "+string(action)+" "+why))
}
