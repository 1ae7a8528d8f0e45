package admin

import (
	"context"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"shoal/core/billing"
	"shoal/core/meter"
	"shoal/core/object"
	"shoal/core/savings"
)

// savingsLines are two accounts: ann sent what is free and bob what is not.
func savingsLines() []savings.Line {
	line := func(account, bucket, key string, size int64, c savings.Counts) savings.Line {
		return savings.Line{
			Subject: savings.Subject{
				Account: account, Bucket: bucket, Key: key, Version: object.VersionID{15: 1}, Null: key != "kept", Size: size, PieceLength: 1 << 20,
			},
			Counts: c,
		}
	}
	const gb = 1 << 30
	return []savings.Line{
		line("ann", "a", "lone", gb, savings.Counts{OriginBytes: 3 * gb, OriginPieces: 3072, ClaimedBytes: 3 * gb, Completions: 3}),
		line("bob", "b", "hit", gb, savings.Counts{OriginBytes: gb, OriginPieces: 1024, ClaimedBytes: 101 * gb, Completions: 101, ObservedBytes: 100 * gb}),
		line("bob", "b", "kept", gb, savings.Counts{OriginBytes: gb, OriginPieces: 1024, ClaimedBytes: 11 * gb, Completions: 11, ObservedBytes: 50 * gb}),
		line("bob", "c", "claimed", gb, savings.Counts{ClaimedBytes: 9 * gb}),
	}
}

func savingsHandler(t *testing.T) *Handler {
	h := newTestHandler(t)
	h.o.Savings = func(_ context.Context, m billing.Month, account string) (list []savings.Line, _ error) {
		for _, l := range savingsLines() {
			if m.String() == "2026-11" && (account == "" || account == l.Account) {
				list = append(list, l)
			}
		}
		return list, nil
	}
	h.o.Now = func() time.Time { return time.Date(2026, 11, 26, 0, 0, 0, 0, time.UTC) }
	h.meter.Record(meter.Event{ // over what is free
		At: h.o.Now(), Account: "bob", Bucket: "b", Operation: meter.GetObject, Tier: meter.Tier2, Source: meter.REST, BytesOut: 200 << 30,
	})
	return h
}

func TestSavings(t *testing.T) {
	c := InProcess(savingsHandler(t))
	r, err := c.Savings(t.Context(), SavingsQuery{Month: "2026-11", Plan: billing.DefaultPlan, Top: 2})
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	line := func(name string, s SavingsSum) {
		fmt.Fprintf(&got, "%s: %d GB sent, %.2f copies, %d GB spared, saved %s of %s\n", name, s.OriginBytes>>30, s.Copies, s.CrowdBytes>>30, s.Saved, s.AsClaimed)
	}
	line("total", r.Total)
	for _, a := range r.Accounts {
		line(a.Account, a.SavingsSum)
	}
	for _, b := range r.Buckets {
		line(b.Account+" "+b.Bucket, b.SavingsSum)
	}
	for _, o := range r.Best {
		line("best "+o.Key+" "+o.VersionID, o.SavingsSum)
	}
	for _, o := range r.Worst {
		line("worst "+o.Key, o.SavingsSum)
	}
	// 110 GB at $0.09 and 112,640 requests at $0.40 a million; bob's claims are 9 GB more.
	want := `total: 5 GB sent, 1.67 copies, 110 GB spared, saved 9.945056 of 10.758742
bob: 2 GB sent, 1.00 copies, 110 GB spared, saved 9.945056 of 10.758742
ann: 3 GB sent, 3.00 copies, 0 GB spared, saved 0.000000 of 0.000000
bob b: 2 GB sent, 1.00 copies, 110 GB spared, saved 9.945056 of 9.945056
ann a: 3 GB sent, 3.00 copies, 0 GB spared, saved 0.000000 of 0.000000
bob c: 0 GB sent, 0.00 copies, 0 GB spared, saved 0.000000 of 0.813686
best hit null: 1 GB sent, 1.00 copies, 100 GB spared, saved 9.040960 of 9.040960
best kept AAAAAAAAAAAAAAAAAAAAAQ: 1 GB sent, 1.00 copies, 10 GB spared, saved 0.904096 of 0.904096
worst lone: 3 GB sent, 3.00 copies, 0 GB spared, saved 0.000000 of 0.000000
`
	if got.String() != want {
		t.Errorf("got:\n%swant:\n%s", &got, want)
	}
}

func TestSavingsAreFiltered(t *testing.T) {
	h := savingsHandler(t)
	for query, want := range map[string]string{
		"month=2026-11":                           "lone hit kept claimed",
		"month=2026-10":                           "",
		"month=2026-11&bucket=b":                  "hit kept",
		"month=2026-11&bucket=sea":                "",
		"month=2026-11&bucket=a":                  "lone",
		"month=2026-11&account=" + canonical("b"): "",
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", "/v1/savings?plan="+billing.DefaultPlan+"&format=csv&"+query, nil))
		var keys []string
		for row := range strings.Lines(w.Body.String()) {
			if fields := strings.Split(row, ","); fields[0] == "2026-11" {
				keys = append(keys, fields[3])
			}
		}
		if got := strings.Join(keys, " "); w.Code != 200 || got != want {
			t.Errorf("%q: %d, objects %q, want %q", query, w.Code, got, want)
		}
	}
}

// canonical is a canonical id of that digit.
func canonical(digit string) string { return strings.Repeat(digit, 64) }
