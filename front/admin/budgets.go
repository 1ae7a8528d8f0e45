package admin

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"

	"shoal/core/access"
	"shoal/core/budget"
	"shoal/core/fault"
	"shoal/core/meter"
)

// Budget is a monthly budget of an account or one of its buckets, with what is used of it.
type Budget struct {
	Name       string    `json:"name"`
	Account    string    `json:"account"` // canonical ID
	Bucket     string    `json:"bucket,omitempty"`
	Unit       string    `json:"unit"`  // egress (bytes) or cost (millionths of currency)
	Limit      int64     `json:"limit"` // a calendar month (UTC)
	Currency   string    `json:"currency,omitempty"`
	Thresholds []int     `json:"thresholds"` // percent
	Action     string    `json:"action"`     // none, torrents-only or stop-anonymous-egress
	Target     string    `json:"target,omitempty"`
	Created    time.Time `json:"created"`

	Month   string `json:"month"` // what follows is of it: 2006-01
	Used    int64  `json:"used"`
	UsedUp  bool   `json:"used_up"`           // and so the action in force
	Raised  []int  `json:"raised"`            // thresholds whose alarm was raised
	Waiting int    `json:"waiting,omitempty"` // alarms that the target has not acknowledged
}

// NewBudget is what CreateBudget takes. Name, Unit and Limit are required.
type NewBudget struct {
	Name   string `json:"name"`
	Bucket string `json:"bucket,omitempty"` // "" is the account
	Unit   string `json:"unit"`
	BudgetChange
}

// BudgetChange is what SetBudget sets; what is nil stays.
type BudgetChange struct {
	Limit      *int64  `json:"limit,omitempty"`
	Thresholds *[]int  `json:"thresholds,omitempty"`
	Action     *string `json:"action,omitempty"`
	Target     *string `json:"target,omitempty"` // "" takes it away
}

func (c *BudgetChange) apply(b *budget.Budget) {
	if c.Limit != nil {
		b.Limit = *c.Limit
	}
	if c.Thresholds != nil {
		b.Thresholds = *c.Thresholds
	}
	if c.Action != nil {
		b.Action, _ = budget.ParseAction(*c.Action) // checked before
	}
	if c.Target != nil {
		b.Target = *c.Target
	}
}

func (h *Handler) checkBudget(c *BudgetChange) error {
	if c.Action != nil {
		if _, err := budget.ParseAction(*c.Action); err != nil {
			return err
		}
	}
	if c.Target != nil && *c.Target != "" && !h.o.EventTarget(*c.Target) {
		return invalid("target", errors.New("the server has no event target of that name"))
	}
	return nil
}

