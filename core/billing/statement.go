package billing

import (
	"cmp"
	"errors"
	"slices"
	"time"

	"shoal/core/fault"
	"shoal/core/meter"
)

// settles is how long after the end of a month its statement is an estimate: what was stored to the end and events that
// come late are counted by then.
const settles = time.Hour

// Charge is the part of one row of the usage report that is in one tier.
type Charge struct {
	meter.Row       // UsageValue is that of the part
	Rate      *Rate // of the plan; not changed
	Tier      int   // index into Rate.Tiers
	Cost      Money
}

// Sum adds charges up. Torrent and TorrentCost are the parts of Quantity and Cost that were sent to peers: a view, they
// change no sum.
type Sum struct {
	Quantity int64 // as the usage report counts
	Cost     Money

	Torrent     int64
	TorrentCost Money
}

func (s *Sum) add(c Charge) {
	s.Quantity += c.UsageValue // within range: all that goes through the same tiers was added before
	s.Cost += c.Cost
	if c.Source == meter.BitTorrent {
		s.Torrent += c.UsageValue
		s.TorrentCost += c.Cost
	}
}

// Share is the sum of what is one bucket's; "" is what no bucket had.
type Share struct {
	Bucket string
	Sum
}

// Line is all of one usage type within one tier.
type Line struct {
	UsageType meter.UsageType
	Rate      *Rate
	Tier      int
	Sum
	Shares []Share // in order of bucket
}

// BucketCost is what all lines have of one bucket.
type BucketCost struct {
	Bucket            string
	Cost, TorrentCost Money
}

// Account is whom a statement is for.
type Account struct {
	ID     string // canonical id
	Number string // of 12 digits
	Name   string // "" when the account is gone
}

// Statement says what an account owes for a month, or for one of its buckets.
type Statement struct {
	Plan    *Plan
	Account Account
	Month   Month
	Until   time.Time // usage before it is in; at most Month.End()
	Bucket  string    // the statement is of its share alone; "" is the whole account

	Estimated bool // more usage will come

	Total       Money
	TorrentCost Money // part of Total
	Lines       []Line
	Buckets     []BucketCost // in order of bucket
	Charges     []Charge     // in order of StartTime, bucket, operation, usage type and source
}

// Statement prices the usage of an account in a month. usage has rows of that account and month alone, of any granularity,
// in any order, by source; it is sorted in place. now decides whether more will come. A usage type without a rate, and a sum out
// of range, are InvalidRequest: there is no statement without a price.
//
// Tiers are used up in order of time: the first bytes of the month have the price of the first tier, whichever bucket
// they are of.
func (p *Plan) Statement(a Account, m Month, now time.Time, usage []meter.Row) (*Statement, error) {
	slices.SortFunc(usage, compareUsage)
	s := &Statement{Plan: p, Account: a, Month: m, Until: m.End(), Estimated: now.Before(m.End().Add(settles))}
	if now.Before(s.Until) {
		s.Until = now.UTC()
	}
	tills := make(map[tillKey]*till)
	for _, u := range usage {
		if u.Account != a.ID || u.StartTime.Before(m.Start()) || u.EndTime.After(m.End()) {
			return nil, fault.New("make statement", a.ID, fault.Internal, errors.New("usage of another account or month"))
		}
		rate, err := p.rate(u.UsageType, u.Operation)
		if err == nil && rate != notBilled {
			k := tillKey{rate, u.UsageType}
			if tills[k] == nil {
				tills[k] = &till{month: m, rate: &p.Rates[rate]}
			}
			s.Charges, err = tills[k].charge(s.Charges, u)
		}
		if err != nil {
			return nil, p.refuse(Item{UsageType: u.UsageType, Operation: u.Operation}, err)
		}
	}
	if err := s.addUp(); err != nil {
		return nil, p.refuse(Item{}, err)
	}
	return s, nil
}

// Of returns the share of one bucket as a statement of its own. Its tiers are those that the account was in.
func (s *Statement) Of(bucket string) *Statement {
	share := &Statement{Plan: s.Plan, Account: s.Account, Month: s.Month, Until: s.Until, Bucket: bucket, Estimated: s.Estimated}
	for _, c := range s.Charges {
		if c.Resource == bucket {
			share.Charges = append(share.Charges, c)
		}
	}
	_ = share.addUp() // a part of sums that were within range
	return share
}

// addUp makes all sums from the charges.
func (s *Statement) addUp() (err error) {
	lines := make(map[lineKey]*Line)
	shares := make(map[lineKey]map[string]*Share)
	buckets := make(map[string]*BucketCost)
	for _, c := range s.Charges {
		if s.Total, err = addMoney(s.Total, c.Cost); err != nil {
			return err
		}
		k := lineKey{c.Rate, c.UsageType, c.Tier}
		if lines[k] == nil {
			lines[k] = &Line{UsageType: c.UsageType, Rate: c.Rate, Tier: c.Tier}
			shares[k] = make(map[string]*Share)
		}
		if shares[k][c.Resource] == nil {
			shares[k][c.Resource] = &Share{Bucket: c.Resource}
		}
		lines[k].add(c)
		shares[k][c.Resource].add(c)
	}
	for k, l := range lines {
		for _, share := range shares[k] {
			l.Shares = append(l.Shares, *share)
			if buckets[share.Bucket] == nil {
				buckets[share.Bucket] = &BucketCost{Bucket: share.Bucket}
			}
			buckets[share.Bucket].Cost += share.Cost
			buckets[share.Bucket].TorrentCost += share.TorrentCost
		}
		slices.SortFunc(l.Shares, func(a, b Share) int { return cmp.Compare(a.Bucket, b.Bucket) })
		s.Lines = append(s.Lines, *l)
		s.TorrentCost += l.TorrentCost
	}
	for _, b := range buckets {
		s.Buckets = append(s.Buckets, *b)
	}
	slices.SortFunc(s.Lines, compareLines)
	slices.SortFunc(s.Buckets, func(a, b BucketCost) int { return cmp.Compare(a.Bucket, b.Bucket) })
	return nil
}

type lineKey struct {
	rate      *Rate
	usageType meter.UsageType
	tier      int
}

// compareLines orders by usage type as the meter numbers them, then by operations and tier.
func compareLines(a, b Line) int {
	return cmp.Or(
		cmp.Compare(a.UsageType, b.UsageType),
		slices.Compare(a.Rate.Operations, b.Rate.Operations),
		cmp.Compare(a.Tier, b.Tier),
	)
}

func compareUsage(a, b meter.Row) int {
	return cmp.Or(
		a.StartTime.Compare(b.StartTime),
		cmp.Compare(a.Resource, b.Resource),
		cmp.Compare(a.Operation.String(), b.Operation.String()),
		cmp.Compare(a.UsageType.String(), b.UsageType.String()),
		cmp.Compare(a.Source, b.Source),
	)
}
