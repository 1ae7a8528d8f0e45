package billing

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/BurntSushi/toml"

	"shoal/core/fault"
)

// Bounds of a plan.
const (
	MaxPlanSize = 64 << 10 // bytes; the largest shipped has a tenth

	maxName       = 64
	maxText       = 1024
	maxRates      = 256
	maxTiers      = 32
	maxNames      = 256           // of a list
	maxPer        = 1_000_000_000 // with it, the divisor of an amount stays within 63 bits
	maxUpTo       = 1_000_000_000_000_000
	maxTomlErrors = 200 // bytes of the library's words
)

var (
	planName     = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]*$`)
	currencyCode = regexp.MustCompile(`^[A-Z]{3}$`)
)

// Parse reads a plan. Keys that it does not know are errors. An error is InvalidArgument and says line and key.
func Parse(text []byte) (*Plan, error) {
	if len(text) > MaxPlanSize {
		return nil, malformed("size", fmt.Errorf("of more than %d bytes", MaxPlanSize))
	}
	var file map[string]any
	if _, err := toml.Decode(string(text), &file); err != nil {
		return nil, syntaxError(err)
	}
	top := &table{lines: linesOf(text), values: file}
	p := &Plan{
		Name:      top.text("name", maxName, planName),
		Currency:  top.text("currency", len("USD"), currencyCode),
		ValidFrom: top.date("valid-from"),
		Issuer:    provider,
		Source:    top.text("source", maxText, nil),
	}
	if top.has("issuer") {
		p.Issuer = top.text("issuer", maxName, nil)
	}
	if top.has("not-billed") {
		p.NotBilled = top.patterns("not-billed")
	}
	rates := top.tables("rate", maxRates)
	top.done()
	if top.err != nil {
		return nil, top.err
	}
	for _, t := range rates {
		rate, err := parseRate(t)
		if err != nil {
			return nil, err
		}
		for _, r := range p.Rates {
			if r.UsageType == rate.UsageType && r.overlaps(rate) {
				return nil, t.fail("usage-type", fmt.Errorf("%q has a rate already", rate.UsageType))
			}
		}
		p.Rates = append(p.Rates, rate)
	}
	p.index()
	return p, nil
}

func malformed(where string, err error) error {
	return fault.New("read price plan", where, fault.InvalidArgument, err)
}

func syntaxError(err error) error {
	var parse toml.ParseError
	if !errors.As(err, &parse) {
		return malformed("", err)
	}
	return malformed(fmt.Sprintf("line %d, %.*s", parse.Position.Line, maxName, parse.LastKey), fmt.Errorf("%.*s", maxTomlErrors, parse.Message))
}

// overlaps reports whether a usage and operation exist that both rates are for, their usage type being the same: the
// second would never count, or only where the reader does not expect it.
func (r *Rate) overlaps(o Rate) bool {
	if r.Operations == nil || o.Operations == nil {
		return r.Operations == nil // a rate of all operations may follow one of a few
	}
	for _, name := range o.Operations {
		for _, other := range r.Operations {
			if name == other {
				return true
			}
		}
	}
	return false
}

func parseRate(t *table) (Rate, error) {
	r := Rate{UsageType: t.text("usage-type", maxName, nil), Per: 1}
	if err := checkPattern(r.UsageType); err != nil {
		t.fail("usage-type", err)
	}
	if t.has("operations") {
		r.Operations = t.names("operations")
	}
	if t.has("description") {
		r.Description = t.text("description", maxText, nil)
	}
	unit, err := parseUnit(t.text("unit", maxName, nil))
	if err != nil {
		t.fail("unit", err)
	}
	r.Unit = unit
	if t.has("per") {
		r.Per = t.number("per", maxPer)
		if unit != Requests {
			t.fail("per", errors.New("goes with unit requests alone"))
		}
	}
	if t.has("price") {
		r.Tiers = []Tier{{Price: t.price()}}
	} else {
		r.Tiers = parseTiers(t)
	}
	t.done()
	return r, t.err
}

func parseTiers(t *table) (tiers []Tier) {
	all := t.tables("tiers", maxTiers)
	var before int64
	for i, one := range all {
		tier := Tier{Price: one.price()}
		if last := i == len(all)-1; last == one.has("up-to") {
			one.fail("up-to", errors.New("every tier but the last has one"))
		} else if !last {
			if tier.UpTo = one.number("up-to", maxUpTo); tier.UpTo <= before {
				one.fail("up-to", fmt.Errorf("%d is not above %d of the tier before", tier.UpTo, before))
			}
			before = tier.UpTo
		}
		one.done()
		if one.err != nil {
			t.err = one.err
			return nil
		}
		tiers = append(tiers, tier)
	}
	return tiers
}

func (t *table) price() Price {
	p, err := ParsePrice(t.text("price", maxName, nil))
	if err != nil {
		t.fail("price", fmt.Errorf("%v %w", t.values["price"], err))
	}
	return p
}

func (t *table) patterns(key string) []string {
	patterns := t.names(key)
	for _, p := range patterns {
		if err := checkPattern(p); err != nil {
			t.fail(key, err)
		}
	}
	return patterns
}

func checkPattern(p string) error {
	if strings.Count(p, "*") > 1 {
		return fmt.Errorf("%q has more than one *", p)
	}
	return nil
}

func (t *table) date(key string) time.Time {
	switch d := t.take(key).(type) {
	case time.Time:
		y, m, day := d.Date()
		return time.Date(y, m, day, 0, 0, 0, 0, time.UTC)
	default:
		t.fail(key, errors.New("must be a date such as 2026-01-01, without quotes"))
		return time.Time{}
	}
}
