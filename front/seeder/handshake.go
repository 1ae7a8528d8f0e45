package seeder

import (
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
	ourMetadataID peer.ExtensionID = 1
	ourPEXID      peer.ExtensionID = 2
)

// readHandshake reads the peer's handshake in time. Nothing is answered yet.
func (c *conn) readHandshake() (peer.Handshake, error) {
	c.nc.SetReadDeadline(time.Now().Add(c.s.o.HandshakeTimeout)) // an error shows at the read
	var b [peer.HandshakeLen]byte
	// Another protocol is known by its first bytes: an encrypted client tries again in the clear at once.
	for n := 0; n < len(b); {
		m, err := c.nc.Read(b[n:])
		n += m
		seen := min(n, len(peer.Protocol))
		if string(b[:seen]) != peer.Protocol[:seen] {
			return peer.Handshake{}, fmt.Errorf("%w: begins with %q", peer.ErrNotBitTorrent, b[:seen])
		}
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return peer.Handshake{}, closing(HandshakeTimeout, err)
		}
		if err != nil && n < len(b) {
			return peer.Handshake{}, err
		}
		if m == 0 && err == nil {
			return peer.Handshake{}, io.ErrNoProgress
		}
	}
	h, err := peer.ParseHandshake(b[:])
	if err != nil {
		return h, err
	}
	c.peerID = h.PeerID
	if h.PeerID == c.s.id {
		return h, closing(SelfConnection, nil)
	}
	return h, nil
}

// greet queues everything that the peer is told unasked.
func (c *conn) greet(theirs peer.Handshake, t *object.Torrent) {
	reserved := peer.ReservedFast | peer.ReservedExtensions
	// BEP 52: the bit tells a peer of a hybrid torrent's v1 swarm that it may use v2. Only who set it is answered
	// with it: libtorrent before 2.0.14 crashes on it in a download that began from a v1 magnet link.
	if t.Kind == torrent.Hybrid && theirs.InfoHash == t.InfoHash && theirs.Reserved.Has(peer.ReservedV2) {
		reserved |= peer.ReservedV2
	}
	c.fast = theirs.Reserved.Has(peer.ReservedFast)
	offer := c.member.Greeting()
	c.reading.choked = !offer.Unchoke
	c.out.frame(func(dst []byte) []byte {
		dst = peer.AppendHandshake(dst, peer.Handshake{Reserved: reserved, InfoHash: theirs.InfoHash, PeerID: c.s.id})
		dst = c.appendPieces(dst, offer.AllPieces)
		if theirs.Reserved.Has(peer.ReservedExtensions) {
			dst = peer.AppendExtendedHandshake(dst, peer.ExtendedHandshake{
				Extensions: peer.Extensions{Metadata: ourMetadataID, PEX: ourPEXID},
				Client:     c.s.client, Port: c.s.o.ListenPort, RequestQueue: requestQueue,
				MetadataSize: t.InfoSize, YourIP: c.remote.Addr(),
			})
		}
		if offer.Unchoke {
			dst = peer.AppendUnchoke(dst)
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
	r.root = t.Root
}

func pieceCount(size, length int64) int64 { return (size + length - 1) / length }
