package access

import (
	"strings"

	"shoal/core/fault"
)

// ParseIdentityPolicy reads a policy of a user, a group, a role or a session (IAM JSON policy reference). It has
// no principals; its actions, resources and condition keys are of any service. The error is MalformedPolicy, its cause
// the message of IAM.
func ParseIdentityPolicy(data []byte) (*Policy, error) {
	p, err := policyParser{identity: true}.parse(data)
	if err != nil {
		return nil, fault.New("parse identity policy", "", fault.MalformedPolicy, identityWords(err))
	}
	return p, nil
}

// LoadIdentityPolicy is ParseIdentityPolicy for a policy that was put before: ARNs that ParseIdentityPolicy has come to
// refuse are taken, and match nothing.
func LoadIdentityPolicy(data []byte) (*Policy, error) {
	p, err := policyParser{identity: true, stored: true}.parse(data)
	if err != nil {
		return nil, fault.New("load identity policy", "", fault.MalformedPolicy, identityWords(err))
	}
	return p, nil
}

// Request is one action on one resource as statements see it. Action may be one of any service.
type Request struct {
	Principal     Principal
	Action        Action
	Resource      string      // ARN; "*" for an action that is done to nothing in particular
	ResourceOwner CanonicalID // the account of the resource, empty when there is none
	ResourceTags  []Tag       // of the object
	Context       Context
}

// Request returns q as identity policies see it.
func (q Query) Request() Request {
	r := Request{
		Principal: q.Principal, Action: q.Action, Resource: q.resource(), ResourceOwner: q.Bucket.Owner, Context: q.Context,
	}
	if q.Object != nil {
		r.ResourceTags = q.Object.Tags
	}
	return r
}

// resource returns the ARN of what q is about.
func (q Query) resource() string {
	switch q.Action.Scope() {
	case ScopeObject:
		return arnPrefix + q.Bucket.Name + "/" + q.Key
	case ScopeBucket:
		return arnPrefix + q.Bucket.Name
	}
	return arnPrefix + "*" // as AWS: it takes "*" and all buckets
}

// Evaluate says what a list of policies says about r: Deny when a statement of any of them denies, else Allow when
// one allows, else None. Nil policies say nothing. Statement counts in the policy that decided.
func Evaluate(policies []*Policy, r Request) Outcome {
	t := r.target()
	out := Outcome{Statement: -1}
	for _, p := range policies {
		switch said := p.evaluate(t); {
		case said.Effect == Deny:
			return said
		case said.Effect == Allow && out.Effect == None:
			out = said
		}
	}
	return out
}

func (r Request) target() target {
	return target{
		action: strings.ToLower(string(r.Action)), resource: r.Resource,
		env: &environment{principal: r.Principal, owner: r.ResourceOwner, tags: r.ResourceTags, context: r.Context},
	}
}

// anyActions reads the actions of an identity policy: "*", or SERVICE:PATTERN.
func anyActions(values []string) ([]pattern, error) {
	var actions []pattern
	for _, v := range values {
		vendor, name, ok := strings.Cut(v, ":")
		switch {
		case v == "*":
		case !ok || name == "":
			return nil, errVendor
		case !isServiceName(strings.ToLower(vendor)):
			return nil, malformed("Vendor " + vendor + " is not valid")
		}
		actions = append(actions, compilePattern(strings.ToLower(v), patternSyntax{wildcards: true}))
	}
	return actions, nil
}

func isServiceName(s string) bool {
	return s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

// anyResources reads the resources of an identity policy: "*", or ARNs.
func (pp policyParser) anyResources(values []string) ([]pattern, error) {
	var resources []pattern
	for _, v := range values {
		if err := pp.checkARN(v); v != "*" && err != nil {
			return nil, err
		}
		resources = append(resources, compilePattern(v, patternSyntax{wildcards: true, variables: pp.variables}))
	}
	return resources, nil
}

// arnParts is how many parts an ARN has; the last may have colons of its own.
const arnParts = 6

// checkARN: arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE, of a partition that there is.
func (pp policyParser) checkARN(v string) error {
	parts := strings.SplitN(v, ":", arnParts)
	switch {
	case len(parts) == 1:
		return malformed("Resource " + v + ` must be in ARN format or "*".`)
	case parts[0] != "arn":
		return partitionError(parts)
	case len(parts) < arnParts:
		return errLegacy
	case !pp.stored && !isPartition(parts[1]):
		return partitionError(parts)
	}
	return nil
}

// isPartition reports whether s is aws, one of AWS's others, or a pattern, which may match one.
func isPartition(s string) bool {
	return s == "aws" || strings.HasPrefix(s, "aws-") || strings.ContainsAny(s, "*?")
}
