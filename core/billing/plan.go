package billing

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"strings"
	"time"

	"shoal/core/fault"
	"shoal/core/meter"
)

// Plan is a price plan. Parse makes it.
type Plan struct {
	Name      string
	Currency  string // ISO 4217
	ValidFrom time.Time
	Issuer    string   // who bills by it
	Source    string   // where the prices are from
	Rates     []Rate   // the first that matches counts
	NotBilled []string // patterns of usage types that are no charge, and on no statement

	// rates has the index into Rates of each usage type, by number of the operation.
	rates map[meter.UsageType][]int16
}

// What a usage type has instead of a rate.
const (
	noRate    = -1
	notBilled = -2
)

// Rate is the price of some usage. Each usage type that it matches goes through the tiers for itself.
type Rate struct {
	UsageType   string   // name, or pattern with one '*'
	Operations  []string // nil is every operation
	Description string
	Unit        Unit
	Per         int64 // how many units the prices are for
	Tiers       []Tier
}

// Tier is the price of the usage of an account in a month that is above the tier before, up to a bound.
type Tier struct {
	UpTo  int64 // in units, counted from 0; 0 in the last tier, which has no bound
	Price Price
}

// Item is how much of one thing was used: requests, bytes or byte-hours.
type Item struct {
	UsageType meter.UsageType
	Operation meter.Operation
	Quantity  int64
}

// Cost returns what items cost an account that has used nothing else in the month: the total of its statement. A usage
// type without a rate, and a sum out of range, are InvalidRequest.
func (p *Plan) Cost(m Month, items []Item) (Money, error) {
	pools := make([]pool, 0, 8)
	for _, i := range items {
		rate, err := p.rate(i.UsageType, i.Operation)
		if err != nil {
			return 0, p.refuse(i, err)
		}
		if rate == notBilled || i.Quantity == 0 {
			continue
		}
		at := slices.IndexFunc(pools, func(o pool) bool { return o.rate == rate && o.usageType == i.UsageType })
		if at < 0 {
			at = len(pools)
			pools = append(pools, pool{rate: rate, usageType: i.UsageType})
		}
		if err := pools[at].add(i.Quantity); err != nil {
			return 0, p.refuse(i, err)
		}
	}
	var total Money
	for _, o := range pools {
		cost, err := p.Rates[o.rate].cost(m, o.used)
		if err == nil {
			total, err = addMoney(total, cost)
		}
		if err != nil {
			return 0, p.refuse(Item{UsageType: o.usageType}, err)
		}
	}
	return total, nil
}

// Egress returns what it costs to send more bytes to an account that has sent so many already in the month: their price at
// the margin of the tiers. Requests are not in it. Errors are as for Cost.
func (p *Plan) Egress(m Month, sent, more int64) (Money, error) {
	all := []Item{{meter.DataTransferOut, meter.GetObject, sent}, {meter.DataTransferOut, meter.GetObject, more}}
	with, err := p.Cost(m, all)
	if err != nil {
		return 0, err
	}
	without, err := p.Cost(m, all[:1])
	return with - without, err
}

func (p *Plan) refuse(i Item, err error) error {
	return fault.New("price usage", p.Name, fault.InvalidRequest, fmt.Errorf("%s of %s: %w", i.UsageType, i.Operation, err))
}

var errNoRate = errors.New("the price plan has no rate for it; add one, or name it in not-billed")

// rate returns the index of the rate of a usage type and operation, or notBilled.
func (p *Plan) rate(t meter.UsageType, o meter.Operation) (int16, error) {
	byOperation := p.rates[t]
	if int(o) >= len(byOperation) || byOperation[o] == noRate {
		return noRate, errNoRate
	}
	return byOperation[o], nil
}

// Unpriced returns the usage types of the meter that have no rate, whatever the operation.
func (p *Plan) Unpriced() (types []meter.UsageType) {
	for _, t := range meter.UsageTypes() {
		if !slices.ContainsFunc(p.rates[t], func(rate int16) bool { return rate != noRate }) {
			types = append(types, t)
		}
	}
	return types
}

// index fills p.rates.
func (p *Plan) index() {
	p.rates = make(map[meter.UsageType][]int16)
	operations := meter.Operations()
	last := slices.Max(operations)
	for _, t := range meter.UsageTypes() {
		byOperation := slices.Repeat([]int16{noRate}, int(last)+1) // numbers may be left out
		for _, o := range operations {
			byOperation[o] = p.find(t.String(), o.String())
		}
		p.rates[t] = byOperation
	}
}

func (p *Plan) find(usageType, operation string) int16 {
	if slices.ContainsFunc(p.NotBilled, func(pattern string) bool { return matches(pattern, usageType) }) {
		return notBilled
	}
	return int16(slices.IndexFunc(p.Rates, func(r Rate) bool { // noRate is its -1
		return matches(r.UsageType, usageType) && (r.Operations == nil || slices.Contains(r.Operations, operation))
	}))
}

// matches reports whether name is pattern, in which one '*' stands for any text.
func matches(pattern, name string) bool {
	before, after, wild := strings.Cut(pattern, "*")
	if !wild {
		return pattern == name
	}
	return len(name) >= len(before)+len(after) && strings.HasPrefix(name, before) && strings.HasSuffix(name, after)
}

// pool is the usage of a month that goes through the tiers of a rate together.
type pool struct {
	rate      int16
	usageType meter.UsageType
	used      int64
}

var errQuantity = errors.New("quantity out of range")

// add counts more usage. The largest int64 is what the meter says when a sum is larger.
func (o *pool) add(quantity int64) error {
	if quantity < 0 || quantity >= math.MaxInt64-o.used {
		return errQuantity
	}
	o.used += quantity
	return nil
}

// cost returns what used costs in all tiers, each rounded.
func (r *Rate) cost(m Month, used int64) (total Money, err error) {
	var from int64
	for i := range r.Tiers {
		to := min(used, r.bound(m, i))
		amount, err := r.amount(m, i, to-from)
		if err == nil {
			total, err = addMoney(total, amount)
		}
		if err != nil {
			return 0, err
		}
		if from = to; from == used {
			break
		}
	}
	return total, nil
}

// bound returns where tier i ends, in what the usage report counts.
func (r *Rate) bound(m Month, i int) int64 {
	hi, lo := bits.Mul64(uint64(r.Tiers[i].UpTo), uint64(r.Unit.size(m)))
	if r.Tiers[i].UpTo == 0 || hi != 0 || lo > math.MaxInt64 {
		return math.MaxInt64
	}
	return int64(lo)
}

// amount returns what quantity costs within tier i, rounded half up to the micro-unit: quantity x price / pricing unit,
// in 128 bits.
func (r *Rate) amount(m Month, i int, quantity int64) (Money, error) {
	divisor := uint64(r.Per*r.Unit.size(m)) * picoPerMicro // even
	hi, lo := bits.Mul64(uint64(quantity), uint64(r.Tiers[i].Price))
	lo, carry := bits.Add64(lo, divisor/2, 0)
	hi += carry
	if hi >= divisor {
		return 0, errTooMuch
	}
	n, _ := bits.Div64(hi, lo, divisor)
	if n > math.MaxInt64 {
		return 0, errTooMuch
	}
	return Money(n), nil
}
