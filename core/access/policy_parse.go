package access

import (
	"bytes"
	"fmt"
	"strings"

	"shoal/core/fault"
)

// malformed is why a policy is refused, in the words that S3 shows to its caller.
type malformed string

func (m malformed) Error() string { return string(m) }

const (
	errJSON              malformed = "Policies must be valid JSON and the first byte must be '{'"
	errBadJSON           malformed = "This policy contains invalid Json"
	errVersion           malformed = "The policy must contain a valid version string"
	errStatement         malformed = "Could not parse the policy: Statement is empty!"
	errPrincipal         malformed = "Invalid principal in policy"
	errIdentityPrincipal malformed = "Policy document should not specify a principal."
	errAction            malformed = "Policy has invalid action"
	errResource          malformed = "Policy has invalid resource"
	errApply             malformed = "Action does not apply to any resource(s) in statement"
	errConditionKey      malformed = "Policy has an invalid condition key"
	errConditionFit      malformed = "Conditions do not apply to combination of actions and resources in statement"
	errConditionIP       malformed = "Invalid IP address in Conditions"
	errCondition         malformed = "Invalid value in Conditions"
	errSyntax            malformed = "Invalid policy syntax."
	errSid               malformed = "Statement IDs (SID) in a single policy must be unique."

	unknownField  = "Unknown field "
	invalidEffect = "Invalid effect: "
)

// policyParser is what statements need to know of their policy.
type policyParser struct {
	bucket    string // of a bucket policy
	identity  bool   // a policy of a user, a group, a role or a session: no principals, any service
	stored    bool   // it was accepted once: see LoadPolicy
	trust     bool   // with identity, a trust policy: principals, no resources
	variables bool   // Version 2012-10-17
}

// lenient reports whether condition keys are taken that are not of S3.
func (pp policyParser) lenient() bool { return pp.identity || pp.stored }

// ParsePolicy reads a policy to be put on bucket. What AWS refuses is refused: unknown elements,
// operators, actions and s3: keys, empty lists, double members, resources of other buckets. The
// error is MalformedPolicy, its cause the message of S3.
func ParsePolicy(data []byte, bucket string) (*Policy, error) {
	p, err := policyParser{bucket: bucket}.parse(data)
	if err != nil {
		return nil, fault.New("parse policy", bucket, fault.MalformedPolicy, err)
	}
	return p, nil
}

// LoadPolicy is ParsePolicy for a policy that was put before: condition keys that ParsePolicy has come to refuse
// are taken, as absent from every request, so that a bucket stays readable.
func LoadPolicy(data []byte, bucket string) (*Policy, error) {
	p, err := policyParser{bucket: bucket, stored: true}.parse(data)
	if err != nil {
		return nil, fault.New("load policy", bucket, fault.MalformedPolicy, err)
	}
	return p, nil
}

func (pp policyParser) parse(data []byte) (*Policy, error) {
	if len(data) > MaxPolicyBytes {
		return nil, malformed(fmt.Sprintf("Normalized policy document exceeds the maximum allowed size of %d bytes", MaxPolicyBytes))
	}
	if !bytes.HasPrefix(bytes.TrimLeft(data, " \t\r\n"), []byte("{")) {
		return nil, errJSON
	}
	doc, err := parseNode(data)
	if err != nil && pp.identity {
		return nil, errJSON
	}
	if err != nil {
		return nil, errBadJSON
	}
	var list *node
	for _, m := range doc.members {
		switch m.name {
		case "Version":
			// Without a Version the policy is of 2008-10-17, which has no variables.
			pp.variables = m.value.text == "2012-10-17"
			if m.value.kind != 's' || !pp.variables && m.value.text != "2008-10-17" {
				return nil, errVersion
			}
		case "Id":
			if m.value.kind != 's' {
				return nil, errSyntax
			}
		case "Statement":
			list = &m.value
		default:
			return nil, malformed(unknownField + m.name)
		}
	}
	if list == nil {
		return nil, missingField("Statement")
	}
	return pp.policy(*list)
}

