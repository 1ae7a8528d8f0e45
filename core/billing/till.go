package billing

import "shoal/core/meter"

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
func (t *till) charge(charges []Charge, u meter.Row) ([]Charge, error) {
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
		charges = append(charges, Charge{Row: part, Rate: t.rate, Tier: t.tier, Cost: cost - t.cost})
		used, t.cost = to, cost
		if to == end {
			t.tier, t.from, t.cost = t.tier+1, end, 0
		}
	}
	return charges, nil
}
