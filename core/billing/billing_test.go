package billing

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"shoal/core/fault"
	"shoal/core/meter"
)

const gib = int64(1) << 30

// shipped returns a plan that comes with the package.
func shipped(t testing.TB, name string) *Plan {
	t.Helper()
	text, err := ShippedPlan(name)
	if err != nil {
		t.Fatal(err)
	}
	p, err := Parse(text)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return p
}

func month(t testing.TB, s string) Month {
	t.Helper()
	m, err := ParseMonth(s)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func money(t testing.TB, s string) Money {
	t.Helper()
	p, err := ParsePrice(s)
	if err != nil || p%picoPerMicro != 0 {
		t.Fatalf("%q is no amount: %v", s, err)
	}
	return Money(p / picoPerMicro)
}

// TestShippedPlansPriceEverything: a usage type of the meter that a plan of ours does not know would end in no statement.
func TestShippedPlansPriceEverything(t *testing.T) {
	for _, name := range ShippedPlans() {
		p := shipped(t, name)
		if p.Name != name {
			t.Errorf("%s.toml holds the plan %q", name, p.Name)
		}
		for _, usageType := range meter.UsageTypes() {
			for _, operation := range meter.Operations() {
				if _, err := p.rate(usageType, operation); err != nil {
					t.Errorf("%s: %s of %s: %v", name, usageType, operation, err)
				}
			}
		}
	}
	if _, err := ShippedPlan("../plan"); !fault.Is(err, fault.NoSuchEntity) {
		t.Errorf("unknown plan: %v", err)
	}
}

// TestCostAtTierEdges: AWS's tiers of 2026, a byte below, at and above each bound.
func TestCostAtTierEdges(t *testing.T) {
	p, m := shipped(t, "aws-s3-2026"), month(t, "2026-11")
	hours := int64(30 * 24)
	tests := []struct {
		usageType meter.UsageType
		quantity  int64
		want      string
	}{
		{meter.DataTransferOut, 0, "0"},
		{meter.DataTransferOut, 100 * gib, "0"},
		{meter.DataTransferOut, 100*gib + 5965, "0"},        // 0.4999912 micro-units
		{meter.DataTransferOut, 100*gib + 5966, "0.000001"}, // 0.5000751
		{meter.DataTransferOut, 101 * gib, "0.09"},
		{meter.DataTransferOut, 10340*gib - 1, "921.6"},
		{meter.DataTransferOut, 10340 * gib, "921.6"},
		{meter.DataTransferOut, 10341 * gib, "921.685"},
		{meter.DataTransferOut, 51300 * gib, "4403.2"},
		{meter.DataTransferOut, 51301 * gib, "4403.27"},
		{meter.DataTransferOut, 153700 * gib, "11571.2"},
		{meter.DataTransferOut, 153720 * gib, "11572.2"},
		{meter.DataTransferIn, math.MaxInt64 - 1, "0"},
		{meter.RequestsTier1, 1, "0.000005"},
		{meter.RequestsTier2, 1, "0"},        // 0.4 micro-units
		{meter.RequestsTier2, 2, "0.000001"}, // 0.8
		{meter.RequestsTier2, 1_000_000, "0.4"},
		{meter.TimedStorage, gib * hours, "0.023"},
		{meter.TimedStorage, 51200 * gib * hours, "1177.6"},
		{meter.TimedStorage, 51201 * gib * hours, "1177.622"},
		{meter.TimedStorage, 512000 * gib * hours, "11315.2"},
		{meter.TimedStorage, 512001 * gib * hours, "11315.221"},
		{meter.StorageObjectCount, 1_000_000_000, "0"},
	}
	for _, test := range tests {
		got, err := p.Cost(m, []Item{{test.usageType, meter.GetObject, test.quantity}})
		if want := money(t, test.want); err != nil || got != want {
			t.Errorf("%d of %s cost %s, %v, want %s", test.quantity, test.usageType, got, err, want)
		}
	}
}

// TestPublishedVector is the example of the S3 developer guide (Understanding your AWS billing and usage reports): 100 GB
// for 15 days and 100 TB for 16 days of March are 42,259,901,212,262,400 byte-hours, displayed as 52,900 GB-months.
func TestPublishedVector(t *testing.T) {
	byteHours := 100*gib*15*24 + 100*1024*gib*16*24
	if byteHours != 42_259_901_212_262_400 {
		t.Fatalf("%d byte-hours", byteHours)
	}
	m := month(t, "2007-03")
	if got := (byteHours + GBMonth.size(m)/2) / GBMonth.size(m); got != 52_900 {
		t.Errorf("%d GB-months, want 52,900", got)
	}
	// 52,900 GB-months less a fraction: (1,500 + 1,638,400) / 31 = 52,900 exactly, at $0.15.
	got, err := shipped(t, "aws-s3-2006-03").Cost(m, []Item{{meter.TimedStorage, meter.StandardStorage, byteHours}})
	if want := money(t, "7935"); err != nil || got != want {
		t.Errorf("costs %s, %v, want %s", got, err, want)
	}
}

func TestCostRefuses(t *testing.T) {
	p, m := shipped(t, "aws-s3-2026"), month(t, "2026-11")
	bare, err := Parse([]byte(minimal + "price = \"1\"\n"))
	if err != nil {
		t.Fatal(err)
	}
	dear, err := Parse([]byte(minimal + "price = \"1000000\"\n"))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		plan  *Plan
		items []Item
	}{
		"no rate":   {bare, []Item{{meter.DataTransferOut, meter.GetObject, 1}}},
		"negative":  {p, []Item{{meter.DataTransferOut, meter.GetObject, -1}}},
		"saturated": {p, []Item{{meter.DataTransferOut, meter.GetObject, math.MaxInt64}}},
		"sum out of range": {p, []Item{
			{meter.DataTransferOut, meter.GetObject, math.MaxInt64 / 2}, {meter.DataTransferOut, meter.PutObject, math.MaxInt64/2 + 2},
		}},
		"cost out of range": {dear, []Item{{meter.RequestsTier1, meter.GetObject, math.MaxInt64 / 2}}},
	} {
		if got, err := c.plan.Cost(m, c.items); !fault.Is(err, fault.InvalidRequest) {
			t.Errorf("%s: cost %s, %v, want InvalidRequest", name, got, err)
		}
	}
}

