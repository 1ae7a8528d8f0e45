package swarm

import (
	"context"
	"net/netip"

	"shoal/core/access"
	"shoal/core/object"
	"shoal/wire/torrent"
)

// Source resolves infohashes to torrents; object.Store is the one in the binary.
type Source interface {
	// Resolve returns the torrent of a version that is public for peer, or fault.NoTorrent. h is a v1 or a
	// truncated v2 infohash, or mse.Obfuscated of one: whoever has a plain one to resolve looks at what it got.
	Resolve(ctx context.Context, h torrent.InfoHash, peer access.Context) (*object.Torrent, error)
	// Reload returns t as it is now (bucket and version rows read again), or fault.NoTorrent when its version is gone.
	// It says nothing of who may have it: see object.Torrent.OpenTo.
	Reload(ctx context.Context, t *object.Torrent) (*object.Torrent, error)
}

var _ Source = (*object.Store)(nil)

// Conn is a peer-wire connection of the seeder, as a swarm sees it.
type Conn interface {
	RemoteAddr() netip.AddrPort
	// Close ends the connection for the reason given. It does not block, and may be called more than once.
	Close(reason error)
	// Wake says that Member.Orders has something to tell the peer. It does not block; it is called with
	// locks of the swarm held, so it calls nothing of this package.
	Wake()
}
