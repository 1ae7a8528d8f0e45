package swarm

import (
	"net/netip"

	"shoal/core/access"
	"shoal/core/fault"
)

// Member is a connected peer of a swarm. Its methods may be called after it left; they do nothing then.
type Member struct {
	s    *Swarm
	conn Conn
	addr netip.AddrPort // remote, unmapped
	id   int            // of the governor's recipient; guarded by s.mu in its use

	// Guarded by s.mu.
	left   bool
	listen netip.AddrPort // where it accepts connections; zero while unknown
	have   pieces
	pex    pexState
	sent   int64 // payload bytes
	joined int64 // which member of the swarm it is

	account *account // of its network
	choked  bool     // for what its network has taken
	greeted bool     // it has said what it had when it came
}

// Join makes c a member. Kinds: NoTorrent (the swarm is closed, or not open to that address),
// SlowDown (a limit of the swarm or of the address), QuotaExceeded (who pays has sent what he may).
func (s *Swarm) Join(c Conn) (*Member, error) {
	const op = "join swarm"
	addr := netip.AddrPortFrom(c.RemoteAddr().Addr().Unmap().WithZone(""), c.RemoteAddr().Port())
	resource := s.hashes[0].String()
	m := &Member{s: s, conn: c, addr: addr}
	s.mu.Lock()
	defer s.mu.Unlock()
	// Under the lock, because a recheck that closes members takes it after it has set the view: whoever gets
	// in by the old view is seen by it.
	switch {
	case s.closed != nil:
		return nil, s.closed
	case !s.Allows(addr.Addr()):
		return nil, fault.New(op, resource, fault.NoTorrent, errNotPublic)
	case s.spent.Load():
		return nil, fault.New(op, resource, fault.QuotaExceeded, nil)
	case len(s.members) >= s.r.o.MaxMembers:
		return nil, fault.New(op, resource, fault.SlowDown, errTooManyMembers)
	case !s.r.admit(addr.Addr()):
		return nil, fault.New(op, resource, fault.SlowDown, errTooManyFromPrefix)
	}
	s.members[m] = struct{}{}
	s.r.members.Add(1)
	s.joins++
	s.churn++
	m.joined = s.joins
	s.governJoin(m)
	s.touch()
	return m, nil
}

// Leave ends the membership; further calls do nothing.
func (m *Member) Leave() {
	s := m.s
	s.mu.Lock()
	defer s.mu.Unlock()
	if m.left {
		return
	}
	delete(s.members, m)
	s.release(m)
	s.touch()
}

// release undoes what Join and the messages of m added. s.mu is held; m is in s.members no more.
func (s *Swarm) release(m *Member) {
	m.left = true
	s.churn++
	s.governLeave(m)
	s.replicas.drop(&m.have)
	s.r.members.Add(-1)
	s.r.dismiss(m.addr.Addr())
}

// SetListenAddr says where the member accepts connections, for PEX. Only the port is taken from it: the
// address is the one it is connected from, for one that a peer claims could be anyone's.
func (m *Member) SetListenAddr(a netip.AddrPort) {
	if a.Port() == 0 {
		return
	}
	m.s.mu.Lock()
	defer m.s.mu.Unlock()
	m.listen = netip.AddrPortFrom(m.addr.Addr(), a.Port())
	m.s.churn++
}

// refused returns the members that v does not let have the torrent, taken out of the swarm.
func (s *Swarm) refused(v *view) []*Member {
	if v.openToAll {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []*Member
	for m := range s.members {
		if !s.lets(v, m.addr.Addr()) {
			delete(s.members, m)
			s.release(m)
			out = append(out, m)
		}
	}
	return out
}

// admit counts a member of that address, unless there are too many already.
func (r *Registry) admit(a netip.Addr) bool {
	c := crowdOf(a)
	r.perIPMu.Lock()
	defer r.perIPMu.Unlock()
	if r.perIP[c] >= r.o.MaxMembersPerIP {
		return false
	}
	r.perIP[c]++
	return true
}

func (r *Registry) dismiss(a netip.Addr) {
	c := crowdOf(a)
	r.perIPMu.Lock()
	defer r.perIPMu.Unlock()
	if r.perIP[c]--; r.perIP[c] <= 0 {
		delete(r.perIP, c)
	}
}

// crowdPrefix is the bits of an IPv6 address that one subscriber cannot choose.
const crowdPrefix = 64

// crowdOf returns what stands for everyone who can be had behind one address.
func crowdOf(a netip.Addr) netip.Addr {
	a = a.Unmap().WithZone("")
	if p, err := a.Prefix(crowdPrefix); a.Is6() && err == nil {
		return p.Addr()
	}
	return a
}

// unknownPeer is a peer of whom nothing is known, not even the time.
func unknownPeer() access.Context { return access.Context{} }
