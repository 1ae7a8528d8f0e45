package admin

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"shoal/core/billing"
	"shoal/core/meter"
	"shoal/core/savings"
)

// Bounds of a savings report. Its CSV has no bound of its own: it has every object.
const (
	defaultTop        = 10
	maxTop            = 1000
	maxSavingsBuckets = 10_000 // buckets and accounts, those that saved most
)

// SavingsQuery asks for a savings report.
type SavingsQuery struct {
	Month   string // YYYY-MM, UTC
	Account string // name, number or canonical id; "" is every account that the caller may see
	Bucket  string // "" is every one
	Top     int    // best and worst objects
	Format  string // csv or json
	Plan    string // name of a price plan that comes with Shoal; "" is the server's
}

// SavingsSum is what some objects saved together. Bytes are payload, money is a decimal.
type SavingsSum struct {
	Objects        int     `json:"objects"` // versions
	OriginBytes    int64   `json:"origin_bytes"`
	OriginRequests int64   `json:"origin_requests"`
	LeastBytes     int64   `json:"least_bytes"` // one copy of each that the origin sent something of
	Copies         float64 `json:"copies"`      // OriginBytes / LeastBytes
	ClaimedBytes   int64   `json:"claimed_bytes"`
	Completions    int64   `json:"completions"`
	ObservedBytes  int64   `json:"observed_bytes"`
	CrowdBytes     int64   `json:"crowd_bytes"`
	CrowdRequests  int64   `json:"crowd_requests"`
	Saved          string  `json:"saved"`
	AsClaimed      string  `json:"saved_as_claimed"`
}

// AccountSavings is what an account saved.
type AccountSavings struct {
	Account string `json:"account"` // canonical id
	Number  string `json:"account_number"`
	Name    string `json:"account_name"` // "" when it has none any more
	SavingsSum
}

// BucketSavings is what a bucket saved its account.
type BucketSavings struct {
	Account string `json:"account"`
	Bucket  string `json:"bucket"`
	SavingsSum
}

// ObjectSavings is what one object version saved. Key is "" of those that did not fit in memory, together.
type ObjectSavings struct {
	Account   string `json:"account"`
	Bucket    string `json:"bucket"`
	Key       string `json:"key"`
	VersionID string `json:"version_id"`
	Bytes     int64  `json:"bytes"` // its size
	SavingsSum
}

// SavingsReport is what torrents saved in a month: docs/protocol/savings.md says what the numbers mean.
type SavingsReport struct {
	Month     string           `json:"month"`
	Plan      string           `json:"plan"`
	Currency  string           `json:"currency"`
	Total     SavingsSum       `json:"total"`
	Accounts  []AccountSavings `json:"accounts"`  // most saved first
	Buckets   []BucketSavings  `json:"buckets"`   // likewise
	Best      []ObjectSavings  `json:"best"`      // likewise; those that saved something
	Worst     []ObjectSavings  `json:"worst"`     // sent most beyond what the crowd moved first
	Truncated bool             `json:"truncated"` // there are more accounts or buckets
}

// savings answers the savings report in the format asked for.
func (h *Handler) savings(w http.ResponseWriter, r *http.Request) {
	if err := h.writeSavings(w, r); err != nil {
		h.fail(w, r, err)
	}
}

