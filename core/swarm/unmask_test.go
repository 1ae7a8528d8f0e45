package swarm

import (
	"context"
	"net/netip"
	"testing"

	"shoal/core/access"
	"shoal/core/fault"
	"shoal/core/object"
	"shoal/wire/mse"
	"shoal/wire/torrent"
)

// maskedSource finds torrents by mse.Obfuscated, too, as object.Store does.
type maskedSource struct{ *fakeSource }

func (f maskedSource) Resolve(ctx context.Context, h torrent.InfoHash, peer access.Context) (*object.Torrent, error) {
	for _, plain := range []torrent.InfoHash{testHash, testHashV2.Truncate()} {
		if h == mse.Obfuscated(plain) {
			h = plain
		}
	}
	return f.fakeSource.Resolve(ctx, h, peer)
}

// TestMaskIsNoInfoHash: only an encrypted handshake names a torrent by its obfuscated hash.
func TestMaskIsNoInfoHash(t *testing.T) {
	peer := netip.MustParseAddrPort("203.0.113.1:1")
	for _, private := range []bool{false, true} {
		src := &fakeSource{}
		of := testTorrent(t, 1, everyone)
		of.Private = private
		src.set(of)
		r := New(maskedSource{src}, Options{Guests: &fakeGuests{tokens: []string{"ann"}}})
		for _, h := range []torrent.InfoHash{testHash, testHashV2.Truncate()} {
			mask := mse.Obfuscated(h)
			_, err := r.Swarm(t.Context(), mask, peer.Addr())
			wantKind(t, "connect", err, fault.NoTorrent)
			_, err = r.Announce(t.Context(), mask, Announce{Peer: peer, Left: 1, Token: "ann"}, nil)
			wantKind(t, "announce", err, fault.NoTorrent)
			_, err = r.Scrape(t.Context(), mask, peer.Addr())
			wantKind(t, "scrape", err, fault.NoTorrent)
		}
		if got := r.Stats().Swarms; got != 0 {
			t.Errorf("%d swarms were made", got)
		}
	}
}

func TestUnmask(t *testing.T) {
	_, src := newTestRegistry(t, officeOnly, Options{})
	r := New(maskedSource{src}, Options{})
	inside, outside := netip.MustParseAddr("198.51.100.7"), netip.MustParseAddr("203.0.113.1")
	for _, h := range []torrent.InfoHash{testHash, testHashV2.Truncate()} {
		if got, err := r.Unmask(t.Context(), mse.Obfuscated(h), inside); err != nil || got != h {
			t.Errorf("got %v, %v, want %v", got, err, h)
		}
		_, err := r.Unmask(t.Context(), mse.Obfuscated(h), outside)
		wantKind(t, "not open to the peer", err, fault.NoTorrent)
		_, err = r.Unmask(t.Context(), h, inside)
		wantKind(t, "an infohash is no mask", err, fault.NoTorrent)
	}
	_, err := r.Unmask(t.Context(), mse.Obfuscated(torrent.InfoHash{9}), inside)
	wantKind(t, "unknown", err, fault.NoTorrent)
	if got := r.Stats().Swarms; got != 0 {
		t.Errorf("%d swarms were made", got)
	}
}
