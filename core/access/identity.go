package access

import "strings"

// Identity is what an IAM user, a role's session or a federated user may do within its account: only what its
// policies allow. A principal without one is an account itself.
type Identity struct {
	Policies []*Policy      // of the user and of its groups, or of the role
	Limits   [][]*Policy    // permissions boundary and session policies: of each list one must allow, too
	Tags     []Tag          // aws:PrincipalTag/KEY
	Keys     map[Key]string // what is known of a session, by lower-case condition key
}

// denies returns the explicit deny of r by a policy or a limit of id.
func (id *Identity) denies(r Request) (Outcome, bool) {
	for _, list := range append([][]*Policy{id.Policies}, id.Limits...) {
		if said := Evaluate(list, r); said.Effect == Deny {
			return said, true
		}
	}
	return Outcome{}, false
}

// within reports whether every limit allows r.
func (id *Identity) within(r Request) bool {
	for _, list := range id.Limits {
		if Evaluate(list, r).Effect != Allow {
			return false
		}
	}
	return true
}

// decideIdentity answers q for a principal that has an Identity, in the order of AWS ("Policy evaluation logic" in
// the IAM user guide): an explicit deny anywhere; what the role of the account refuses; the limits. Then, within
// one account, either side may allow: the identity's policies, or the bucket's policy or ACL by naming the identity
// or everybody. What the bucket gives to an account, its own or another one, the identity's policies pass on. More
// strictly than on AWS, limits also bind what a bucket policy gives to an identity by its ARN.
func decideIdentity(q Query) Decision {
	id, r := q.Principal.Identity, q.Request()
	if said, denied := id.denies(r); denied {
		return Decision{Reason: ByIdentity, Sid: said.Sid}
	}
	said := q.policyOutcome()
	if said.Effect == Deny {
		return Decision{Reason: ByPolicy, Sid: said.Sid}
	}
	if !id.within(r) {
		return Decision{Reason: ByDefault}
	}
	granted := decideRole(q)
	if !q.onAccount() {
		if direct := q.directly(); direct.Allowed {
			return direct
		}
		granted = q.granted(said)
	}
	if own := Evaluate(id.Policies, r); own.Effect == Allow && granted.Allowed {
		return Decision{Allowed: true, Reason: ByIdentity, Sid: own.Sid}
	}
	return Decision{Reason: ByDefault}
}

// directly answers by what the bucket of the principal's own account gives to the principal itself or to everybody.
func (q Query) directly() Decision {
	if !q.Principal.owns(q.Bucket.Owner) {
		return Decision{Reason: ByDefault}
	}
	q.Principal.direct = true
	return q.granted(q.policyOutcome())
}

// Allows reports whether r is allowed, which is done to something of the principal's own account that has no policy
// of its own. An account may do everything with what it has.
func Allows(r Request) bool {
	p := r.Principal
	if p.Kind == Anonymous || r.ResourceOwner != "" && !p.owns(r.ResourceOwner) {
		return false
	}
	id := p.Identity
	if id == nil {
		return true
	}
	_, denied := id.denies(r)
	return !denied && id.within(r) && Evaluate(id.Policies, r).Effect == Allow
}

// MayAssume reports whether r, an sts action on a role with that trust policy, is allowed. The trust policy must
// allow it in every case. Within one account that is enough when it names the principal itself.
func MayAssume(r Request, trust *Policy) bool {
	p := r.Principal
	if p.Identity != nil {
		if _, denied := p.Identity.denies(r); denied || !p.Identity.within(r) {
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