func TestEgressIsMarginal(t *testing.T) {
	p, m := shipped(t, "aws-s3-2026"), month(t, "2026-11")
	for _, test := range []struct {
		sent, more int64
		want       string
	}{
		{0, 100 * gib, "0"},
		{0, 101 * gib, "0.09"},
		{100 * gib, gib, "0.09"},
		{10339 * gib, 2 * gib, "0.175"},
		{200_000 * gib, gib, "0.05"},
	} {
		got, err := p.Egress(m, test.sent, test.more)
		if want := money(t, test.want); err != nil || got != want {
			t.Errorf("%d more after %d cost %s, %v, want %s", test.more, test.sent, got, err, want)
		}
	}
}

// drawUsage draws rows of one account in one month.
func drawUsage(t *rapid.T, m Month) (rows []meter.Row) {
	row := rapid.Custom(func(t *rapid.T) meter.Row {
		hour := rapid.Int64Range(0, m.hours()-1).Draw(t, "hour")
		u := meter.Row{Source: rapid.SampledFrom(meter.Sources()).Draw(t, "source")}
		u.Account = "owner"
		u.Resource = rapid.SampledFrom([]string{"", "a", "b", "c"}).Draw(t, "bucket")
		u.Operation = rapid.SampledFrom([]meter.Operation{meter.GetObject, meter.PutObject}).Draw(t, "operation")
		u.UsageType = rapid.SampledFrom(meter.UsageTypes()).Draw(t, "type")
		u.StartTime = m.Start().Add(time.Duration(hour) * time.Hour)
		u.EndTime = u.StartTime.Add(time.Hour)
		u.UsageValue = rapid.Int64Range(0, 1<<rapid.IntRange(0, 56).Draw(t, "bits")).Draw(t, "value")
		return u
	})
	return rapid.SliceOfN(row, 0, 40).Draw(t, "rows")
}

