package access

import "strings"

// resources reads Resource or NotResource. The bucket part of each ARN, up to the first slash, must
// match this bucket; it may have wildcards but no variable.
func (pp policyParser) resources(n node) ([]pattern, error) {
	values, ok := n.oneOrMany(false)
	if !ok {
		return nil, errResource
	}
	var resources []pattern
	for _, v := range values {
		rest, ok := strings.CutPrefix(v, arnPrefix)
		bucket, _, _ := strings.Cut(rest, "/")
		if !ok || strings.Contains(bucket, "${") ||
			!compilePattern(bucket, patternSyntax{wildcards: true}).match(pp.bucket) {
			return nil, errResource
		}
		resources = append(resources, compilePattern(v, patternSyntax{wildcards: true, variables: pp.variables}))
	}
	return resources, nil
}

// reaches reports whether resource pattern r can name things of the scope in this bucket.
func (pp policyParser) reaches(r pattern, scope Scope) bool {
	switch scope {
	case ScopeBucket:
		return !r.has(variable) && r.match(arnPrefix+pp.bucket)
	case ScopeObject:
		// Either there is a slash, or a star that runs over it.
		for _, t := range r {
			if t.kind != anyChar && (t.kind == star || t.kind == variable || strings.Contains(t.text, "/")) {
				return true
			}
		}
	}
	return false
}

// actionsApply refuses a statement in which an action has no resource that it could be done to. The
// Not forms name what is excepted, so nothing can be said about them.
func (pp policyParser) actionsApply(s statement) error {
	if s.notAction || s.notRes {
		return nil
	}
	reached := make(map[Scope]bool)
	for _, r := range s.resources {
		for _, scope := range []Scope{ScopeBucket, ScopeObject} {
			reached[scope] = reached[scope] || pp.reaches(r, scope)
		}
	}
	for _, a := range s.actions {
		applies := false
		for _, action := range matchedActions(a) {
			applies = applies || reached[action.Scope()]
		}
		if !applies {
			return errApply
		}
	}
	return nil
}

// withConditions reads the Condition element into s.
func (pp policyParser) withConditions(s statement, n node) (statement, error) {
	if n.kind != '{' {
		return s, errSyntax
	}
	lists := s.onlyLists()
	for _, block := range n.members {
		c, ok := operatorOf(block.name)
		if !ok {
			return s, malformed("Invalid Condition type : " + block.name)
		}
		if block.value.kind != '{' || len(block.value.members) == 0 {
			return s, errSyntax
		}
		for _, m := range block.value.members {
			c, err := pp.condition(c, m)
			if err != nil {
				return s, err
			}
			if ofListings(c.key) && !lists {
				return s, errConditionFit
			}
			s.conditions = append(s.conditions, c)
		}
	}
	return s, nil
}

// condition completes c, which has its operator, with the key and the values of m.
func (pp policyParser) condition(c condition, m member) (condition, error) {
	c.key = Key(m.name).fold()
	if !knownConditionKey(string(c.key)) {
		return c, errConditionKey
	}
	values, ok := m.value.oneOrMany(true)
	if !ok {
		return c, errCondition
	}
	c.operands = nil
	for _, v := range values {
		o, ok := newOperand(c.op, v, pp.variables)
		if !ok && c.op.family == ipFamily {
			return c, errConditionIP
		}
		if !ok {
			return c, errCondition
		}
		c.operands = append(c.operands, o)
	}
	return c, nil
}

// onlyLists reports whether every action that s names in full is a listing.
func (s statement) onlyLists() bool {
	if s.notAction {
		return true
	}
	for _, a := range s.actions {
		if a.has(star, anyChar) {
			continue
		}
		for _, action := range matchedActions(a) {
			if p, ok := bucketPermission(action); !ok || p != Read {
				return false
			}
		}
	}
	return true
}