// writeSavings writes the report, or nothing when it returns an error.
func (h *Handler) writeSavings(w http.ResponseWriter, r *http.Request) error {
	account, err := h.billedAccount(r, actionSavings)
	if err != nil {
		return err
	}
	m, err := h.monthOf(r)
	if err != nil {
		return err
	}
	plan, err := h.planOf(r)
	if err != nil {
		return err
	}
	top, err := topOf(r.FormValue("top"))
	if err != nil {
		return err
	}
	format := r.FormValue("format")
	if format != "csv" && format != "json" && format != "" {
		return invalid("format", errors.New(strconv.Quote(format)+" is not csv or json"))
	}
	list, err := h.priced(r.Context(), plan, m, string(account))
	if err != nil {
		return err
	}
	if bucket := r.FormValue("bucket"); bucket != "" {
		list = slices.DeleteFunc(list, func(s savings.Saving) bool { return s.Bucket != bucket })
	}
	if format == "csv" {
		w.Header().Set("Content-Type", "text/csv; charset=utf-8")
		_ = savings.WriteCSV(w, m, plan.Currency, list) // an error means that the client went away
		return nil
	}
	report := NewSavingsReport(list, top)
	report.Month, report.Plan, report.Currency = m.String(), plan.Name, plan.Currency
	for i := range report.Accounts {
		payer, err := h.payer(r.Context(), report.Accounts[i].Account)
		if err != nil {
			return err
		}
		report.Accounts[i].Number, report.Accounts[i].Name = payer.Number, payer.Name
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(report)
	return nil
}

func topOf(s string) (int, error) {
	if s == "" {
		return defaultTop, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 || n > maxTop {
		return 0, invalid("top", fmt.Errorf("%q is not a number up to %d", s, maxTop))
	}
	return n, nil
}

// priced returns what was saved in m by an account, by all if that is "".
func (h *Handler) priced(ctx context.Context, plan *billing.Plan, m billing.Month, account string) ([]savings.Saving, error) {
	lines, err := h.o.Savings(ctx, m, account)
	if err != nil {
		return nil, err
	}
	usage, err := h.meter.Report(ctx, meter.Query{From: m.Start(), To: m.End(), Granularity: meter.Month, Account: account})
	if err != nil {
		return nil, err
	}
	items := savings.Items(usage)
	list := make([]savings.Saving, 0, len(lines))
	for len(lines) > 0 { // those of an account stand together
		n := 1
		for n < len(lines) && lines[n].Account == lines[0].Account {
			n++
		}
		own, err := savings.Price(plan, m, items[lines[0].Account], lines[:n])
		if err != nil {
			return nil, err
		}
		list, lines = append(list, own...), lines[n:]
	}
	return list, nil
}

// NewSavingsReport sums savings up and picks the best and worst top objects. Month, plan and names of accounts are left out.
func NewSavingsReport(list []savings.Saving, top int) SavingsReport {
	var total savings.Sum
	accounts, buckets := make(map[string]*savings.Sum), make(map[[2]string]*savings.Sum)
	for i := range list {
		s := &list[i]
		total.Add(s)
		sumOf(accounts, s.Account).Add(s)
		sumOf(buckets, [2]string{s.Account, s.Bucket}).Add(s)
	}
	r := SavingsReport{Total: wireSum(&total), Accounts: []AccountSavings{}, Buckets: []BucketSavings{}}
	for _, account := range mostSaved(accounts, func(a, b string) int { return cmp.Compare(a, b) }) {
		r.Accounts = append(r.Accounts, AccountSavings{Account: account, SavingsSum: wireSum(accounts[account])})
	}
	for _, k := range mostSaved(buckets, func(a, b [2]string) int { return slices.Compare(a[:], b[:]) }) {
		r.Buckets = append(r.Buckets, BucketSavings{k[0], k[1], wireSum(buckets[k])})
	}
	r.Truncated = len(r.Accounts) < len(accounts) || len(r.Buckets) < len(buckets)
	r.Best = pick(list, top, func(s *savings.Saving) int64 { return s.CrowdBytes() }, func(s *savings.Saving) int64 { return int64(s.Saved) })
	beyond := func(s *savings.Saving) int64 { return s.OriginBytes - s.CrowdBytes() }
	r.Worst = pick(list, top, beyond, beyond)
	return r
}

func sumOf[K comparable](sums map[K]*savings.Sum, k K) *savings.Sum {
	if sums[k] == nil {
		sums[k] = new(savings.Sum)
	}
	return sums[k]
}

// mostSaved returns the keys of at most maxSavingsBuckets sums, that which saved most first.
func mostSaved[K comparable](sums map[K]*savings.Sum, compare func(a, b K) int) []K {
	keys := make([]K, 0, len(sums))
	for k := range sums {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b K) int {
		return cmp.Or(cmp.Compare(sums[b].Saved, sums[a].Saved), cmp.Compare(sums[b].CrowdBytes, sums[a].CrowdBytes), compare(a, b))
	})
	return keys[:min(len(keys), maxSavingsBuckets)]
}

// pick returns the top of list by rank, then by bytes, of those that have bytes.
func pick(list []savings.Saving, top int, bytes, rank func(*savings.Saving) int64) []ObjectSavings {
	var order []*savings.Saving
	for i := range list {
		if s := &list[i]; bytes(s) > 0 {
			order = append(order, s)
		}
	}
	slices.SortStableFunc(order, func(a, b *savings.Saving) int {
		return cmp.Or(cmp.Compare(rank(b), rank(a)), cmp.Compare(bytes(b), bytes(a)))
	})
	picked := []ObjectSavings{}
	for _, s := range order[:min(len(order), top)] {
		var sum savings.Sum
		sum.Add(s)
		picked = append(picked, ObjectSavings{
			Account: s.Account, Bucket: s.Bucket, Key: s.Key, VersionID: s.VersionID(), Bytes: s.Size, SavingsSum: wireSum(&sum),
		})
	}
	return picked
}

func wireSum(s *savings.Sum) SavingsSum {
	return SavingsSum{
		Objects: s.Objects, OriginBytes: s.Counts.OriginBytes, OriginRequests: s.Counts.OriginPieces,
		LeastBytes: s.LeastBytes, Copies: ratio(s.Counts.OriginBytes, s.LeastBytes),
		ClaimedBytes: s.Counts.ClaimedBytes, Completions: s.Counts.Completions, ObservedBytes: s.Counts.ObservedBytes,
		CrowdBytes: s.CrowdBytes, CrowdRequests: s.CrowdRequests, Saved: s.Saved.String(), AsClaimed: s.AsClaimed.String(),
	}
}

func (q *SavingsQuery) path() string {
	v := url.Values{"month": {q.Month}, "account": {q.Account}, "bucket": {q.Bucket}, "format": {q.Format}, "plan": {q.Plan}}
	if q.Top > 0 {
		v.Set("top", strconv.Itoa(q.Top))
	}
	return "/v1/savings?" + v.Encode()
}

// Savings returns the savings report.
func (c *Client) Savings(ctx context.Context, q SavingsQuery) (SavingsReport, error) {
	q.Format = "json"
	var report SavingsReport
	return report, c.json(ctx, http.MethodGet, q.path(), nil, &report)
}

// WriteSavings writes the savings report to w in the format asked for.
func (c *Client) WriteSavings(ctx context.Context, w io.Writer, q SavingsQuery) error {
	body, err := c.call(ctx, http.MethodGet, q.path(), nil)
	if err != nil {
		return err
	}
	defer body.Close()
	_, err = io.Copy(w, body)
	return err
}
