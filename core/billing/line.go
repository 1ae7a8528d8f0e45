package billing

import (
	"cmp"
	"fmt"
	"math/bits"
	"strings"
)

// Price returns the price of the line, for Rate.Per units.
func (l *Line) Price() Price { return l.Rate.Tiers[l.Tier].Price }

// Describe says what was used and in which tier: "data transfer out, next 10240 GB".
func (l *Line) Describe() string { return l.Rate.describe(l.UsageType.String(), l.Tier) }

func (r *Rate) describe(usageType string, tier int) string {
	text := cmp.Or(r.Description, usageType)
	if r.Operations != nil {
		text += " (" + strings.Join(r.Operations, ", ") + ")"
	}
	if len(r.Tiers) > 1 {
		text += ", " + r.span(tier)
	}
	return text
}

// span says where a tier is: "first 100 GB".
func (r *Rate) span(tier int) string {
	var from int64
	if tier > 0 {
		from = r.Tiers[tier-1].UpTo
	}
	switch to := r.Tiers[tier].UpTo; {
	case to == 0:
		return fmt.Sprintf("over %d %s", from, r.Unit)
	case tier == 0:
		return fmt.Sprintf("first %d %s", to, r.Unit)
	default:
		return fmt.Sprintf("next %d %s", to-from, r.Unit)
	}
}

// priceText returns a price as people read it: "0.0004 per 1000".
func (r *Rate) priceText(tier int) string {
	p := r.Tiers[tier].Price.String()
	if r.Per > 1 {
		p += fmt.Sprintf(" per %d", r.Per)
	}
	return p
}

// quotient returns n/d as a decimal with so many places, at most 15, rounded half up. n is not negative, d above 0 and
// below 2^50.
func quotient(n, d int64, places int) string {
	scale := uint64(1)
	for range places {
		scale *= 10
	}
	whole, rest := uint64(n/d), uint64(n%d)
	hi, lo := bits.Mul64(rest, scale)
	lo, carry := bits.Add64(lo, uint64(d)/2, 0)
	part, _ := bits.Div64(hi+carry, lo, uint64(d)) // rest < d: at most scale
	if part == scale {
		whole, part = whole+1, 0
	}
	if places == 0 {
		return fmt.Sprint(whole)
	}
	return fmt.Sprintf("%d.%0*d", whole, places, part)
}

// shownPlaces of quantities that are bytes: a KiB shows.
const shownPlaces = 6

// units returns how many units of its rate a quantity is, as people read it.
func (r *Rate) units(m Month, quantity int64) string {
	if r.Unit == Requests {
		return quotient(quantity, 1, 0)
	}
	return quotient(quantity, r.Unit.size(m), shownPlaces)
}
