package access

import (
	"slices"
	"strings"
)

// principalSet is the Principal or NotPrincipal of a statement.
type principalSet struct {
	not       bool
	everyone  bool // "*", {"AWS": "*"}
	canonical []CanonicalID
	named     []namedPrincipal
	federated []string // ARNs of identity providers
	services  []string // of AWS
}

// namedPrincipal is one AWS principal: an account, or a user or another ARN in it.
type namedPrincipal struct {
	account string // 12 digits, a canonical id, or empty for the users of this store
	user    string // empty when the account as a whole is meant
	arn     string // as written, when it was an ARN
}

// covers reports whether the statement is about p.
func (s principalSet) covers(p Principal) bool {
	p.direct = p.direct && !s.not // whoever excepts an account excepts those in it
	return s.lists(p) != s.not
}

func (s principalSet) lists(p Principal) bool {
	if s.everyone {
		return true
	}
	switch p.Kind {
	case Anonymous:
		return false
	case Service:
		return slices.Contains(s.services, p.Service)
	}
	for _, id := range s.canonical {
		if p.owns(id) {
			return true
		}
	}
	for _, n := range s.named {
		if n.is(p) {
			return true
		}
	}
	return p.Federated != "" && slices.Contains(s.federated, p.Federated)
}

func (n namedPrincipal) is(p Principal) bool {
	if n.arn != "" && (n.arn == p.ARN || n.arn == p.RoleARN) {
		return true
	}
	inAccount := n.account != "" && (n.account == p.AccountID || n.account == string(p.CanonicalID))
	if n.user == "" {
		return inAccount && !p.direct
	}
	// The name of an IAM user is not that of an account: only its ARN counts.
	return p.Identity == nil && n.user == p.UserName && (inAccount || n.account == "")
}

// Principals returns the accounts, users, roles and sessions that p names, each as it was written: a number of 12
// digits, a canonical id or an ARN.
func (p *Policy) Principals() []string {
	var all []string
	for _, s := range p.statements {
		for _, n := range s.principals.named {
			if n.arn != "" {
				all = append(all, n.arn)
			} else {
				all = append(all, n.account)
			}
		}
		for _, id := range s.principals.canonical {
			all = append(all, string(id))
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Federated returns the ARNs of the identity providers that the allow statements of p name.
func (p *Policy) Federated() []string {
	var all []string
	for _, s := range p.statements {
		if s.effect == Allow && !s.principals.not {
			all = append(all, s.principals.federated...)
		}
	}
	return all
}

// add takes one value of a principal element of the given type. ok is false when it names nobody that
// AWS would take: wildcards stand only alone.
func (s *principalSet) add(kind, value string) (ok bool) {
	switch kind {
	case "AWS":
		if value == "*" {
			s.everyone = true
			return true
		}
		n, ok := parsePrincipal(value)
		s.named = append(s.named, n)
		return ok
	case "CanonicalUser":
		s.canonical = append(s.canonical, CanonicalID(value))
		return isHexID(value)
	case "Service":
		s.services = append(s.services, value)
		return strings.Contains(value, ".") && !strings.ContainsAny(value, "*?")
	case "Federated":
		s.federated = append(s.federated, value)
		return value != "" && !strings.ContainsAny(value, "*?")
	}
	return false
}

// parsePrincipal reads an account id or an ARN of IAM or STS.
func parsePrincipal(s string) (namedPrincipal, bool) {
	if isAccount(s) {
		return namedPrincipal{account: s}, true
	}
	parts := strings.SplitN(s, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" || parts[1] != "aws" || parts[3] != "" ||
		strings.ContainsAny(s, "*?") {
		return namedPrincipal{}, false
	}
	service, account, resource := parts[2], parts[4], parts[5]
	if account != "" && !isAccount(account) {
		return namedPrincipal{}, false
	}
	if service == "iam" && resource == "root" {
		return namedPrincipal{account: account}, account != ""
	}
	kind, name, _ := strings.Cut(resource, "/")
	switch {
	case name == "":
		return namedPrincipal{}, false
	case service == "iam" && kind == "user":
		return namedPrincipal{account: account, user: name, arn: s}, true
	case service == "iam" && kind == "role",
		service == "sts" && (kind == "assumed-role" || kind == "federated-user"):
		// The resource keeps its kind, so that no user can have it as name.
		return namedPrincipal{account: account, user: resource, arn: s}, true
	}
	return namedPrincipal{}, false
}

// isAccount reports whether s is a 12-digit account id or a canonical id.
func isAccount(s string) bool {
	return len(s) == 12 && strings.Trim(s, "0123456789") == "" || isHexID(s)
}

func isHexID(s string) bool {
	return len(s) == 64 && strings.Trim(s, "0123456789abcdef") == ""
}
