package seeder

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"shoal/core/object"
	"shoal/wire/peer"
	"shoal/wire/torrent"
)

// The ids by which peers send us extension messages (BEP 10).
const (
	ourMetadataID  peer.ExtensionID = 1
	ourPEXID       peer.ExtensionID = 2
	ourDontHaveID  peer.ExtensionID = 3
	ourHolePunchID peer.ExtensionID = 4
)

// readHandshake reads the peer's handshake in time, the encrypted one before it if there is one. Nothing of the
// torrent is answered yet.
func (c *conn) readHandshake(ctx context.Context) (peer.Handshake, error) {
	until := time.Now().Add(c.s.o.HandshakeTimeout)
	c.nc.SetDeadline(until) // an error shows at the read
	ctx, cancel := context.WithDeadline(ctx, until)
	defer cancel()
	b, err := c.readOpening(ctx)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return peer.Handshake{}, closing(HandshakeTimeout, err)
	}
	if err != nil {
		return peer.Handshake{}, err
	}
	c.nc.SetWriteDeadline(time.Time{})
	h, err := peer.ParseHandshake(b[:])
	if err != nil {
		return h, err
	}
	if !c.unmasked.IsZero() && h.InfoHash != c.unmasked {
		return h, closing(BadMessage, errors.New("the encrypted handshake named another torrent"))
	}
	c.peerID = h.PeerID
	if h.PeerID == c.s.id {
		return h, closing(SelfConnection, nil)
	}
	return h, nil
}

// readOpening reads the plain handshake, at once or behind an encrypted one, which is known by its first bytes.
func (c *conn) readOpening(ctx context.Context) (b [peer.HandshakeLen]byte, err error) {
	for n := 0; n < len(b); {
		m, err := c.nc.Read(b[n:])
		n += m
		if seen := min(n, len(peer.Protocol)); string(b[:seen]) != peer.Protocol[:seen] {
			if c.s.o.Encryption == EncryptionOff {
				// An encrypted client that may tries again in the clear at once.
				return b, fmt.Errorf("%w: begins with %q", peer.ErrNotBitTorrent, b[:seen])
			}
			initial, err := c.readEncrypted(ctx, b[:n])
			if err != nil {
				return b, err
			}
			return c.readAfter(initial)
		}
		if err != nil && n < len(b) {
			return b, err
		}
		if m == 0 && err == nil {
			return b, io.ErrNoProgress
		}
	}
	if c.s.o.Encryption == EncryptionRequire {
		return b, closing(NotBitTorrent, errPlain)
	}
	return b, nil
}

// greet queues everything that the peer is told unasked.
func (c *conn) greet(theirs peer.Handshake, t *object.Torrent) {
	reserved, answered := peer.ReservedFast|peer.ReservedExtensions, theirs.InfoHash
	// BEP 52: the bit tells a peer of a hybrid torrent's v1 swarm that it may use v2, and is answered with the v2
	// infohash. libtorrent 2.0.8 that hears of us by its v2 announce meanwhile takes no other answer. Only who set the bit
	// is answered so: before 2.0.14 it crashes on it in a download that began from a v1 magnet link.
	if t.Kind == torrent.Hybrid && theirs.InfoHash == t.InfoHash && theirs.Reserved.Has(peer.ReservedV2) {
		reserved |= peer.ReservedV2
		answered = t.InfoHashV2.Truncate()
	}
	c.fast = theirs.Reserved.Has(peer.ReservedFast)
	c.member.SetTraits(c.traits())
	offer := c.member.Greeting()
	if c.governed = !offer.AllPieces; c.governed {
		c.writing.told = peer.NewBitfield(c.pieces)
	}
	c.welcome = offer.Unchoke
	// Transmission 3.00 leaves what follows a handshake in one packet unread until the next packet comes.
	if s, ok := c.nc.(interface{ EndPacketAfter(bytes int) }); ok { // uTP
		s.EndPacketAfter(peer.HandshakeLen)
	}
	c.choked.Store(true)
	c.out.frame(func(dst []byte) []byte {
		dst = peer.AppendHandshake(dst, peer.Handshake{Reserved: reserved, InfoHash: answered, PeerID: c.s.id})
		dst = c.appendPieces(dst, offer.AllPieces)
		if theirs.Reserved.Has(peer.ReservedExtensions) {
			dst = peer.AppendExtendedHandshake(dst, peer.ExtendedHandshake{
				Extensions: peer.Extensions{
					DontHave: ourDontHaveID, HolePunch: ourHolePunchID, Metadata: ourMetadataID, PEX: ourPEXID,
				},
				Client: c.s.client, Port: c.s.o.ListenPort, RequestQueue: requestQueue,
				MetadataSize: t.InfoSize, YourIP: c.remote.Addr(),
			})
		}
		return dst
	})
}

// appendPieces appends what we have: all or nothing. Without BEP 6 nothing is told by silence.
func (c *conn) appendPieces(dst []byte, all bool) []byte {
	switch {
	case c.fast && all:
		return peer.AppendHaveAll(dst)
	case c.fast:
		return peer.AppendHaveNone(dst)
	case all && c.pieces > 0:
		bits := peer.NewBitfield(c.pieces)
		bits.SetAll()
		return peer.AppendBitfield(dst, bits)
	}
	return dst
}

// budget sets what the peer may ask for beside blocks, by the size of the torrent.
func (r *readerState) budget(t *object.Torrent) {
	r.metadataPieces = pieceCount(t.InfoSize, peer.MetadataPiece)
	r.metadataLeft = metadataShare * r.metadataPieces
	r.leavesLeft = leafShare*pieceCount(t.Length, torrent.BlockSize) + freeLeaves
	r.leavesPerPiece = t.PieceLength / torrent.BlockSize
	r.torrent = t
}

func pieceCount(size, length int64) int64 { return (size + length - 1) / length }
