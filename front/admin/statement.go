package admin

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"

	"shoal/core/access"
	"shoal/core/billing"
	"shoal/core/fault"
	"shoal/core/meter"
)

// StatementQuery says which statements are asked for.
type StatementQuery struct {
	Month    string // YYYY-MM, UTC
	Account  string // name, number or canonical id; "" is every account for root, one's own for others
	Bucket   string // only its share; "" is all
	Format   string // text, csv, json, html or focus
	Plan     string // name of a plan that comes with Shoal; "" is the server's
	PlanText []byte // a plan of one's own; nil for none
}

// PricePlans returns the names of the price plans that come with Shoal.
func PricePlans() []string { return billing.ShippedPlans() }

// PricePlan returns the text of a price plan that comes with Shoal.
func PricePlan(name string) ([]byte, error) { return billing.ShippedPlan(name) }

// statements answers the statements of a month in the format asked for. The body, if there is one, is the price plan.
func (h *Handler) statements(w http.ResponseWriter, r *http.Request) {
	write, contentType, err := h.statementFormat(r.URL.Query().Get("format"))
	if err != nil {
		h.fail(w, r, err)
		return
	}
	all, err := h.makeStatements(r)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	_ = write(w, all) // an error means that the client went away
}

// statementFormat returns how a format is written, and its media type.
func (h *Handler) statementFormat(name string) (write func(io.Writer, []*billing.Statement) error, contentType string, err error) {
	switch name {
	case "text":
		return billing.WriteText, "text/plain; charset=utf-8", nil
	case "csv":
		return billing.WriteCSV, "text/csv; charset=utf-8", nil
	case "json":
		return billing.WriteJSON, "application/json", nil
	case "html":
		return billing.WriteHTML, "text/html; charset=utf-8", nil
	case "focus":
		region := cmp.Or(h.o.Region, "us-east-1")
		return func(w io.Writer, s []*billing.Statement) error { return billing.WriteFOCUS(w, region, s) }, "text/csv; charset=utf-8", nil
	}
	return nil, "", invalid("format", fmt.Errorf("%.20q is not text, csv, json, html or focus", name))
}

// makeStatements returns what r asks for, in order of account name: one of each account that used something; of one
// account, even if it used nothing.
func (h *Handler) makeStatements(r *http.Request) ([]*billing.Statement, error) {
	account, err := h.billedAccount(r, actionStatement)
	if err != nil {
		return nil, err
	}
	month, err := h.monthOf(r)
	if err != nil {
		return nil, err
	}
	plan, err := h.planOf(r)
	if err != nil {
		return nil, err
	}
	used, err := h.usageOf(r.Context(), account, month)
	if err != nil {
		return nil, err
	}
	bucket := r.URL.Query().Get("bucket")
	var all []*billing.Statement
	for id, usage := range used {
		payer, err := h.payer(r.Context(), id)
		if err != nil {
			return nil, err
		}
		s, err := plan.Statement(payer, month, h.o.Now(), usage)
		if err != nil {
			return nil, err
		}
		if bucket != "" {
			s = s.Of(bucket)
		}
		if account != "" || len(s.Charges) > 0 {
			all = append(all, s)
		}
	}
	slices.SortFunc(all, func(a, b *billing.Statement) int {
		return cmp.Or(cmp.Compare(a.Account.Name, b.Account.Name), cmp.Compare(a.Account.ID, b.Account.ID))
	})
	return all, nil
}

// monthOf returns the month that r is about, which has begun.
func (h *Handler) monthOf(r *http.Request) (billing.Month, error) {
	month, err := billing.ParseMonth(r.URL.Query().Get("month"))
	if err == nil && month.Start().After(h.o.Now()) {
		err = errors.New("the month has not begun")
	}
	if err != nil {
		return billing.Month{}, invalid("month", err)
	}
	return month, nil
}

// planOf returns the plan that r brings or names, the server's when it does neither.
func (h *Handler) planOf(r *http.Request) (*billing.Plan, error) {
	if r.Method == http.MethodPost {
		text, err := io.ReadAll(r.Body) // ServeHTTP bounds it
		if err != nil {
			return nil, invalid("body", err)
		}
		return billing.Parse(text)
	}
	name := r.URL.Query().Get("plan")
	if name == "" {
		return h.o.Plan, nil
	}
	text, err := billing.ShippedPlan(name)
	if err != nil {
		return nil, invalid("plan", fmt.Errorf("%.64q does not come with Shoal", name))
	}
	return billing.Parse(text)
}

// usageOf returns the usage of a month by account: of one, or of all when it is "". It adds up the usage report by day:
// what no account pays for is left out.
func (h *Handler) usageOf(ctx context.Context, account access.CanonicalID, month billing.Month) (map[string][]meter.Row, error) {
	rows, err := h.meter.Report(ctx, meter.Query{
		From: month.Start(), To: month.End(), Granularity: meter.Day, Account: string(account), BySource: true,
	})
	if err != nil {
		return nil, err
	}
	used := make(map[string][]meter.Row)
	if account != "" {
		used[string(account)] = nil
	}
	for _, row := range rows {
		if row.Account != "" {
			used[row.Account] = append(used[row.Account], row)
		}
	}
	return used, nil
}

// payer returns the account of a canonical id, without a name when there is none any more.
func (h *Handler) payer(ctx context.Context, id string) (billing.Account, error) {
	payer := billing.Account{ID: id, Number: access.CanonicalID(id).AccountID()}
	u, err := h.accounts.ByCanonicalID(ctx, access.CanonicalID(id))
	if err != nil && !fault.Is(err, fault.NoSuchUser) {
		return payer, err
	}
	payer.Name = u.Name
	return payer, nil
}

// Statements writes statements to w.
func (c *Client) Statements(ctx context.Context, w io.Writer, q StatementQuery) error {
	v := url.Values{
		"month": {q.Month}, "account": {q.Account}, "bucket": {q.Bucket}, "format": {q.Format}, "plan": {q.Plan},
	}
	method := http.MethodGet
	if q.PlanText != nil {
		method = http.MethodPost
	}
	body, err := c.call(ctx, method, "/v1/statements?"+v.Encode(), q.PlanText)
	if err != nil {
		return err
	}
	defer body.Close()
	_, err = io.Copy(w, body)
	return err
}
