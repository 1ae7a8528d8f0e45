package access

import "strings"

// quantifier says how a condition treats a key with several values.
type quantifier uint8

const (
	single quantifier = iota
	forAny            // ForAnyValue: at least one value of the request
	forAll            // ForAllValues: every value of the request; also when it has none
)

const (
	anyLabel = "ForAnyValue:"
	allLabel = "ForAllValues:"
)

// condition is one key under one operator: met when the key's value stands in the operator's
// relation to any of the operands (to none of them, for a negated operator).
type condition struct {
	op       operator
	quantity quantifier
	ifExists bool
	key      Key // lower-case
	operands []operand
}

// operatorOf reads the label of a condition block: [ForAnyValue:|ForAllValues:]Operator[IfExists].
func operatorOf(label string) (c condition, ok bool) {
	name := label
	if rest, ok := strings.CutPrefix(name, anyLabel); ok {
		c.quantity, name = forAny, rest
	} else if rest, ok := strings.CutPrefix(name, allLabel); ok {
		c.quantity, name = forAll, rest
	}
	name, c.ifExists = strings.CutSuffix(name, "IfExists")
	c.op, ok = operatorNamed(name)
	// IAM: Null has neither IfExists nor a set form.
	if c.op.family == nullFamily && (c.ifExists || c.quantity != single) {
		return condition{}, false
	}
	return c, ok
}

// holds reports whether c is met in e.
func (c condition) holds(e *environment) truth {
	got, known := e.values(c.key)
	if !known {
		return unknown
	}
	if c.op.family == nullFamily {
		return c.null(len(got) == 0)
	}
	if len(got) == 0 {
		// IAM: a missing key meets negated operators, IfExists and ForAllValues, and nothing else.
		return truthOf(c.ifExists || c.quantity == forAll || (c.op.negated && c.quantity == single))
	}
	// Without a quantifier no value may match a negated operator, and one must match the others.
	every := c.quantity == forAll || (c.quantity == single && c.op.negated)
	met := truthOf(every)
	for _, g := range got {
		if every {
			met = met.and(c.one(g, e))
		} else {
			met = met.or(c.one(g, e))
		}
	}
	return met
}

// one reports whether one value of the request meets c.
func (c condition) one(got string, e *environment) truth {
	t := no
	for _, v := range c.operands {
		t = t.or(c.op.covers(v, got, e))
	}
	if c.op.negated {
		return t.not()
	}
	return t
}

// null: Null with true demands that the key is absent, with false that it is there.
func (c condition) null(absent bool) truth {
	for _, v := range c.operands {
		if v.truth == absent {
			return yes
		}
	}
	return no
}
