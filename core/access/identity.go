package access

import "strings"

// Identity is what an IAM user, a role's session or a federated user may do within its account: only what its
// policies allow. A principal without one is an account itself.
type Identity struct {
	Policies []*Policy      // of the user and of its groups, or of the role
	Limits   []Limit        // permissions boundary and session policies
	Tags     []Tag          // aws:PrincipalTag/KEY
	Keys     map[Key]string // what is known of a session, by lower-case condition key
}

// Limit bounds what an Identity may do: one of its policies must allow it, too.
type Limit struct {
	Reason   Reason // ByBoundary, BySession, or ByDefault for what may do nothing
	Policies []*Policy
}

// refuses returns the refusal of r by a policy or a limit of id: an explicit deny of any, else the first limit that
// does not allow it. ok is false when there is none.
func (id *Identity) refuses(r Request) (d Decision, ok bool) {
	all := append([]Limit{{ByIdentity, id.Policies}}, id.Limits...)
	for _, l := range all {
		if said := Evaluate(l.Policies, r); said.Effect == Deny {
			return Decision{Explicit: true, Reason: l.Reason, Sid: said.Sid}, true
		}
	}
	for _, l := range id.Limits {
		if Evaluate(l.Policies, r).Effect != Allow {
			return Decision{Reason: l.Reason}, true
		}
	}
	return Decision{}, false
}

// decideIdentity answers q for a principal that has an Identity, in the order of AWS ("Policy evaluation logic" in
// the IAM user guide): an explicit deny anywhere; what the role of the account refuses; the limits. Then, within
// one account, either side may allow: the identity's policies, or the bucket's policy or ACL by naming the identity
// or everybody. What the bucket gives to an account, its own or another one, the identity's policies pass on. More
// strictly than on AWS, limits also bind what a bucket policy gives to an identity by its ARN.
func decideIdentity(q Query) Decision {
	id, r := q.Principal.Identity, q.Request()
	said := q.policyOutcome()
	if said.Effect == Deny {
		return Decision{Explicit: true, Reason: ByPolicy, Sid: said.Sid}
	}
	if refusal, refused := id.refuses(r); refused {
		return refusal
	}
	own := Evaluate(id.Policies, r)
	granted := decideRole(q)
	if !q.onAccount() {
		granted = q.granted(said)
		if direct := q.directly(); direct.Allowed && (own.Effect != Allow || !granted.Allowed || direct.Reason != ByACL) {
			return direct
		}
	}
	switch {
	case own.Effect != Allow:
		return Decision{Reason: ByDefault}
	case granted.Allowed && granted.Reason != ByACL: // of an ACL it is told that it was needed
		return Decision{Allowed: true, Reason: ByIdentity, Sid: own.Sid}
	}
	return granted
}

// directly answers by what the bucket of the principal's own account gives to the principal itself or to everybody.
func (q Query) directly() Decision {
	if !q.Principal.owns(q.Bucket.Owner) {
		return Decision{Reason: ByDefault}
	}
	q.Principal.direct = true
	return q.granted(q.policyOutcome())
}

// DecideOwn answers whether r is allowed, which is done to something of the principal's own account that has no policy
// of its own. An account may do everything with what it has.
func DecideOwn(r Request) Decision {
	p := r.Principal
	if p.Kind == Anonymous || r.ResourceOwner != "" && !p.owns(r.ResourceOwner) {
		return Decision{Reason: ByDefault}
	}
	id := p.Identity
	if id == nil {
		return Decision{Allowed: true, Reason: ByOwner}
	}
	if refusal, refused := id.refuses(r); refused {
		return refusal
	}
	if own := Evaluate(id.Policies, r); own.Effect == Allow {
		return Decision{Allowed: true, Reason: ByIdentity, Sid: own.Sid}
	}
	return Decision{Reason: ByDefault}
}

// MayAssume reports whether r, an sts action on a role with that trust policy, is allowed. The trust policy must
// allow it in every case. Within one account that is enough when it names the principal itself.
func MayAssume(r Request, trust *Policy) bool {
	p := r.Principal
	if p.Identity != nil {
		if _, refused := p.Identity.refuses(r); refused {
			return false
		}
	}
	if Evaluate([]*Policy{trust}, r).Effect != Allow {
		return false
	}
	if p.Identity == nil || Evaluate(p.Identity.Policies, r).Effect == Allow {
		return true
	}
	r.Principal.direct = true
	return p.owns(r.ResourceOwner) && Evaluate([]*Policy{trust}, r).Effect == Allow
}

// principalTag starts the keys about the tags of the principal.
const principalTag = "aws:principaltag/"

// identityValues returns the values of a lower-case key about an Identity; ours is false for others, and a Context
// cannot set those that are ours.
func (p Principal) identityValues(key Key) (values []string, ours bool) {
	if tag, ok := strings.CutPrefix(string(key), principalTag); ok {
		if p.Identity == nil {
			return nil, true
		}
		for _, t := range p.Identity.Tags {
			if strings.EqualFold(t.Key, tag) {
				values = append(values, t.Value)
			}
		}
		return values, true
	}
	switch key {
	case "aws:sourceidentity", "aws:federatedprovider", "aws:tokenissuetime":
		if p.Identity == nil || p.Identity.Keys[key] == "" {
			return nil, true
		}
		return []string{p.Identity.Keys[key]}, true
	}
	return nil, false
}
