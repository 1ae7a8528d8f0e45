package admin

import (
	"context"
	"crypto/sha256"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"shoal/core/access"
	"shoal/core/account"
	"shoal/core/billing"
	"shoal/core/budget"
	"shoal/core/meter"
	"shoal/core/object"
	"shoal/core/savings"
	"shoal/storage/kv"
)

// routeRow is a request of one route, about what ann has.
type routeRow struct {
	pattern string // of the route
	path    string // below /v1/
	body    string
	action  access.Action // of IAM, for users of an account; "" is a route for root alone
	status  int           // of those who may; 0 is 200
}

// routeRows has a row of every route.
func routeRows(t *testing.T) []routeRow {
	const month = "month=2026-11&format=json"
	return []routeRow{
		{pattern: "GET /v1/users", path: "users"},
		{pattern: "POST /v1/users", path: "users", body: `{"name":"eve"}`},
		{pattern: "GET /v1/users/{name}", path: "users/ann"},
		{pattern: "PATCH /v1/users/{name}", path: "users/ann", body: `{"quota_bytes":1}`},
		{pattern: "DELETE /v1/users/{name}", path: "users/ann", status: http.StatusNoContent},
		{pattern: "GET /v1/buckets/{name}", path: "buckets/pond"},
		{pattern: "PATCH /v1/buckets/{name}", path: "buckets/pond", body: `{"upload_rate":1}`},
		{pattern: "POST /v1/access-logs/delivery", path: "access-logs/delivery", status: http.StatusBadRequest}, // no server runs
		{pattern: "POST /v1/fsck", path: "fsck?deep=false"},
		{pattern: "GET /v1/status", path: "status"},
		{pattern: "GET /v1/swarms", path: "swarms"},
		{pattern: "GET /v1/accounts", path: "accounts", action: actionAccount},
		{pattern: "GET /v1/savings", path: "savings?" + month, action: actionSavings},
		{pattern: "GET /v1/usage", path: "usage?from=2026-11-01T00:00:00Z&to=2026-12-01T00:00:00Z&granularity=month&format=json", action: actionUsage},
		{pattern: "GET /v1/statements", path: "statements?" + month, action: actionStatement},
		{pattern: "POST /v1/statements", path: "statements?" + month, body: planText(t), action: actionStatement},
		{pattern: "GET /v1/budgets", path: "budgets", action: actionViewBudget},
		{pattern: "POST /v1/budgets", path: "budgets", body: `{"name":"new","bucket":"pond","unit":"egress","limit":5}`, action: actionModifyBudget},
		{pattern: "GET /v1/budgets/{name}", path: "budgets/month", action: actionViewBudget},
		{pattern: "PATCH /v1/budgets/{name}", path: "budgets/month", body: `{"limit":7}`, action: actionModifyBudget},
		{pattern: "DELETE /v1/budgets/{name}", path: "budgets/month", action: actionModifyBudget, status: http.StatusNoContent},
	}
}

// routeWorld is a server on which ann has a bucket, usage, savings and a budget, and bob nothing.
type routeWorld struct {
	t        *testing.T
	h        *Handler
	engine   kv.Engine
	ann, bob account.User
}

func newRouteWorld(t *testing.T) *routeWorld {
	t.Helper()
	w := &routeWorld{t: t}
	w.h, w.engine = newTestHandlerOn(t)
	w.h.o.Now = func() time.Time { return time.Date(2026, time.November, 26, 0, 0, 0, 0, time.UTC) }
	for name, u := range map[string]*account.User{"ann": &w.ann, "bob": &w.bob} {
		made, _, err := w.h.accounts.CreateUser(t.Context(), account.NewUser{Name: name})
		if err != nil {
			t.Fatal(err)
		}
		*u = made
	}
	anns := string(w.ann.CanonicalID)
	if _, err := w.h.objects.CreateBucket(t.Context(), object.NewBucket{Name: "pond", Owner: access.Owner{ID: w.ann.CanonicalID}}); err != nil {
		t.Fatal(err)
	}
	w.h.o.Savings = func(_ context.Context, _ billing.Month, of string) ([]savings.Line, error) {
		if of != "" && of != anns {
			return nil, nil
		}
		return []savings.Line{{Subject: savings.Subject{Account: anns, Bucket: "pond", Key: "frog", Size: 1, PieceLength: 1}}}, nil
	}
	w.h.meter.Record(meter.Event{At: w.h.o.Now(), Account: anns, Bucket: "pond", Operation: meter.GetObject, Tier: meter.Tier2, Requests: 1, BytesOut: 600})
	if err := w.h.meter.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	return w
}