func items(rows []meter.Row) (all []Item) {
	for _, u := range rows {
		all = append(all, Item{u.UsageType, u.Operation, u.UsageValue})
	}
	return all
}

// TestStatementAddsUp: however usage is split up over buckets, hours and sources, the total is that of its sums, charges add
// up to lines, buckets and total to the micro-unit, and more usage never costs less.
func TestStatementAddsUp(t *testing.T) {
	m := month(t, "2026-02")
	var plans []*Plan
	for _, name := range ShippedPlans() {
		plans = append(plans, shipped(t, name))
	}
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.SampledFrom(plans).Draw(t, "plan")
		rows := drawUsage(t, m)
		want, err := p.Cost(m, items(rows))
		if err != nil {
			t.Fatal(err)
		}
		s, err := p.Statement(Account{ID: "owner"}, m, m.End().Add(settles), rows)
		if err != nil {
			t.Fatal(err)
		}
		if s.Total != want {
			t.Fatalf("statement of %s, but its sums cost %s", s.Total, want)
		}
		checkSums(t, s)
		more := append(items(rows), Item{meter.DataTransferOut, meter.GetObject, rapid.Int64Range(0, 1<<50).Draw(t, "more")})
		if got, err := p.Cost(m, more); err != nil || got < want {
			t.Fatalf("%s with more usage, %s before, %v", got, want, err)
		}
	})
}

// checkSums holds lines, buckets and charges of a statement against each other.
func checkSums(t interface{ Fatalf(string, ...any) }, s *Statement) {
	var lines, buckets, charges, torrents Money
	quantity := map[lineKey]int64{}
	for _, c := range s.Charges {
		charges += c.Cost
		quantity[lineKey{c.Rate, c.UsageType, c.Tier}] += c.UsageValue
		if c.Cost < 0 {
			t.Fatalf("charge of %s", c.Cost)
		}
		if c.Source == meter.BitTorrent {
			torrents += c.Cost
		}
	}
	for _, l := range s.Lines {
		exact, err := l.Rate.amount(s.Month, l.Tier, l.Quantity)
		if err != nil || s.Bucket == "" && exact != l.Cost {
			t.Fatalf("line %v costs %s, its quantity %s, %v", l, l.Cost, exact, err)
		}
		if quantity[lineKey{l.Rate, l.UsageType, l.Tier}] != l.Quantity {
			t.Fatalf("line %v, its charges have %v", l, quantity)
		}
		lines += l.Cost
	}
	for _, b := range s.Buckets {
		buckets += b.Cost
	}
	if lines != s.Total || buckets != s.Total || charges != s.Total || torrents != s.TorrentCost {
		t.Fatalf("total %s, lines %s, buckets %s, charges %s; torrents %s and %s", s.Total, lines, buckets, charges, s.TorrentCost, torrents)
	}
}

// BenchmarkCost prices what a budget holds against its limit.
func BenchmarkCost(b *testing.B) {
	p, m := Default(), month(b, "2026-11")
	items := []Item{
		{meter.RequestsTier1, meter.PutObject, 12_345},
		{meter.RequestsTier2, meter.GetObject, 67_890},
		{meter.DataTransferOut, meter.GetObject, 12_345 * gib},
		{meter.TimedStorage, meter.StandardStorage, 123_456 * gib},
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.Cost(m, items); err != nil {
			b.Fatal(err)
		}
	}
}
