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
	// more slowly than they download, or begin late.
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

// policyOf returns the policy for the swarm of t: that of its bucket, or the registry's. A single piece cannot be parted
// among peers.
func (r *Registry) policyOf(t *object.Torrent) Policy {
	if t.NumPieces() <= 1 {
		return Speed
	}
	if p, err := ParsePolicy(t.Bucket.Config.Seeding.Policy); err == nil {
		return p
	}
	return r.o.Policy
}

// setPolicy takes a policy over that is another one now. Who was told of everything cannot be governed: such members
// are let go, and come again.
func (s *Swarm) setPolicy(p Policy) {
	s.mu.Lock()
	old := s.policy
	s.policy = p
	if old == p || s.closed != nil || s.governor == nil {
		s.mu.Unlock()
		return
	}
	var out []*Member
	if old == Speed {
		for m := range s.members {
			delete(s.members, m)
			s.release(m)
			out = append(out, m)
		}
	}
	s.governor.SetPolicy(p)
	s.mu.Unlock()
	for _, m := range out {
		m.conn.Close(ErrPolicyChanged)
	}
}