func (pp policyParser) policy(list node) (*Policy, error) {
	elems := list.elems
	if list.kind == '{' {
		elems = []node{list}
	}
	if len(elems) == 0 {
		return nil, errStatement
	}
	p := &Policy{}
	sids := make(map[string]bool)
	for _, e := range elems {
		s, err := pp.statement(e)
		if err != nil {
			return nil, err
		}
		if s.sid != "" && sids[s.sid] {
			return nil, errSid
		}
		sids[s.sid] = true
		p.statements = append(p.statements, s)
		p.public = p.public || !pp.identity && s.public()
	}
	return p, nil
}

// statement reads one statement: each element by its own method, then what they demand of each other.
func (pp policyParser) statement(n node) (statement, error) {
	if n.kind != '{' {
		return statement{}, errSyntax
	}
	var s statement
	var conditions node
	seen := make(map[string]bool)
	for _, m := range n.members {
		element := strings.TrimPrefix(m.name, "Not")
		if seen[element] {
			return s, errSyntax // Principal and NotPrincipal, and the like, exclude each other
		}
		seen[element] = true
		var err error
		switch m.name {
		case "Sid":
			s.sid = m.value.text
			if m.value.kind != 's' {
				err = errSyntax
			}
		case "Effect":
			s.effect, err = parseEffect(m.value)
		case "Principal", "NotPrincipal":
			s.principals, err = pp.parsePrincipals(m.value, m.name != element)
		case "Action", "NotAction":
			s.notAction = m.name != element
			s.actions, err = pp.parseActions(m.value)
		case "Resource", "NotResource":
			s.notRes = m.name != element
			s.resources, err = pp.resources(m.value)
		case "Condition":
			conditions = m.value
		default:
			err = malformed(unknownField + m.name)
		}
		if err != nil {
			return s, err
		}
	}
	s, err := pp.withImplied(s, seen)
	if err != nil {
		return s, err
	}
	for _, name := range []string{"Effect", "Principal", "Action", "Resource"} {
		if !seen[name] {
			return s, missingField(name)
		}
	}
	if seen["Condition"] {
		if s, err = pp.withConditions(s, conditions); err != nil {
			return s, err
		}
	}
	return s, pp.actionsApply(s)
}

// withImplied adds what a statement of such a policy does not say: whom or what it is about.
func (pp policyParser) withImplied(s statement, seen map[string]bool) (statement, error) {
	switch {
	case pp.trust:
		return trustStatement(s, seen)
	case pp.identity && !seen["Principal"]:
		s.principals, seen["Principal"] = principalSet{everyone: true}, true // who has the policy
	}
	return s, nil
}

func parseEffect(n node) (Effect, error) {
	switch {
	case n.kind == 's' && n.text == "Allow":
		return Allow, nil
	case n.kind == 's' && n.text == "Deny":
		return Deny, nil
	}
	return None, malformed(invalidEffect + n.text)
}

func (pp policyParser) parsePrincipals(n node, not bool) (principalSet, error) {
	set := principalSet{not: not}
	if pp.identity && !pp.trust {
		return set, errIdentityPrincipal
	}
	if n.kind == 's' && n.text == "*" {
		set.everyone = true
		return set, nil
	}
	if n.kind != '{' || len(n.members) == 0 {
		return set, errPrincipal
	}
	for _, m := range n.members {
		values, ok := m.value.oneOrMany(false)
		if !ok {
			return set, errPrincipal
		}
		for _, v := range values {
			if !set.add(m.name, v) {
				return set, errPrincipal
			}
		}
	}
	return set, nil
}

// parseActions reads Action or NotAction; each value must match an action of S3.
func (pp policyParser) parseActions(n node) ([]pattern, error) {
	values, ok := n.oneOrMany(false)
	switch {
	case !ok && pp.identity && n.emptyList():
		return nil, missingField("Action")
	case !ok:
		return nil, errAction
	}
	if pp.identity {
		return anyActions(values)
	}
	var actions []pattern
	for _, v := range values {
		p := compilePattern(strings.ToLower(v), patternSyntax{wildcards: true})
		if v != "*" && !strings.HasPrefix(strings.ToLower(v), "s3:") || len(matchedActions(p)) == 0 {
			return nil, errAction
		}
		actions = append(actions, p)
	}
	return actions, nil
}

// matchedActions returns the actions of S3 that a lower-case pattern covers.
func matchedActions(p pattern) []Action {
	var matched []Action
	for lower, a := range actionsByLower {
		if p.match(lower) {
			matched = append(matched, a)
		}
	}
	return matched
}
