package swarm

import (
	"context"
	"net/netip"

	"shoal/core/fault"
	"shoal/wire/mse"
	"shoal/wire/torrent"
)

// Unmask returns the infohash that an encrypted handshake names by mse.Obfuscated, when its torrent is open to
// peer. It makes no swarm. Kind: NoTorrent.
func (r *Registry) Unmask(ctx context.Context, obfuscated torrent.InfoHash, peer netip.Addr) (torrent.InfoHash, error) {
	const op = "unmask infohash"
	t, err := r.src.Resolve(ctx, obfuscated, r.facts(peer))
	if err != nil {
		return torrent.InfoHash{}, wrap(op, obfuscated, err)
	}
	if t.Private {
		if s := r.live(t.InfoHash); s == nil || !s.Allows(peer) {
			return torrent.InfoHash{}, fault.New(op, obfuscated.String(), fault.NoTorrent, errNotGuest)
		}
	}
	for _, h := range t.InfoHashes() {
		if mse.Obfuscated(h) == obfuscated {
			return h, nil
		}
	}
	return torrent.InfoHash{}, fault.New(op, obfuscated.String(), fault.NoTorrent, nil)
}
