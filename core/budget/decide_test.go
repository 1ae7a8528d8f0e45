package budget

import (
	"math"
	"slices"
	"strings"
	"testing"

	"shoal/core/billing"
	"shoal/core/fault"
	"shoal/core/meter"
)

const november meter.MonthNumber = 12*2026 + 11

func someBudget() Budget {
	return Budget{
		ID: "id", Name: "b", Scope: meter.Scope{Account: "a", Bucket: "pond"}, Limit: 1000,
		Thresholds: DefaultThresholds(), Action: TorrentsOnly, Target: "hook",
	}
}

func TestDecide(t *testing.T) {
	for _, tt := range []struct {
		name    string
		change  func(*Budget)
		state   State
		used    int64
		raised  []int // kept
		raise   []int
		inForce Action
	}{
		{"nothing used", nil, State{}, 0, nil, nil, None},
		{"under the first", nil, State{}, 499, nil, nil, None},
		{"the first", nil, State{}, 500, []int{50}, []int{50}, None},
		{"once", nil, State{november, 1000, []int{50}, nil}, 799, []int{50}, nil, None},
		{"the second", nil, State{november, 1000, []int{50}, nil}, 999, []int{50, 80}, []int{80}, None},
		{"all at once", nil, State{}, 1000, []int{50, 80, 100}, []int{50, 80, 100}, TorrentsOnly},
		{"used up and told", nil, State{november, 1000, []int{50, 80, 100}, nil}, 5000, []int{50, 80, 100}, nil, TorrentsOnly},
		{"less than before a crash", nil, State{november, 1000, []int{50, 80, 100}, nil}, 990, []int{50, 80, 100}, nil, None},
		{"a new month", nil, State{november - 1, 1000, []int{50, 80, 100}, nil}, 600, []int{50}, []int{50}, None},
		{"a greater limit", nil, State{november, 700, []int{50, 80, 100}, nil}, 700, []int{50}, nil, None},
		{"under a greater limit, again", nil, State{november, 1000, []int{50}, nil}, 800, []int{50, 80}, []int{80}, None},
		{"a smaller limit", nil, State{november, 9999, []int{50}, nil}, 1200, []int{50, 80, 100}, []int{80, 100}, TorrentsOnly},
		{"an alarm alone", func(b *Budget) { b.Action = None }, State{}, 2000, []int{50, 80, 100}, []int{50, 80, 100}, None},
		{"without thresholds", func(b *Budget) { b.Thresholds = nil }, State{}, 1000, nil, nil, TorrentsOnly},
		{"over the limit", func(b *Budget) { b.Thresholds = []int{150} }, State{}, 1499, nil, nil, TorrentsOnly},
		{"a threshold added", func(b *Budget) { b.Thresholds = []int{10, 50} }, State{november, 1000, []int{50}, nil}, 600, []int{10, 50}, []int{10}, None},
		{"the greatest", func(b *Budget) { b.Limit = math.MaxInt64 }, State{}, math.MaxInt64 - 1, []int{50, 80}, []int{50, 80}, None},
		{"the greatest, used up", func(b *Budget) { b.Limit = math.MaxInt64 }, State{}, math.MaxInt64, []int{50, 80, 100}, []int{50, 80, 100}, TorrentsOnly},
		{"a credit", nil, State{}, -5, nil, nil, None},
	} {
		b := someBudget()
		if tt.change != nil {
			tt.change(&b)
		}
		before := slices.Clone(tt.state.Raised)
		next, raise, inForce := Decide(&b, tt.state, november, tt.used)
		if !slices.Equal(next.Raised, tt.raised) || !slices.Equal(raise, tt.raise) || inForce != tt.inForce || next.Month != november || next.Limit != b.Limit {
			t.Errorf("%s: %+v, raise %v, %v in force; want %v, raise %v, %v", tt.name, next, raise, inForce, tt.raised, tt.raise, tt.inForce)
		}
		if !slices.Equal(tt.state.Raised, before) {
			t.Errorf("%s: the state that was given is changed", tt.name)
		}
		if _, again, _ := Decide(&b, next, november, tt.used); len(again) > 0 {
			t.Errorf("%s: decided again, it raises %v again", tt.name, again)
		}
	}
}

func TestCheck(t *testing.T) {
	for name, change := range map[string]func(*Budget){
		"":          func(*Budget) {},
		"name":      func(b *Budget) { b.Name = "a/b" },
		"long":      func(b *Budget) { b.Name = strings.Repeat("x", 65) },
		"account":   func(b *Budget) { b.Scope.Account = "" },
		"unit":      func(b *Budget) { b.Unit = numUnits },
		"action":    func(b *Budget) { b.Action = numActions },
		"limit":     func(b *Budget) { b.Limit = 0 },
		"target":    func(b *Budget) { b.Target = "http://x" },
		"zero":      func(b *Budget) { b.Thresholds = []int{0} },
		"too great": func(b *Budget) { b.Thresholds = []int{1001} },
		"twice":     func(b *Budget) { b.Thresholds = []int{50, 50} },
		"order":     func(b *Budget) { b.Thresholds = []int{80, 50} },
		"many":      func(b *Budget) { b.Thresholds = []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11} },
	} {
		b := someBudget()
		change(&b)
		if err := b.Check(); name == "" && err != nil || name != "" && !fault.Is(err, fault.InvalidArgument) {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestNames(t *testing.T) {
	for _, a := range Actions() {
		if got, err := ParseAction(a.String()); err != nil || got != a {
			t.Errorf("%v: got %v, %v", a, got, err)
		}
	}
	if _, err := ParseAction("stop"); !fault.Is(err, fault.InvalidArgument) {
		t.Errorf("an unknown action: %v", err)
	}
	if got := Action(9).String() + ", " + Unit(9).String() + ", " + Cost.String(); got != "action 9, unit 9, cost" {
		t.Errorf("names %q", got)
	}
}

// tenths is a plan that prices each byte sent and each request of tier 2 at a tenth, and nothing else.
func tenths(t *testing.T) *billing.Plan {
	t.Helper()
	p, err := billing.Parse([]byte(`name = "tenths"
currency = "XTS"
valid-from = 2006-03-14
source = "this test"
not-billed = ["DataTransfer-In-Bytes", "TimedStorage*"]

[[rate]]
usage-type = "DataTransfer-Out-Bytes"
description = "sent"
unit = "requests"
price = "0.1"

[[rate]]
usage-type = "Requests-Tier2"
description = "requests"
unit = "requests"
price = "0.1"
`))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestUsed(t *testing.T) {
	rows := []meter.Row{
		{UsageType: meter.DataTransferOut, UsageValue: 7},
		{UsageType: meter.DataTransferOut, UsageValue: 2},
		{UsageType: meter.DataTransferIn, UsageValue: 5},
		{UsageType: meter.RequestsTier2, UsageValue: 1},
	}
	b := someBudget()
	if got, err := b.Used(november, rows, nil); err != nil || got != 9 {
		t.Errorf("egress: %d, %v, want 9", got, err)
	}
	b.Unit = Cost
	if got, err := b.Used(november, rows, tenths(t)); err != nil || got != 1_000_000 {
		t.Errorf("cost: %d, %v, want a whole", got, err)
	}
	rows = append(rows, meter.Row{UsageType: meter.StorageObjectCount, UsageValue: 1})
	if _, err := b.Used(november, rows, tenths(t)); !fault.Is(err, fault.InvalidRequest) {
		t.Errorf("usage without a rate: %v", err)
	}
}
