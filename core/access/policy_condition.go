package access

import "strings"

// withConditions reads the Condition element into s.
func (pp policyParser) withConditions(s statement, n node) (statement, error) {
	if n.kind != '{' {
		return s, errSyntax
	}
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
			if !pp.lenient() && !s.fits(c.key) {
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
	if !pp.takesKey(string(c.key)) {
		return c, errConditionKey
	}
	values, ok := m.value.oneOrMany(true)
	if !ok {
		return c, errCondition
	}
	c.operands = nil
	for _, v := range values {
		o, ok := newOperand(c.op, v, pp.variables)
		if !ok && c.op.family == ipFamily || !pp.lenient() && c.key == KeySourceIP.fold() && !isPrefix(v) {
			return c, errConditionIP // of aws:SourceIp by whatever operator, Null included (AWS)
		}
		if !ok {
			return c, errCondition
		}
		c.operands = append(c.operands, o)
	}
	return c, nil
}

func isPrefix(s string) bool {
	_, ok := parsePrefix(s)
	return ok
}

// takesKey: identity policies are about every service, whose keys all have its name before a colon.
func (pp policyParser) takesKey(key string) bool {
	if pp.lenient() {
		service, name, ok := strings.Cut(key, ":")
		return ok && service != "" && name != ""
	}
	return knownConditionKey(key)
}

// fits reports whether every action that s names in full can have the key.
func (s statement) fits(key Key) bool {
	if s.notAction {
		return true
	}
	for _, a := range s.actions {
		if a.has(star, anyChar) {
			continue
		}
		for _, action := range matchedActions(a) {
			if !hasKey(action, key) {
				return false
			}
		}
	}
	return true
}
