package admin

import (
	"net/http/httptest"
	"strings"
	"testing"

	"shoal/core/access"
	"shoal/core/account"
	"shoal/core/meter"
	"shoal/core/object"
)

// TestBudgets asks in turn, as root, as an account, and as users of it.
func TestBudgets(t *testing.T) {
	h := newTestHandler(t)
	h.o.EventTarget = func(name string) bool { return name == "hook" }
	made := make(map[string]account.User)
	for _, name := range []string{"ann", "bob"} {
		u, _, err := h.accounts.CreateUser(t.Context(), account.NewUser{Name: name})
		if err != nil {
			t.Fatal(err)
		}
		made[name] = u
	}
	ann, bob := made["ann"], made["bob"]
	if _, err := h.objects.CreateBucket(t.Context(), object.NewBucket{Name: "pond", Owner: access.Owner{ID: ann.CanonicalID}}); err != nil {
		t.Fatal(err)
	}
	h.meter.Record(meter.Event{Account: string(ann.CanonicalID), Bucket: "pond", Operation: meter.GetObject, Tier: meter.Tier2, Requests: 1, BytesOut: 600})
	root := access.Principal{Kind: access.Root}
	viewer := identityPrincipal(t, ann, `{"Effect":"Allow","Action":"budgets:ViewBudget","Resource":"*"}`)
	const month = `{"name":"month","bucket":"pond","unit":"egress","limit":600,"action":"torrents-only","target":"hook"}`
	tests := []struct {
		as                 access.Principal
		method, path, body string
		status             int
		holds              string
	}{
		{root, "GET", "budgets", "", 200, "[]"},
		{ann.Principal(), "POST", "budgets", month, 200, `"used":600,"used_up":true,"raised":[]`},
		{ann.Principal(), "POST", "budgets", month, 409, "has a budget of that name"},
		{bob.Principal(), "POST", "budgets", month, 400, "of another account"},
		{bob.Principal(), "POST", "budgets?account=ann", month, 403, ""},
		{viewer, "POST", "budgets", month, 403, "budgets:ModifyBudget"},
		{root, "POST", "budgets", `{"name":"root's","unit":"egress","limit":1}`, 400, "name a bucket or an account"},
		{root, "POST", "budgets?account=bob", `{"name":"month","unit":"cost","limit":2500000}`, 200, `"currency":"USD","thresholds":[50,80,100],"action":"none"`},
		{root, "POST", "budgets", `{"name":"more","bucket":"pond","unit":"egress","limit":5,"thresholds":[]}`, 200, `"thresholds":[]`},
		{root, "POST", "budgets", `{"name":"x","bucket":"lake","unit":"egress","limit":5}`, 404, "no such bucket"},
		{root, "POST", "budgets", `{"name":"x","bucket":"pond","unit":"bytes","limit":5}`, 400, "not egress or cost"},
		{root, "POST", "budgets", `{"name":"x","bucket":"pond","unit":"egress"}`, 400, "limit must be over 0"},
		{root, "POST", "budgets", `{"name":"x","bucket":"pond","unit":"egress","limit":5,"action":"burn"}`, 400, "it is not none"},
		{root, "POST", "budgets", `{"name":"x","bucket":"pond","unit":"egress","limit":5,"target":"nowhere"}`, 400, "no event target"},
		{root, "POST", "budgets", `{"name":"x","url":"http://x"}`, 400, "unknown field"},
		{root, "GET", "budgets/month", "", 400, "several accounts"},
		{root, "GET", "budgets/month?account=bob", "", 200, `"unit":"cost"`},
		{root, "GET", "budgets/none", "", 404, "no such entity"},
		{bob.Principal(), "GET", "budgets/more", "", 404, "no such entity"},
		{viewer, "GET", "budgets/more", "", 200, `"bucket":"pond"`},
		{viewer, "GET", "budgets", "", 200, `"name":"more"`},
		{viewer, "PATCH", "budgets/more", `{"limit":1}`, 403, "budgets:ModifyBudget"},
		{viewer, "DELETE", "budgets/more", "", 403, "budgets:ModifyBudget"},
		{ann.Principal(), "PATCH", "budgets/more", `{"limit":1000,"thresholds":[10],"action":"stop-anonymous-egress","target":"hook"}`, 200, `"limit":1000,"thresholds":[10],"action":"stop-anonymous-egress","target":"hook"`},
		{ann.Principal(), "PATCH", "budgets/more", `{"target":""}`, 200, `"used":600,"used_up":false`},
		{ann.Principal(), "PATCH", "budgets/more", `{"limit":-1}`, 400, "limit must be over 0"},
		{ann.Principal(), "DELETE", "budgets/more", "", 204, ""},
		{ann.Principal(), "DELETE", "budgets/more", "", 404, "no such entity"},
	}
	for _, tt := range tests {
		r := httptest.NewRequest(tt.method, "/v1/"+tt.path, strings.NewReader(tt.body))
		w := httptest.NewRecorder()
		h.As(tt.as, access.Context{}).ServeHTTP(w, r)
		if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.holds) {
			t.Errorf("%s %s %s: status %d, %s, want %d with %s", tt.method, tt.path, tt.body, w.Code, w.Body, tt.status, tt.holds)
		}
	}
}
