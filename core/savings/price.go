package savings

import (
	"math/bits"
	"slices"

	"shoal/core/billing"
	"shoal/core/meter"
)

// maxBytes bounds what is priced, in bytes: an exabyte of claims is no reason to have no report.
const maxBytes = 1 << 60

// Saving is a line with its part of what its account saved.
type Saving struct {
	Line
	Saved     billing.Money // by CrowdBytes
	AsClaimed billing.Money // by ClaimedCrowdBytes, if all peers told the truth
}

// Price says what the lines of one account saved it in m, of which usage is what the meter counted: what its statement
// would be if the origin had sent too what the crowd did, less what it is. Only with tiers does that differ from bytes
// times the price. Errors are those of billing.Plan.Cost.
//
// Lines share it by their bytes; the shares add up to it to the micro-unit.
func Price(plan *billing.Plan, m billing.Month, usage []billing.Item, lines []Line) ([]Saving, error) {
	list := make([]Saving, len(lines))
	for i := range lines {
		list[i].Line = lines[i]
	}
	without, err := plan.Cost(m, usage)
	if err != nil {
		return nil, err
	}
	// spare shares out what bytes of the lines would have cost, to where the shares are.
	spare := func(bytesOf func(*Line) int64, to func(*Saving) *billing.Money) error {
		var bytes, requests int64
		for i := range lines {
			n := bytesOf(&lines[i])
			bytes = min(plus(bytes, n), maxBytes)
			requests = min(plus(requests, lines[i].pieces(n)), bytes)
		}
		with, err := plan.Cost(m, append(slices.Clip(usage),
			billing.Item{UsageType: meter.DataTransferOut, Operation: meter.GetObject, Quantity: bytes},
			billing.Item{UsageType: meter.RequestsTier2, Operation: meter.GetObject, Quantity: requests}))
		if err != nil {
			return err
		}
		var before int64
		var shared billing.Money
		for i := range list {
			before = min(plus(before, bytesOf(&lines[i])), maxBytes)
			upTo := billing.Money(share(int64(with-without), before, bytes))
			*to(&list[i]), shared = upTo-shared, upTo
		}
		return nil
	}
	if err := spare((*Line).CrowdBytes, func(s *Saving) *billing.Money { return &s.Saved }); err != nil {
		return nil, err
	}
	return list, spare((*Line).ClaimedCrowdBytes, func(s *Saving) *billing.Money { return &s.AsClaimed })
}

// share returns whole * part / of to the nearest, 0 if of is 0. Nothing is negative and part is at most of.
func share(whole, part, of int64) int64 {
	if of == 0 {
		return 0
	}
	hi, lo := bits.Mul64(uint64(whole), uint64(part))
	lo, carry := bits.Add64(lo, uint64(of)/2, 0)
	quotient, _ := bits.Div64(hi+carry, lo, uint64(of)) // part <= of and whole < 1<<63, so that hi < of
	return int64(quotient)
}

// Items returns the usage of each account in rows of the usage report.
func Items(rows []meter.Row) map[string][]billing.Item {
	items := make(map[string][]billing.Item)
	for _, r := range rows {
		items[r.Account] = append(items[r.Account], billing.Item{UsageType: r.UsageType, Operation: r.Operation, Quantity: r.UsageValue})
	}
	return items
}

// Sum adds savings up.
type Sum struct {
	Objects                                      int // versions
	Counts                                       Counts
	CrowdBytes, CrowdRequests, ClaimedCrowdBytes int64 // sums of those of the lines, each of which is bounded for itself
	// LeastBytes is what the origin would have sent had one copy of each object been enough.
	LeastBytes       int64
	Saved, AsClaimed billing.Money
}

// Add adds s.
func (t *Sum) Add(s *Saving) {
	t.Objects++
	t.Counts = t.Counts.add(s.Counts)
	t.CrowdBytes = plus(t.CrowdBytes, s.CrowdBytes())
	t.CrowdRequests = plus(t.CrowdRequests, s.CrowdRequests())
	t.ClaimedCrowdBytes = plus(t.ClaimedCrowdBytes, s.ClaimedCrowdBytes())
	if s.OriginBytes > 0 {
		t.LeastBytes += s.Size
	}
	t.Saved += s.Saved
	t.AsClaimed += s.AsClaimed
}
