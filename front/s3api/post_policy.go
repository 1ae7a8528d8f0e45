package s3api

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// postPolicy is what the signer of a browser form allows in it (S3 API reference, sigv4-HTTPPOSTConstructPolicy).
type postPolicy struct {
	expiration time.Time
	conditions []postCondition
}

// postCondition is one condition of a postPolicy.
type postCondition struct {
	operator string // "eq", "starts-with" or "content-length-range"
	field    string // lower case, without its dollar sign; "" of a range
	value    string // of the first two
	min, max int64  // of the last, bytes
	text     string // as errors show it
}

func invalidPostPolicy(format string, args ...any) *apiError {
	return errorOf(codeInvalidPolicyDocument, "Invalid Policy: "+fmt.Sprintf(format, args...))
}

func refusedByPostPolicy(format string, args ...any) *apiError {
	return errorOf(codeAccessDenied, "Invalid according to Policy: "+fmt.Sprintf(format, args...))
}

// parsePostPolicy reads the policy field of a form: base64 of JSON.
func parsePostPolicy(field string) (*postPolicy, error) {
	if strings.TrimSpace(field) == "" {
		return nil, invalidPostPolicy("Expecting '{' but found End-of-Input")
	}
	encoding := base64.StdEncoding
	if !strings.HasSuffix(strings.TrimSpace(field), "=") {
		field = strings.TrimSpace(field)
		encoding = base64.RawStdEncoding
	}
	data, err := encoding.DecodeString(strings.TrimSpace(field))
	if err != nil {
		return nil, invalidPostPolicy("invalid Base64 encoding.")
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(data, &members) != nil || members == nil {
		return nil, invalidPostPolicy("Invalid JSON.")
	}
	for _, name := range []string{"expiration", "conditions"} {
		if _, ok := members[name]; !ok {
			return nil, invalidPostPolicy("Policy missing %s.", name)
		}
	}
	for name := range members {
		if name != "expiration" && name != "conditions" {
			return nil, invalidPostPolicy("Unexpected: %q", name)
		}
	}
	return parsePolicyMembers(members["expiration"], members["conditions"])
}

func parsePolicyMembers(expiration, conditions json.RawMessage) (*postPolicy, error) {
	p := &postPolicy{}
	var text string
	if json.Unmarshal(expiration, &text) != nil {
		return nil, invalidPostPolicy("Invalid JSON.")
	}
	var err error
	if p.expiration, err = time.Parse(time.RFC3339, text); err != nil {
		return nil, invalidPostPolicy("Invalid 'expiration' value: '%s'", text)
	}
	var list []json.RawMessage
	if json.Unmarshal(conditions, &list) != nil || list == nil {
		return nil, invalidPostPolicy("Invalid 'conditions' value: must be a List.")
	}
	for _, raw := range list {
		c, err := parsePostCondition(raw)
		if err != nil {
			return nil, err
		}
		p.conditions = append(p.conditions, c)
	}
	return p, nil
}

// parsePostCondition reads {"field": "value"} or ["operator", ...].
func parsePostCondition(raw json.RawMessage) (postCondition, error) {
	var object map[string]any
	if json.Unmarshal(raw, &object) == nil && object != nil {
		return simpleCondition(object)
	}
	var list []any
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	if decoder.Decode(&list) != nil {
		return postCondition{}, invalidPostPolicy("Invalid condition test: must be a List or Object.")
	}
	if len(list) == 0 {
		return postCondition{}, invalidPostPolicy("Invalid Condition: missing operation identifier.")
	}
	name, _ := list[0].(string)
	c := postCondition{operator: strings.ToLower(name), text: string(raw)}
	switch c.operator {
	case "eq", "starts-with", "content-length-range":
	default:
		return c, invalidPostPolicy("Invalid Condition: unknown operation '%v'.", list[0])
	}
	if len(list) != 3 {
		return c, invalidPostPolicy("Invalid %s: wrong number of arguments.", c.operator)
	}
	if c.operator == "content-length-range" {
		var okMin, okMax bool
		c.min, okMin = conditionNumber(list[1])
		c.max, okMax = conditionNumber(list[2])
		if !okMin || !okMax {
			return c, invalidPostPolicy("Invalid JSON.")
		}
		return c, nil
	}
	field, isText := list[1].(string)
	value, isValue := list[2].(string)
	if !isText || !isValue {
		return c, invalidPostPolicy("Invalid JSON.")
	}
	if !strings.HasPrefix(field, "$") {
		return c, refusedByPostPolicy("Policy Condition failed: %s", c.text)
	}
	c.field, c.value = strings.ToLower(field[1:]), value
	return c, nil
}

func simpleCondition(object map[string]any) (c postCondition, err error) {
	if len(object) != 1 {
		return c, invalidPostPolicy("Invalid Simple-Condition: Simple-Conditions must have exactly one property specified.")
	}
	for field, v := range object {
		value, ok := v.(string)
		if !ok {
			return c, invalidPostPolicy("Invalid Simple-Condition: value must be a string.")
		}
		c = postCondition{
			operator: "eq", field: strings.ToLower(field), value: value,
			text: fmt.Sprintf(`["eq", "$%s", "%s"]`, field, value),
		}
	}
	return c, nil
}

// conditionNumber reads a bound of a range: a number, or a string of digits as many tools write it.
func conditionNumber(v any) (int64, bool) {
	n, ok := parseOffset(fmt.Sprint(v))
	return n, ok
}

// check holds the fields of a form against p; names are in lower case, and "bucket" and "key" are what the form
// comes to. Every field needs a condition, but for those about the signature itself.
func (p *postPolicy) check(fields map[string]string, now time.Time) error {
	if !now.Before(p.expiration) {
		return refusedByPostPolicy("Policy expired.")
	}
	covered := map[string]bool{"policy": true, "x-amz-signature": true, "file": true}
	for _, c := range p.conditions {
		if !c.holds(fields) {
			return refusedByPostPolicy("Policy Condition failed: %s", c.text)
		}
		covered[c.field] = true
	}
	names := make([]string, 0, len(fields))
	for name := range fields {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if !covered[name] && !strings.HasPrefix(name, "x-ignore-") {
			return refusedByPostPolicy("Extra input fields: %s", name)
		}
	}
	return nil
}

// holds reports whether the fields are as c wants them. The range is for checkLength.
func (c *postCondition) holds(fields map[string]string) bool {
	got, ok := fields[c.field]
	switch c.operator {
	case "eq":
		return ok && got == c.value
	case "starts-with":
		if c.field == "content-type" { // a list, of which each must start so
			for part := range strings.SplitSeq(got, ",") {
				ok = ok && strings.HasPrefix(strings.TrimSpace(part), c.value)
			}
			return ok
		}
		return ok && strings.HasPrefix(got, c.value)
	}
	return true
}

// length returns the bytes that the file may have.
func (p *postPolicy) length() (lowest, highest int64) {
	highest = maxSinglePut
	for _, c := range p.conditions {
		if c.operator == "content-length-range" {
			lowest, highest = max(lowest, c.min), min(highest, c.max)
		}
	}
	return lowest, highest
}
