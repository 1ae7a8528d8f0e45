package seeder

import (
	"net/netip"
	"time"

	"shoal/wire/peer"
)

const (
	// maxRendezvous introductions may be asked for at once, and one more each rendezvousEvery: a peer tries all that
	// it was told of (BEP 11) when it comes, and each makes us look through the swarm.
	maxRendezvous   = 50
	rendezvousEvery = time.Second
)

// onHolePunch introduces the peer to another member of its swarm, so that both connect through what is before
// them (BEP 55). We are only the relay: whom we are told to connect to is ignored.
func (c *conn) onHolePunch(payload []byte) error {
	m, err := peer.ParseHolePunch(payload)
	id := peer.ExtensionID(c.holePunchID.Load())
	if err != nil || m.Type != peer.HolePunchRendezvous || id == 0 {
		return err
	}
	if r := &c.reading; !r.introductions.take(r.now, maxRendezvous, rendezvousEvery) {
		return nil
	}
	if code := c.introduce(id, m.Addr); code != 0 {
		c.out.frame(func(dst []byte) []byte {
			return peer.AppendHolePunch(dst, id, peer.HolePunch{Type: peer.HolePunchFailed, Addr: m.Addr, Code: code})
		})
	}
	return nil
}

// introduce tells the peer and the one at target to connect to each other, or returns why not.
func (c *conn) introduce(id peer.ExtensionID, target netip.AddrPort) peer.HolePunchCode {
	if target.Port() == 0 || !target.Addr().IsValid() || target.Addr().IsUnspecified() || target.Addr().IsMulticast() {
		return peer.NoSuchPeer
	}
	if target == c.endpoint() || target == c.remote {
		return peer.NoSelf
	}
	other, ok := c.member.Find(target).(*conn)
	if !ok {
		return peer.NotConnected
	}
	otherID := peer.ExtensionID(other.holePunchID.Load())
	if otherID == 0 {
		return peer.NoSupport
	}
	if !other.out.offerFrame(func(dst []byte) []byte { return appendConnect(dst, otherID, c.endpoint()) }) {
		return peer.NotConnected
	}
	other.writer.kick()
	c.out.frame(func(dst []byte) []byte { return appendConnect(dst, id, target) })
	return 0
}

func appendConnect(dst []byte, id peer.ExtensionID, to netip.AddrPort) []byte {
	return peer.AppendHolePunch(dst, id, peer.HolePunch{Type: peer.HolePunchConnect, Addr: to})
}

// endpoint is where the peer is to be reached: at the port that it listens on, if it has told.
func (c *conn) endpoint() netip.AddrPort {
	if port := c.listenPort.Load(); port != 0 {
		return netip.AddrPortFrom(c.remote.Addr(), uint16(port))
	}
	return c.remote
}