// budget makes ann's budget anew, as her only one.
func (w *routeWorld) budget() {
	w.t.Helper()
	kept, err := w.h.accounts.AccountBudgets(w.t.Context(), w.ann.CanonicalID)
	for _, b := range kept {
		if err == nil {
			err = w.h.accounts.DeleteBudget(w.t.Context(), w.ann.CanonicalID, b.Name)
		}
	}
	if err == nil {
		_, err = w.h.accounts.CreateBudget(w.t.Context(), budget.Budget{
			Name: "month", Scope: meter.Scope{Account: string(w.ann.CanonicalID), Bucket: "pond"}, Limit: 5, Created: w.h.o.Now(),
		})
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// ask sends a row's request as p, of the account that is named unless that is "".
func (w *routeWorld) ask(row routeRow, p access.Principal, named string) *httptest.ResponseRecorder {
	w.t.Helper()
	method, _, _ := strings.Cut(row.pattern, " ")
	r := httptest.NewRequest(method, "/v1/"+row.path, strings.NewReader(row.body))
	if _, pattern := w.h.mux.Handler(r); pattern != row.pattern {
		w.t.Fatalf("%s %s is a request of %q, not of %q", method, row.path, pattern, row.pattern)
	}
	if named != "" {
		query := r.URL.Query()
		query.Set("account", named)
		r.URL.RawQuery = query.Encode()
	}
	answer := httptest.NewRecorder()
	w.h.As(p, access.Context{}).ServeHTTP(answer, r)
	return answer
}

// tellsNothing has p ask, and holds that the answer has nothing of ann in it and that nothing changes. It returns the status.
func (w *routeWorld) tellsNothing(row routeRow, who string, p access.Principal, named string) int {
	w.t.Helper()
	before := w.fingerprint()
	answer := w.ask(row, p, named)
	for _, secret := range []string{string(w.ann.CanonicalID), w.ann.CanonicalID.AccountID(), `"pond"`, "frog"} {
		// Of his own account a user is told who he is.
		if strings.Contains(answer.Body.String(), secret) && p.CanonicalID != w.ann.CanonicalID {
			w.t.Errorf("%s by %s tells %s: %s", row.pattern, who, secret, answer.Body)
		}
	}
	if w.fingerprint() != before {
		w.t.Errorf("%s by %s changed what is stored", row.pattern, who)
	}
	return answer.Code
}

// TestEveryRoute (S7): each route is for root, and those of money for the account that it is about and for its users whom
// policies allow it; everybody else is refused, learns nothing and changes nothing.
func TestEveryRoute(t *testing.T) {
	rows := routeRows(t)
	for _, r := range newTestHandler(t).routes() {
		if !slices.ContainsFunc(rows, func(row routeRow) bool { return row.pattern == r.pattern }) {
			t.Errorf("%s has no row in the test", r.pattern)
		}
	}
	for _, row := range rows {
		t.Run(row.pattern, func(t *testing.T) {
			t.Parallel()
			w := newRouteWorld(t)
			w.budget()
			w.checkRefused(row)
			root := access.Principal{Kind: access.Root}
			may := map[string]access.Principal{"root": root}
			if row.action != "" {
				may["ann"] = w.ann.Principal()
				may["a user with leave"] = identityPrincipal(t, w.ann, `{"Effect":"Allow","Action":"`+string(row.action)+`","Resource":"*"}`)
			}
			want := row.status
			if want == 0 {
				want = http.StatusOK
			}
			for who, p := range may {
				w.budget()
				if answer := w.ask(row, p, ""); answer.Code != want {
					t.Errorf("%s by %s: %d %s, want %d", row.pattern, who, answer.Code, answer.Body, want)
				}
			}
		})
	}
}

func (w *routeWorld) checkRefused(row routeRow) {
	w.t.Helper()
	user := func(statement string) access.Principal { return identityPrincipal(w.t, w.ann, statement) }
	const all = `{"Effect":"Allow","Action":"*","Resource":"*"}`
	type asker struct {
		who   string
		p     access.Principal
		named string
	}
	refused := []asker{
		{"anonymous", access.Principal{}, ""},
		{"anonymous, of ann", access.Principal{}, "ann"},
		{"another account, of ann", w.bob.Principal(), "ann"},
		{"another account, of ann's id", w.bob.Principal(), string(w.ann.CanonicalID)},
		{"a user without leave", user(`{"Effect":"Allow","Action":"s3:*","Resource":"*"}`), ""},
	}
	if row.action == "" {
		refused = append(refused, asker{"ann", w.ann.Principal(), ""}, asker{"a user with all leave", user(all), ""})
	} else {
		never := all + `,{"Effect":"Deny","Action":"` + string(row.action) + `","Resource":"*"}`
		refused = append(refused, asker{"a user who is denied", user(never), ""}, asker{"a user of ann, of bob", user(all), "bob"})
	}
	for _, a := range refused {
		if got := w.tellsNothing(row, a.who, a.p, a.named); got != http.StatusForbidden {
			w.t.Errorf("%s by %s: %d, want 403", row.pattern, a.who, got)
		}
	}
	// Of himself he may ask, where he has nothing.
	if got := w.tellsNothing(row, "another account", w.bob.Principal(), ""); (got == http.StatusForbidden) != (row.action == "") {
		w.t.Errorf("%s by another account: %d", row.pattern, got)
	}
}

// fingerprint is of every row of the store.
func (w *routeWorld) fingerprint() (sum [sha256.Size]byte) {
	w.t.Helper()
	h := sha256.New()
	var from []byte
	for more := true; more; {
		var rows []kv.Row
		var err error
		if rows, more, err = w.engine.Scan(w.t.Context(), from, nil, kv.ScanOptions{}); err != nil {
			w.t.Fatal(err)
		}
		for _, row := range rows {
			h.Write(slices.Concat(row.Key, row.Value, row.Version))
			from = append(slices.Clone(row.Key), 0)
		}
	}
	return [sha256.Size]byte(h.Sum(nil))
}

// planText is a price plan.
func planText(t *testing.T) string {
	t.Helper()
	text, err := PricePlan(PricePlans()[0])
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
