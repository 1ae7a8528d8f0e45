package access

// MaxPolicyBytes is the size of a bucket policy (S3: 20 KB), and what bounds every later match.
const MaxPolicyBytes = 20 << 10

// arnPrefix starts the ARN of every bucket and object.
const arnPrefix = "arn:aws:s3:::"

// Policy is a parsed bucket policy. It is immutable.
type Policy struct {
	statements []statement
	public     bool
}

// IsPublic reports whether the policy is public in AWS's sense: it allows somebody who is neither a
// fixed principal nor held to a fixed network, account or key ("The meaning of public" in the S3
// user guide). A nil Policy is not.
func (p *Policy) IsPublic() bool { return p != nil && p.public }

// Effect is what a policy says about a request.
type Effect uint8

const (
	None Effect = iota // no statement applies
	Allow
	Deny
)

// String returns the effect as policies spell it.
func (f Effect) String() string {
	switch f {
	case Allow:
		return "Allow"
	case Deny:
		return "Deny"
	}
	return "None"
}

// Outcome is an Effect with the statement that gave it.
type Outcome struct {
	Effect    Effect
	Sid       string // of the statement; often empty
	Statement int    // its place in the policy, from 0; -1 when Effect is None
}

// statement is one element of Statement. Of each pair one list is set; not says that it is the Not form.
type statement struct {
	sid        string
	effect     Effect
	principals principalSet
	actions    []pattern // lower-case
	notAction  bool
	resources  []pattern // whole ARNs
	notRes     bool
	conditions []condition
}

// target is one request as statements see it.
type target struct {
	action   string // lower-case
	resource string // ARN
	env      *environment
}

// evaluate says what p says about t: a deny of any statement, else an allow of any, else None.
func (p *Policy) evaluate(t target) Outcome {
	out := Outcome{Statement: -1}
	if p == nil {
		return out
	}
	for i, s := range p.statements {
		applies := s.applies(t)
		if s.effect == Deny && applies != no {
			return Outcome{Effect: Deny, Sid: s.sid, Statement: i}
		}
		if s.effect == Allow && applies == yes && out.Effect == None {
			out = Outcome{Effect: Allow, Sid: s.sid, Statement: i}
		}
	}
	return out
}

func (s statement) applies(t target) truth {
	if !s.principals.covers(t.env.principal) || s.coversAction(t.action) == s.notAction {
		return no
	}
	met := s.coversResource(t)
	for _, c := range s.conditions {
		if met == no {
			return no
		}
		met = met.and(c.holds(t.env))
	}
	return met
}

func (s statement) coversAction(action string) bool {
	for _, a := range s.actions {
		if a.match(action) {
			return true
		}
	}
	return false
}

// coversResource applies Resource or NotResource. A resource whose variables have no value matches
// nothing; under NotResource it leaves open what is excepted, so there it is unknown.
func (s statement) coversResource(t target) truth {
	met := no
	for _, r := range s.resources {
		expanded, ok := r.expand(t.env)
		switch {
		case ok == yes:
			met = met.or(truthOf(expanded.match(t.resource)))
		case ok == unknown || s.notRes:
			met = met.or(unknown)
		}
	}
	if s.notRes {
		return met.not()
	}
	return met
}
