package access

import (
	"strings"

	"shoal/core/fault"
)

const (
	errTrustResource malformed = "Has prohibited field Resource"
	errTrustAction   malformed = "AssumeRole policy may only specify STS AssumeRole actions."
)

// ParseTrustPolicy reads the trust policy of a role: who may assume it. It has principals and no resources. The error
// is MalformedPolicy.
func ParseTrustPolicy(data []byte) (*Policy, error) {
	p, err := policyParser{identity: true, trust: true}.parse(data)
	if err != nil {
		return nil, fault.New("parse trust policy", "", fault.MalformedPolicy, err)
	}
	return p, nil
}

// trustStatement completes a statement of a trust policy, whose resource is the role.
func trustStatement(s statement, seen map[string]bool) (statement, error) {
	if seen["Resource"] {
		return s, errTrustResource
	}
	seen["Resource"] = true
	s.resources = []pattern{{{kind: star}}}
	if s.notAction {
		return s, errTrustAction // it would give all other actions
	}
	for _, a := range s.actions {
		if len(a) == 0 || !strings.HasPrefix(a[0].text, "sts:") {
			return s, errTrustAction
		}
	}
	return s, nil
}
