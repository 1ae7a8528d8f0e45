package tracker

import (
	"context"
	"net/netip"

	"shoal/core/fault"
	"shoal/core/swarm"
	"shoal/wire/torrent"
	"shoal/wire/tracker"
)

// exchange is the memory of one request and its answer, used again for the next.
type exchange struct {
	out     []byte
	peers   []tracker.Peer
	origins []netip.AddrPort
	hashes  []torrent.InfoHash
	files   []tracker.Scrape
}

// caller is who asks and where it found us.
type caller struct {
	addr  netip.AddrPort // unmapped
	local netip.Addr     // of this host, that it sent to; may be invalid
	host  string         // header of the HTTP request; may be empty
	udp   bool
}

// announce records a and fills answer. The peers in it are memory of x.
func (t *Tracker) announce(ctx context.Context, x *exchange, c caller, a *tracker.Announce, answer *tracker.Answer) error {
	x.origins = t.appendOrigins(x.origins[:0], c)
	reply, err := t.swarms.Announce(ctx, a.InfoHash, swarm.Announce{
		Peer: netip.AddrPortFrom(c.addr.Addr(), a.Port), ID: a.PeerID,
		Left: a.Left, Event: a.Event, NumWant: a.NumWant,
		OwnFamilyOnly: c.udp, Origin: x.origins,
	}, x.peers[:0])
	if err != nil {
		return err
	}
	x.peers = reply.Peers
	*answer = tracker.Answer{
		Interval: reply.Interval, MinInterval: reply.MinInterval,
		Complete: reply.Complete, Incomplete: reply.Incomplete, Downloaded: reply.Downloaded,
		ExternalIP: c.addr.Addr(), Peers: reply.Peers,
	}
	return nil
}

// scrape fills x.files with the counts of x.hashes. Those that are not served are left out, or all zero
// when every one asked for must have its place.
func (t *Tracker) scrape(ctx context.Context, x *exchange, c caller, everyone bool) error {
	x.files = x.files[:0]
	for _, h := range x.hashes {
		n, err := t.swarms.Scrape(ctx, h, c.addr.Addr())
		if err != nil && !fault.Is(err, fault.NoTorrent) {
			return err
		}
		if err == nil || everyone {
			x.files = append(x.files, tracker.Scrape{
				InfoHash: h, Complete: n.Complete, Downloaded: n.Downloaded, Incomplete: n.Incomplete,
			})
		}
	}
	return nil
}
