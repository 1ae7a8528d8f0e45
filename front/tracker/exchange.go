package tracker

import (
	"context"
	"net/netip"
	"time"

	"shoal/core/fault"
	"shoal/core/swarm"
	"shoal/wire/torrent"
	"shoal/wire/tracker"
)

// exchange is the memory of one request and its answer, used again for the next.
type exchange struct {
	out     []byte
	head    []byte // of an HTTP answer, and all of it at last
	peers   []tracker.Peer
	origins []netip.AddrPort
	hashes  []torrent.InfoHash
	files   []tracker.Scrape
}

// caller is who asks and where it found us.
type caller struct {
	addr  netip.AddrPort // unmapped
	local netip.Addr     // of this host, that it sent to; may be invalid
	host  netip.Addr     // that the Host header names; may be invalid
	now   time.Time      // of the request; zero asks the clock
	by    Protocol
	token string // of the announce URL, in memory of the request
}

// announce records a and fills answer. The peers in it are memory of x.
func (t *Tracker) announce(ctx context.Context, x *exchange, c caller, a *tracker.Announce, answer *tracker.Answer) error {
	t.counts.announces[c.by].Add(1)
	x.origins = t.appendOrigins(x.origins[:0], c)
	reply, err := t.swarms.Announce(ctx, a.InfoHash, swarm.Announce{
		Peer: netip.AddrPortFrom(c.addr.Addr(), a.Port), ID: a.PeerID,
		Left: a.Left, Downloaded: a.Downloaded, Event: a.Event, NumWant: a.NumWant,
		OwnFamilyOnly: c.by == UDP, Origin: x.origins, Local: localOf(a, c), Token: c.token, Now: c.now,
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

// localOf returns the address that a peer claims in the family of its own.
func localOf(a *tracker.Announce, c caller) netip.AddrPort {
	if c.addr.Addr().Is4() {
		return a.IPv4
	}
	return a.IPv6
}

// scrape fills x.files with the counts of x.hashes. Those that are not served are left out, or all zero
// when every one asked for must have its place.
func (t *Tracker) scrape(ctx context.Context, x *exchange, c caller, everyone bool) error {
	t.counts.scrapes[c.by].Add(1)
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
