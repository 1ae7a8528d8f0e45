package billing

import (
	"cmp"
	"errors"
	"slices"
	"time"

	"shoal/core/fault"
	"shoal/core/meter"
)

// Usage is a row of the usage report, with the source that it came by.
type Usage struct {
	meter.Row
	Source meter.Source
}

// Charge is the part of one row of usage that is in one tier.
type Charge struct {
	Usage       // UsageValue is that of the part
	Rate  *Rate // of the plan; not changed
	Tier  int   // index into Rate.Tiers
	Cost  Money
}

// Line is what all charges of one usage type within one tier add up to.
type Line struct {
	UsageType meter.UsageType
	Rate      *Rate
	Tier      int
	Sum
}

// Share is what all charges of one bucket add up to; "" is what no bucket had.
type Share struct {
	Bucket string
	Cost   Money
	// TorrentCost is the part of Cost that was sent to peers: a view, it changes no sum.
	TorrentCost Money
}

// Sum adds charges up. Torrent and TorrentCost are the parts of Quantity and Cost that were sent to peers.
type Sum struct {
	Quantity int64
	Cost     Money

	Torrent     int64
	TorrentCost Money
}

// Statement says what an account owes for a month, or for one of its buckets.
type Statement struct {
	Plan    *Plan
	Account string // canonical id
	Name    string // of the account; "" when it has none
	Month   Month
	Until   time.Time // usage before it is in; Month.End() when the month is over
	Bucket  string    // the statement is of its share alone; "" is the whole account

	Total       Money
	TorrentCost Money // part of Total
	Lines       []Line
	Buckets     []Share
	Charges     []Charge // in order of StartTime, bucket, operation, usage type and source
}

// Account is whom a statement is for.
type Account struct {
	ID   string // canonical id
	Name string // "" when it has none
}

// Statement prices the usage of an account in a month. usage has rows of that account and month alone, of any granularity,
// in any order; it is sorted in place. now decides whether the month is over. A usage type without a rate, and a sum out
// of range, are InvalidRequest: there is no statement without a price.
//
// Tiers are used up in order of time: the first bytes of the month have the price of the first tier, whichever bucket
// they are of.
func (p *Plan) Statement(a Account, m Month, now time.Time, usage []Usage) (*Statement, error) {
	slices.SortFunc(usage, compareUsage)
	s := &Statement{Plan: p, Account: a.ID, Name: a.Name, Month: m, Until: m.End()}
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

// Estimated reports whether the month is not over: usage will come, and rows of its last moments may.
func (s *Statement) Estimated() bool { return s.Until.Before(s.Month.End()) }

// Of returns the share of one bucket as a statement of its own. Its tiers are those that the account was in.
func (s *Statement) Of(bucket string) *Statement {
	share := &Statement{Plan: s.Plan, Account: s.Account, Name: s.Name, Month: s.Month, Until: s.Until, Bucket: bucket}
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
	lines, shares := make(map[lineKey]*Line), make(map[string]*Share)
	for _, c := range s.Charges {
		k := lineKey{c.Rate, c.UsageType, c.Tier}
		if lines[k] == nil {
			lines[k] = &Line{UsageType: c.UsageType, Rate: c.Rate, Tier: c.Tier}
		}
		if shares[c.Resource] == nil {
			shares[c.Resource] = &Share{Bucket: c.Resource}
		}
		if s.Total, err = addMoney(s.Total, c.Cost); err != nil {
			return err
		}
		line, share := lines[k], shares[c.Resource]
		line.Quantity += c.UsageValue // all of a till were added without overflow
		line.Cost += c.Cost
		share.Cost += c.Cost
		if c.Source == meter.BitTorrent {
			line.Torrent += c.UsageValue
			line.TorrentCost += c.Cost
			share.TorrentCost += c.Cost
			s.TorrentCost += c.Cost
		}
	}
	for _, l := range lines {
		s.Lines = append(s.Lines, *l)
	}
	for _, b := range shares {
		s.Buckets = append(s.Buckets, *b)
	}
	slices.SortFunc(s.Lines, compareLines)
	slices.SortFunc(s.Buckets, func(a, b Share) int { return cmp.Compare(a.Bucket, b.Bucket) })
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

func compareUsage(a, b Usage) int {
	return cmp.Or(
		a.StartTime.Compare(b.StartTime),
		cmp.Compare(a.Resource, b.Resource),
		cmp.Compare(a.Operation.String(), b.Operation.String()),
		cmp.Compare(a.UsageType.String(), b.UsageType.String()),
		cmp.Compare(a.Source, b.Source),
	)
}

type tillKey struct {
	rate      int16
	usageType meter.UsageType
}

// till takes the usage that goes through the tiers of a rate together, row by row.
type till struct {
	month Month
	rate  *Rate
	pool  pool
	tier  int   // where pool.used is
	from  int64 // where that tier begins
	cost  Money // of what is in that tier, rounded
}

// charge appends the charges of u to charges. What u costs in a tier is the difference that it makes to the rounded cost of
// all that is in the tier.
func (t *till) charge(charges []Charge, u Usage) ([]Charge, error) {
	used := t.pool.used
	if err := t.pool.add(u.UsageValue); err != nil {
		return nil, err
	}
	for used < t.pool.used {
		end := t.rate.bound(t.month, t.tier)
		to := min(t.pool.used, end)
		cost, err := t.rate.amount(t.month, t.tier, to-t.from)
		if err != nil {
			return nil, err
		}
		part := u
		part.UsageValue = to - used
		charges = append(charges, Charge{Usage: part, Rate: t.rate, Tier: t.tier, Cost: cost - t.cost})
		used, t.cost = to, cost
		if to == end {
			t.tier, t.from, t.cost = t.tier+1, end, 0
		}
	}
	return charges, nil
}
