package seeder

import (
	"net/netip"
	"testing"

	"shoal/wire/peer"
)

const clientHolePunchID peer.ExtensionID = 9

// rendezvous asks to be introduced to who listens at addr.
func (c *client) rendezvous(addr netip.AddrPort) {
	c.t.Helper()
	c.send(peer.AppendHolePunch(nil, ourHolePunchID, peer.HolePunch{Type: peer.HolePunchRendezvous, Addr: addr}))
}

// holePunch reads the next message of that extension.
func (c *client) holePunch() peer.HolePunch {
	c.t.Helper()
	for {
		m := c.until(peer.MsgExtended)
		if m.Extension != clientHolePunchID {
			continue
		}
		h, err := peer.ParseHolePunch(m.Payload)
		if err != nil {
			c.t.Fatal(err)
		}
		return h
	}
}

func TestHolePunch(t *testing.T) {
	w := newWorld(t, worldOptions{})
	to, other := w.put(t, "object", random(1, 100)), w.put(t, "other", random(2, 100))
	join := func(of *client, port uint16, id peer.ExtensionID) *client {
		of.send(peer.AppendExtendedHandshake(nil, peer.ExtendedHandshake{
			Extensions: peer.Extensions{HolePunch: id, Metadata: clientMetadataID}, Port: port,
		}))
		of.metadata(0) // its answer says that the extended handshake was read
		return of
	}
	first := join(open(t, w, to.InfoHash, allReserved), 1001, clientHolePunchID)
	second := join(open(t, w, to.InfoHash, allReserved), 1002, clientHolePunchID)
	mute := join(open(t, w, to.InfoHash, allReserved), 1003, 0)
	stranger := join(open(t, w, other.InfoHash, allReserved), 1004, clientHolePunchID)
	if id := first.info.Extensions.HolePunch; id != ourHolePunchID {
		t.Errorf("ut_holepunch is announced as %d", id)
	}

	first.rendezvous(second.listensAt(1002))
	for c, want := range map[*client]netip.AddrPort{first: second.listensAt(1002), second: first.listensAt(1001)} {
		if got := c.holePunch(); got.Type != peer.HolePunchConnect || got.Addr != want {
			t.Errorf("got %+v, want a connect to %v", got, want)
		}
	}
	for _, c := range []struct {
		name string
		addr netip.AddrPort
		want peer.HolePunchCode
	}{
		{"itself", first.listensAt(1001), peer.NoSelf},
		{"does not speak it", mute.listensAt(1003), peer.NoSupport},
		{"of another swarm", stranger.listensAt(1004), peer.NotConnected},
		{"nobody", second.listensAt(1005), peer.NotConnected},
		{"another realm", netip.MustParseAddrPort("10.0.0.1:1002"), peer.NotConnected},
		{"the internet", netip.MustParseAddrPort("8.8.8.8:1002"), peer.NotConnected},
		{"no port", second.listensAt(0), peer.NoSuchPeer},
		{"no address", netip.MustParseAddrPort("0.0.0.0:1002"), peer.NoSuchPeer},
		{"multicast", netip.MustParseAddrPort("224.0.0.1:1002"), peer.NoSuchPeer},
	} {
		first.rendezvous(c.addr)
		if got := first.holePunch(); got.Type != peer.HolePunchFailed || got.Code != c.want || got.Addr != c.addr {
			t.Errorf("%s: got %+v, want code %d", c.name, got, c.want)
		}
	}
	// What a relay is told to do itself is not done, and beyond the limit there is no answer.
	first.send(peer.AppendHolePunch(nil, ourHolePunchID, peer.HolePunch{Type: peer.HolePunchConnect, Addr: second.listensAt(1002)}))
	for range 2 * maxRendezvous {
		second.rendezvous(first.listensAt(1005))
	}
	second.send(peer.AppendMetadata(nil, ourMetadataID, peer.Metadata{Type: peer.MetadataRequest}))
	answers := 0
	for m := second.until(peer.MsgExtended); m.Extension != clientMetadataID; m = second.until(peer.MsgExtended) {
		answers++
	}
	if answers > maxRendezvous+5 {
		t.Errorf("%d answers, want about %d", answers, maxRendezvous)
	}
}