func (h *Handler) budgets(r *http.Request) (any, error) {
	account, err := h.billedAccount(r, actionViewBudget)
	if err != nil {
		return nil, err
	}
	kept, err := h.accounts.AccountBudgets(r.Context(), account)
	if err != nil {
		return nil, err
	}
	list := make([]Budget, len(kept))
	for i := range kept {
		if list[i], err = h.showBudget(r.Context(), &kept[i]); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func (h *Handler) budget(r *http.Request) (any, error) {
	b, err := h.namedBudget(r, actionViewBudget)
	if err != nil {
		return nil, err
	}
	return h.showBudget(r.Context(), b)
}

func (h *Handler) createBudget(r *http.Request) (any, error) {
	account, err := h.billedAccount(r, actionModifyBudget)
	if err != nil {
		return nil, err
	}
	var n NewBudget
	if err := readBody(r, &n); err != nil {
		return nil, err
	}
	if err := h.checkBudget(&n.BudgetChange); err != nil {
		return nil, err
	}
	b := budget.Budget{Name: n.Name, Thresholds: budget.DefaultThresholds(), Created: h.o.Now().UTC()}
	if b.Scope, err = h.budgetScope(r.Context(), account, n.Bucket); err != nil {
		return nil, err
	}
	switch {
	case n.Unit == budget.Cost.String():
		b.Unit = budget.Cost
	case n.Unit != budget.Egress.String():
		return nil, invalid("unit", errors.New("it is not egress or cost"))
	}
	n.apply(&b)
	if b, err = h.accounts.CreateBudget(r.Context(), b); err != nil {
		return nil, err
	}
	return h.showBudget(r.Context(), &budget.Kept{Budget: b})
}

// budgetScope returns the scope of a bucket, which is of account, or with none named of account itself. Root need not name the
// account of a bucket.
func (h *Handler) budgetScope(ctx context.Context, account access.CanonicalID, bucket string) (meter.Scope, error) {
	scope := meter.Scope{Account: string(account), Bucket: bucket}
	if bucket == "" && account == "" {
		return scope, invalid("account", errors.New("name a bucket or an account"))
	}
	if bucket == "" {
		return scope, nil
	}
	b, err := h.objects.Bucket(ctx, bucket)
	if err != nil {
		return scope, err
	}
	if account != "" && b.Owner != scope.Account {
		return scope, invalid("bucket", errors.New("it is of another account"))
	}
	scope.Account = b.Owner
	return scope, nil
}

func (h *Handler) setBudget(r *http.Request) (any, error) {
	b, err := h.namedBudget(r, actionModifyBudget)
	if err != nil {
		return nil, err
	}
	var change BudgetChange
	if err := readBody(r, &change); err != nil {
		return nil, err
	}
	if err := h.checkBudget(&change); err != nil {
		return nil, err
	}
	if b.Budget, err = h.accounts.SetBudget(r.Context(), access.CanonicalID(b.Scope.Account), b.Name, change.apply); err != nil {
		return nil, err
	}
	return h.showBudget(r.Context(), b)
}

func (h *Handler) deleteBudget(r *http.Request) (any, error) {
	b, err := h.namedBudget(r, actionModifyBudget)
	if err != nil {
		return nil, err
	}
	return nil, h.accounts.DeleteBudget(r.Context(), access.CanonicalID(b.Scope.Account), b.Name)
}

// namedBudget returns the budget that r is about, if the caller may do action to it. NoSuchEntity.
func (h *Handler) namedBudget(r *http.Request, action access.Action) (*budget.Kept, error) {
	const op = "find budget"
	name := r.PathValue("name")
	account, err := h.billedAccount(r, action)
	if err != nil {
		return nil, err
	}
	kept, err := h.accounts.AccountBudgets(r.Context(), account)
	kept = slices.DeleteFunc(kept, func(b budget.Kept) bool { return b.Name != name })
	switch {
	case err != nil:
		return nil, err
	case len(kept) == 0:
		return nil, fault.New(op, name, fault.NoSuchEntity, nil)
	case len(kept) > 1:
		return nil, invalid("account", errors.New("several accounts have a budget of that name: name one"))
	}
	return &kept[0], nil
}

// showBudget renders a budget with what the usage report says now.
func (h *Handler) showBudget(ctx context.Context, k *budget.Kept) (Budget, error) {
	month := meter.MonthOf(h.o.Now())
	out := Budget{
		Name: k.Name, Account: k.Scope.Account, Bucket: k.Scope.Bucket, Unit: k.Unit.String(), Limit: k.Limit,
		Thresholds: append([]int{}, k.Thresholds...), Action: k.Action.String(), Target: k.Target, Created: k.Created,
		Month: month.String(), Raised: []int{}, Waiting: len(k.State.Waiting),
	}
	if k.State.Month == month {
		out.Raised = append(out.Raised, k.State.Raised...)
	}
	if k.Unit == budget.Cost {
		out.Currency = h.o.Plan.Currency
	}
	rows, err := h.meter.Report(ctx, month.Report(k.Scope))
	if err != nil {
		return out, err
	}
	out.Used, err = k.Used(month, rows, h.o.Plan)
	out.UsedUp = out.Used >= k.Limit
	return out, err
}

// ofAccount is a path with the account that it is about; "" is the caller's own, or for root any.
func ofAccount(path, account string) string {
	if account == "" {
		return path
	}
	return path + "?" + url.Values{"account": {account}}.Encode()
}

// Budgets lists the budgets of an account and its buckets; "" is the caller's own account, for root every one. So it is for
// the other calls.
func (c *Client) Budgets(ctx context.Context, account string) ([]Budget, error) {
	var list []Budget
	return list, c.json(ctx, http.MethodGet, ofAccount("/v1/budgets", account), nil, &list)
}

// CreateBudget makes a budget. The server holds to it within a second.
func (c *Client) CreateBudget(ctx context.Context, account string, n NewBudget) (Budget, error) {
	var b Budget
	return b, c.json(ctx, http.MethodPost, ofAccount("/v1/budgets", account), n, &b)
}

// Budget returns a budget.
func (c *Client) Budget(ctx context.Context, account, name string) (Budget, error) {
	var b Budget
	return b, c.json(ctx, http.MethodGet, ofAccount("/v1/budgets/"+url.PathEscape(name), account), nil, &b)
}

// SetBudget changes a budget, and returns it as it is then. The server holds to it within a second.
func (c *Client) SetBudget(ctx context.Context, account, name string, change BudgetChange) (Budget, error) {
	var b Budget
	return b, c.json(ctx, http.MethodPatch, ofAccount("/v1/budgets/"+url.PathEscape(name), account), change, &b)
}

// DeleteBudget deletes a budget, and its alarms that wait.
func (c *Client) DeleteBudget(ctx context.Context, account, name string) error {
	return c.json(ctx, http.MethodDelete, ofAccount("/v1/budgets/"+url.PathEscape(name), account), nil, nil)
}
