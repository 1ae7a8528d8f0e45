package admin

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"shoal/core/access"
	"shoal/core/account"
	"shoal/core/meter"
)

// statementServer has usage of November 2026 of ann, of an account that is gone and of nobody, and of December of ann. It
// is the 5th of December.
func statementServer(t *testing.T) (h *Handler, ann account.User) {
	t.Helper()
	h = newTestHandler(t)
	h.o.Now = func() time.Time { return time.Date(2026, 12, 5, 12, 0, 0, 0, time.UTC) }
	ann, _, err := h.accounts.CreateUser(t.Context(), account.NewUser{Name: "ann"})
	if err != nil {
		t.Fatal(err)
	}
	november, december := time.Date(2026, 11, 30, 23, 59, 59, 0, time.UTC), time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	for _, e := range []meter.Event{
		{At: november, Account: string(ann.CanonicalID), Bucket: "pond", Operation: meter.PutObject, Tier: meter.Tier1, Requests: 2000},
		{At: november, Account: string(ann.CanonicalID), Bucket: "lake", Operation: meter.GetObject, Tier: meter.Tier2, Source: meter.BitTorrent, Requests: 5000, BytesOut: 101 << 30},
		{At: november, Account: strings.Repeat("0", 64), Bucket: "old", Operation: meter.PutObject, Tier: meter.Tier1, Requests: 1},
		{At: november, Operation: meter.ListAllMyBuckets, Tier: meter.Tier1, Requests: 1},
		{At: december, Account: string(ann.CanonicalID), Bucket: "pond", Operation: meter.PutObject, Tier: meter.Tier1, Requests: 1},
	} {
		h.meter.Record(e)
	}
	if n := h.meter.Dropped(); n != 0 {
		t.Fatalf("%d events were not counted", n)
	}
	return h, ann
}

func TestStatements(t *testing.T) {
	h, ann := statementServer(t)
	own := `name = "own"
currency = "EUR"
valid-from = 2026-01-01
source = "the test"
not-billed = ["StorageObjectCount"]
[[rate]]
usage-type = "Requests-*"
unit = "requests"
price = "1"
[[rate]]
usage-type = "*-Bytes"
unit = "GB"
price = "2"
`
	tests := []struct {
		query, plan string
		status      int
		holds       []string
		without     string
	}{
		{"month=2026-11&format=text", "", 200, []string{"ann (" + ann.CanonicalID.AccountID() + ")", "final", "0.102000", "(no longer there)", "0.000005"}, "estimated"},
		{"month=2026-12&format=text&account=ann", "", 200, []string{"estimated: so far, until 2026-12-05T12:00:00Z", "0.000005"}, "final"},
		{"month=2026-11&format=json&account=ann", "", 200, []string{`"total": "0.102000"`, `"torrent_amount": "0.092000"`, `"bucket": "lake"`}, "old"},
		{"month=2026-11&format=json&account=ann&bucket=pond", "", 200, []string{`"total": "0.010000"`}, "lake"},
		{"month=2026-11&format=json&bucket=pond", "", 200, []string{`"total": "0.010000"`}, "00000000"},
		{"month=2026-10&format=json&account=ann", "", 200, []string{`"total": "0.000000"`, `"lines": []`}, ""},
		{"month=2026-10&format=json", "", 200, []string{"[]"}, "total"},
		{"month=2026-11&format=csv", "", 200, []string{"DataTransfer-Out-Bytes,\"data transfer out, next 10240 GB\",2,lake,1073741824,GB,1.000000,0.09,1,0.090000,1073741824,0.090000"}, ""},
		{"month=2026-11&format=html", "", 200, []string{"<!DOCTYPE html>", "0.102000"}, "<script"},
		{"month=2026-11&format=focus", "", 200, []string{"BilledCost,", ",us-east-1,", ",BITTORRENT,"}, ""},
		{"month=2026-11&format=json&account=ann&plan=aws-s3-2006-03", "", 200, []string{`"total": "20.200000"`}, ""},
		{"month=2026-11&format=json&account=ann", own, 200, []string{`"total": "7202.000000"`, `"currency": "EUR"`}, ""},
		{"month=2026-11&format=json", strings.Replace(own, "*-Bytes", "DataTransfer-In-Bytes", 1), 400, []string{"DataTransfer-Out-Bytes of GetObject", "not-billed"}, "total"},
		{"month=2026-11&format=json", own + "hue = 1\n", 400, []string{"line 14, rate 2, hue"}, "total"},
		{"month=2026-11&format=json", own + strings.Repeat("#", maxBody), 400, []string{"too large"}, "total"},
		{"month=2026-11&format=json&plan=aws-s3-1999", "", 400, []string{"does not come with Shoal"}, ""},
		{"month=2026-11&format=pdf", "", 400, []string{"is not text, csv, json, html or focus"}, ""},
		{"month=november&format=json", "", 400, []string{"month"}, ""},
		{"month=2027-01&format=json", "", 400, []string{"has not begun"}, ""},
		{"month=2026-11&format=json&account=eve", "", 404, []string{"no such user"}, ""},
	}
	for _, tt := range tests {
		method := "GET"
		if tt.plan != "" {
			method = "POST"
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(method, "/v1/statements?"+tt.query, strings.NewReader(tt.plan)))
		body := w.Body.String()
		if w.Code != tt.status || tt.without != "" && strings.Contains(body, tt.without) {
			t.Errorf("%s: %d %s, want %d without %q", tt.query, w.Code, body, tt.status, tt.without)
		}
		for _, holds := range tt.holds {
			if !strings.Contains(body, holds) {
				t.Errorf("%s: %d %s, want %q", tt.query, w.Code, body, holds)
			}
		}
	}
}

// TestStatementsOfAccounts: an account sees its own statement alone, its users when policies allow it.
func TestStatementsOfAccounts(t *testing.T) {
	h, ann := statementServer(t)
	bob, _, err := h.accounts.CreateUser(t.Context(), account.NewUser{Name: "bob"})
	if err != nil {
		t.Fatal(err)
	}
	const allowed = `{"Effect":"Allow","Action":"billing:GetBillingData","Resource":"*"}`
	const others = `{"Effect":"Allow","Action":["s3:*","cur:*"],"Resource":"*"}`
	for _, tt := range []struct {
		name  string
		p     access.Principal
		query string
		want  int
	}{
		{"ann", ann.Principal(), "", 200},
		{"ann, of bob", ann.Principal(), "&account=bob", 403},
		{"bob", bob.Principal(), "", 200},
		{"a user who may", identityPrincipal(t, ann, allowed), "", 200},
		{"a user who may not", identityPrincipal(t, ann, others), "", 403},
		{"nobody", access.Principal{}, "", 403},
	} {
		w := httptest.NewRecorder()
		h.As(tt.p, access.Context{}).ServeHTTP(w, httptest.NewRequest("GET", "/v1/statements?month=2026-11&format=json"+tt.query, nil))
		body := w.Body.String()
		sees := strings.Contains(body, `"total": "0.102000"`)
		if w.Code != tt.want || sees != (tt.want == 200 && tt.p.CanonicalID == ann.CanonicalID) || strings.Contains(body, "old") {
			t.Errorf("%s: %d %s, want %d", tt.name, w.Code, body, tt.want)
		}
	}
}
