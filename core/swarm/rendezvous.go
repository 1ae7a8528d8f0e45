package swarm

import "net/netip"

// Find returns the connection of a member by the address that others were told, or that it is connected from;
// nil when there is none, when it is m itself, and when one of the two may not be told of the other;
// in the swarm of a private torrent always.
func (m *Member) Find(addr netip.AddrPort) Conn {
	addr = netip.AddrPortFrom(addr.Addr().Unmap(), addr.Port())
	if m.s.guests != nil || !Nameable(addr.Addr(), m.addr.Addr()) || !Nameable(m.addr.Addr(), addr.Addr()) {
		return nil
	}
	m.s.mu.Lock()
	defer m.s.mu.Unlock()
	for other := range m.s.members {
		if other != m && (other.listen == addr || other.addr == addr) {
			return other.conn
		}
	}
	return nil
}
