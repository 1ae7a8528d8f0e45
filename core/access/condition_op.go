package access

import (
	"encoding/base64"
	"math"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// family is the kind of values that a condition operator compares.
type family uint8

const (
	stringFamily family = iota
	likeFamily
	foldFamily // strings without case
	arnFamily
	numericFamily
	dateFamily
	boolFamily
	binaryFamily
	ipFamily
	nullFamily
)

// operator is a condition operator without its quantifier and IfExists.
type operator struct {
	family  family
	negated bool
	order   string // of numbers and dates: "==", "<", "<=", ">", ">="
}

// operatorNamed returns the operator that a policy calls name.
func operatorNamed(name string) (operator, bool) {
	switch name {
	case "StringEquals", "StringNotEquals":
		return operator{family: stringFamily, negated: strings.Contains(name, "Not")}, true
	case "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase":
		return operator{family: foldFamily, negated: strings.Contains(name, "Not")}, true
	case "StringLike", "StringNotLike":
		return operator{family: likeFamily, negated: strings.Contains(name, "Not")}, true
	// IAM: ArnEquals and ArnLike behave identically.
	case "ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike":
		return operator{family: arnFamily, negated: strings.Contains(name, "Not")}, true
	case "IpAddress", "NotIpAddress":
		return operator{family: ipFamily, negated: strings.HasPrefix(name, "Not")}, true
	case "Bool":
		return operator{family: boolFamily}, true
	case "BinaryEquals":
		return operator{family: binaryFamily}, true
	case "Null":
		return operator{family: nullFamily}, true
	}
	if order, ok := strings.CutPrefix(name, "Numeric"); ok {
		return orderedOperator(numericFamily, order)
	}
	if order, ok := strings.CutPrefix(name, "Date"); ok {
		return orderedOperator(dateFamily, order)
	}
	return operator{}, false
}

func orderedOperator(f family, name string) (operator, bool) {
	switch name {
	case "Equals":
		return operator{family: f, order: "=="}, true
	case "NotEquals":
		return operator{family: f, order: "==", negated: true}, true
	case "LessThan":
		return operator{family: f, order: "<"}, true
	case "LessThanEquals":
		return operator{family: f, order: "<="}, true
	case "GreaterThan":
		return operator{family: f, order: ">"}, true
	case "GreaterThanEquals":
		return operator{family: f, order: ">="}, true
	}
	return operator{}, false
}

// operand is one value of a condition, read for its operator's family.
type operand struct {
	text   pattern
	number float64 // numbers; seconds since 1970 for dates
	truth  bool
	prefix netip.Prefix
	bytes  string
}

// newOperand reads s as a value for op. ok is false when it is not one.
func newOperand(op operator, s string, variables bool) (v operand, ok bool) {
	switch op.family {
	case stringFamily, foldFamily:
		v.text = compilePattern(s, patternSyntax{variables: variables})
		return v, true
	case likeFamily, arnFamily:
		v.text = compilePattern(s, patternSyntax{wildcards: true, variables: variables})
		return v, true
	case numericFamily:
		v.number, ok = parseNumber(s)
	case dateFamily:
		v.number, ok = parseDate(s)
	case boolFamily, nullFamily:
		v.truth, ok = parseBool(s)
	case ipFamily:
		v.prefix, ok = parsePrefix(s)
	case binaryFamily:
		v.bytes, ok = parseBinary(s)
	}
	return v, ok
}

// covers reports whether the context's value got is v, or stands in the operator's order to it. A got
// that is not of the family is no match.
func (op operator) covers(v operand, got string, e *environment) truth {
	switch op.family {
	case stringFamily, foldFamily, likeFamily, arnFamily:
		return op.coversText(v, got, e)
	case numericFamily:
		n, ok := parseNumber(got)
		return truthOf(ok && ordered(op.order, n, v.number))
	case dateFamily:
		n, ok := parseDate(got)
		return truthOf(ok && ordered(op.order, n, v.number))
	case boolFamily:
		b, ok := parseBool(got)
		return truthOf(ok && b == v.truth)
	case ipFamily:
		addr, err := netip.ParseAddr(got)
		return truthOf(err == nil && v.prefix.Contains(addr.Unmap().WithZone("")))
	case binaryFamily:
		b, ok := parseBinary(got)
		return truthOf(ok && b == v.bytes)
	}
	return no
}

func (op operator) coversText(v operand, got string, e *environment) truth {
	want, t := v.text.expand(e)
	if t != yes {
		return unknown // a variable without a value decides nothing: neither a match nor, negated, a mismatch
	}
	switch op.family {
	case foldFamily:
		return truthOf(strings.EqualFold(want.text(), got))
	case stringFamily:
		return truthOf(want.text() == got)
	}
	return truthOf(want.match(got))
}

func ordered(order string, a, b float64) bool {
	switch order {
	case "<":
		return a < b
	case "<=":
		return a <= b
	case ">":
		return a > b
	case ">=":
		return a >= b
	}
	return a == b
}

func parseNumber(s string) (float64, bool) {
	// ParseFloat also reads hexadecimal, underscores and words, which are no policy numbers.
	if strings.Trim(s, "+-.0123456789eE") != "" {
		return 0, false
	}
	n, err := strconv.ParseFloat(s, 64)
	return n, err == nil && !math.IsInf(n, 0)
}

// parseDate reads an ISO 8601 date of the W3C profile, or seconds since 1970.
func parseDate(s string) (seconds float64, ok bool) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04Z07:00", time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return float64(t.UnixMilli()) / 1000, true
		}
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return float64(n), err == nil
}

func parseBool(s string) (value, ok bool) {
	return strings.EqualFold(s, "true"), strings.EqualFold(s, "true") || strings.EqualFold(s, "false")
}

// parsePrefix reads a CIDR, or an address as the prefix that holds it alone.
func parsePrefix(s string) (netip.Prefix, bool) {
	if p, err := netip.ParsePrefix(s); err == nil {
		return p.Masked(), true
	}
	addr, err := netip.ParseAddr(s)
	if err != nil || addr.Zone() != "" {
		return netip.Prefix{}, false
	}
	addr = addr.Unmap()
	return netip.PrefixFrom(addr, addr.BitLen()), true
}

func parseBinary(s string) (string, bool) {
	b, err := base64.StdEncoding.DecodeString(s)
	return string(b), err == nil
}
