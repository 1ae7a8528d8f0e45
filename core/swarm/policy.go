package swarm

import (
	"fmt"

	"shoal/core/fault"
	"shoal/core/object"
)

// Policy says what the origin of a swarm is spared.
type Policy uint8

const (
	// Egress sends one copy, and more only to who cannot get it from others: the default.
	Egress Policy = iota
	// Balanced lets the origin carry up to a quarter of what is moved, to be faster where peers upload
	// more slowly than they download.
	Balanced
	// Speed is plain seeding: everything to everyone.
	Speed

	numPolicies
)

var policyNames = [numPolicies]string{"egress", "balanced", "speed"}

func (p Policy) String() string {
	if p >= numPolicies {
		return fmt.Sprintf("policy %d", uint8(p))
	}
	return policyNames[p]
}

// ParsePolicy reads a name: egress, balanced or speed. Kind: InvalidArgument.
func ParsePolicy(name string) (Policy, error) {
	for p, n := range policyNames {
		if n == name {
			return Policy(p), nil
		}
	}
	return 0, fault.New("parse policy", name, fault.InvalidArgument, nil)
}

// policyOf returns the policy for the swarm of t. A single piece cannot be parted among peers.
func (r *Registry) policyOf(t *object.Torrent) Policy {
	if t.NumPieces() <= 1 {
		return Speed
	}
	if r.o.PolicyOf != nil {
		return r.o.PolicyOf(t)
	}
	return r.o.Policy
}
