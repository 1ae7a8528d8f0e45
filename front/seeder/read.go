package seeder

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"time"

	"shoal/core/object"
	"shoal/wire/peer"
	"shoal/wire/torrent"
)

const (
	readBuffer  = 4 << 10  // bytes; 240 requests
	maxExtended = 16 << 10 // bytes of an extension message; PEX of 400 peers has less

	// metadataShare: a peer that asks for the info dictionary more often than that wants our bandwidth.
	metadataShare = 3
	// leafShare and freeLeaves are how many leaves a peer may make us look at: those of every piece, for a
	// client that checks them all, a few times over.
	leafShare  = 4
	freeLeaves = 4 * torrent.MaxHashRange

	// maxLosses is how often a peer may at once take back that it has pieces, and once more each lossEvery: a message
	// of some bytes makes the swarm walk all pieces, while its other members wait.
	maxLosses = 64
	lossEvery = time.Second

	// openingReads is how many of the first reads are acknowledged at once: what the peer says first comes in several small
	// writes, to which nothing is to be said.
	openingReads = 4
)

var errLosses = errors.New("pieces taken back too often")

// readerState belongs to the goroutine that reads.
type readerState struct {
	in         *peer.Reader
	extensions peer.Extensions // as the peer has said up to now
	deadline   time.Time       // of the read
	now        time.Time       // of the message
	unoffered  int             // blocks asked for in vain, less those granted
	reads      int8            // up to openingReads

	introductions, losses allowance

	metadataPieces int64 // of the info dictionary
	metadataLeft   int64 // of them, that may be asked for
	leavesLeft     int64
	leavesPerPiece int64
	torrent        *object.Torrent // as first seen; its files are always the same
}

// read handles messages until the connection ends.
func (c *conn) read() error {
	r := &c.reading
	r.in = newReader(c.stream, &c.s.buffers.reads, peer.ReaderOptions{Pieces: c.pieces, MaxExtended: maxExtended})
	for {
		c.extendDeadline()
		m, err := r.in.Read()
		if errors.Is(err, os.ErrDeadlineExceeded) && c.busy() {
			continue
		}
		if err != nil {
			return err
		}
		if err := c.handle(m); err != nil {
			return err
		}
		burstEnd := !r.in.Ready()
		if burstEnd {
			c.writer.kick()
			c.acknowledgeOpening()
		}
		for c.out.full(burstEnd) {
			c.writer.kick()
			select {
			case <-c.out.room:
			case <-c.done:
				return c.cause
			}
		}
	}
}

// acknowledgeOpening acknowledges what was read at once, if it was among the first.
func (c *conn) acknowledgeOpening() {
	if c.reading.reads < openingReads {
		c.reading.reads++
		acknowledge(c.nc)
	}
}

// extendDeadline moves the read deadline on; not for every message, which would cost as much as reading it.
func (c *conn) extendDeadline() {
	now := time.Now()
	c.reading.now = now
	if idle := c.s.o.IdleTimeout; c.reading.deadline.Sub(now) < idle-idle/8 {
		c.reading.deadline = now.Add(idle)
		c.nc.SetReadDeadline(c.reading.deadline) // an error shows at the read
	}
}

// busy reports whether the peer, silent, still takes what it asked for.
func (c *conn) busy() bool {
	return time.Since(time.Unix(0, c.progressed.Load())) < c.s.o.IdleTimeout
}

// handle acts on one message. An error ends the connection.
func (c *conn) handle(m peer.Message) error {
	switch m.ID {
	case peer.MsgRequest:
		return c.onRequest(m.Block)
	case peer.MsgCancel:
		// BEP 6: a cancelled request is answered too, with its piece or a reject.
		if c.out.cancel(m.Block) {
			c.reject(m.Block)
		}
	case peer.MsgHave, peer.MsgBitfield, peer.MsgHaveAll, peer.MsgHaveNone:
		return c.onPieces(m)
	case peer.MsgInterested:
		c.setInterested(true)
	case peer.MsgNotInterested:
		c.setInterested(false)
	case peer.MsgExtended:
		return c.onExtended(m)
	case peer.MsgHashRequest:
		return c.onHashRequest(m.Payload)
	}
	// What is left is of no use to a seeder, or unknown.
	return nil
}

// onRequest queues a block.
func (c *conn) onRequest(k peer.Block) error {
	if !k.Within(c.size, c.pieceLength) {
		return closing(BadRequest, fmt.Errorf("block %+v", k))
	}
	r := &c.reading
	if c.choked.Load() || !c.member.MayHave(k.Piece) {
		// BEP 6: requests of a choked peer are rejected; without it they are dropped.
		c.reject(k)
		if r.unoffered++; r.unoffered > maxUnoffered {
			return closing(BadRequest, fmt.Errorf("%d blocks that were not offered", r.unoffered))
		}
		return nil
	}
	r.unoffered = max(0, r.unoffered-1)
	c.member.Requested(k.Piece, r.now)
	c.out.addBlock(k)
	return nil
}

func (c *conn) setInterested(is bool) {
	if c.interested.Swap(is) == is {
		return
	}
	// Not before: webtorrent passes over an unchoke that comes with the handshake, and never asks for anything.
	c.out.frame(func(dst []byte) []byte {
		if !c.welcome {
			return dst
		}
		c.welcome = false
		c.choked.Store(false)
		return peer.AppendUnchoke(dst)
	})
}

// reject refuses a block, to a peer that knows of rejects.
func (c *conn) reject(k peer.Block) {
	if c.fast {
		c.out.frame(func(dst []byte) []byte { return c.refusal(dst, k) })
	}
}

// onPieces takes in what the peer has.
func (c *conn) onPieces(m peer.Message) error {
	if m.ID == peer.MsgHave {
		if m.Block.Piece >= c.pieces {
			return closing(BadMessage, nil)
		}
		c.member.Have(int64(m.Block.Piece))
		return c.wanted()
	}
	// BEP 6: the short forms only with the fast extension. BEP 3 wants the message once and first, but aria2
	// sends a bitfield again in place of many haves: the last one counts.
	if !c.fast && m.ID != peer.MsgBitfield {
		return closing(BadMessage, nil)
	}
	switch m.ID {
	case peer.MsgHaveAll:
		c.member.HaveAll()
	case peer.MsgHaveNone:
		if !c.mayLose() {
			return closing(BadMessage, errLosses)
		}
		c.member.HaveNone()
	default:
		bits, err := peer.ParseBitfield(m.Payload, c.pieces)
		if err != nil {
			return err
		}
		c.member.SetBitfield(bits.Bytes())
	}
	return c.wanted()
}

// wanted ends the connection to a peer that wants nothing.
func (c *conn) wanted() error {
	if c.member.Complete() {
		return closing(PeerComplete, nil)
	}
	return nil
}

// onExtended handles the extension messages of BEP 10. What PEX says is not used: this seeder does not dial.
func (c *conn) onExtended(m peer.Message) error {
	switch m.Extension {
	case peer.ExtendedHandshakeID:
		return c.onExtendedHandshake(m.Payload)
	case ourMetadataID:
		return c.onMetadata(m.Payload)
	case ourDontHaveID:
		return c.onDontHave(m.Payload)
	case ourHolePunchID:
		return c.onHolePunch(m.Payload)
	}
	return nil
}

func (c *conn) onExtendedHandshake(payload []byte) error {
	e := peer.ExtendedHandshake{Extensions: c.reading.extensions, UploadOnly: c.uploadOnly.Load()}
	if err := e.Update(payload); err != nil {
		return err
	}
	c.reading.extensions = e.Extensions
	c.metadataID.Store(uint32(e.Extensions.Metadata))
	c.pexID.Store(uint32(e.Extensions.PEX))
	c.holePunchID.Store(uint32(e.Extensions.HolePunch))
	if id := uint32(e.Extensions.DontHave); c.dontHaveID.Swap(id) != id {
		c.member.SetTraits(c.traits())
	}
	c.uploadOnly.Store(e.UploadOnly)
	c.noteClient(e.Client)
	if e.Port != 0 {
		c.listenPort.Store(uint32(e.Port))
		c.member.SetListenAddr(netip.AddrPortFrom(c.remote.Addr(), e.Port))
	}
	return nil
}

// onDontHave takes in that the peer has lost a piece (BEP 54).
func (c *conn) onDontHave(payload []byte) error {
	piece, err := peer.ParseDontHave(payload)
	if err != nil {
		return err
	}
	if piece >= c.pieces {
		return closing(BadMessage, nil)
	}
	if !c.mayLose() {
		return closing(BadMessage, errLosses)
	}
	c.member.DontHave(int64(piece))
	return nil
}

// mayLose counts that the peer takes back what it said it has.
func (c *conn) mayLose() bool { return c.reading.losses.take(c.reading.now, maxLosses, lossEvery) }

// onMetadata queues a request for a piece of the info dictionary (BEP 9).
func (c *conn) onMetadata(payload []byte) error {
	m, err := peer.ParseMetadata(payload)
	id := peer.ExtensionID(c.metadataID.Load())
	if err != nil || m.Type != peer.MetadataRequest || id == 0 {
		return err
	}
	if c.reading.metadataLeft <= 0 || int64(m.Piece) >= c.reading.metadataPieces {
		c.out.frame(func(dst []byte) []byte {
			return peer.AppendMetadata(dst, id, peer.Metadata{Type: peer.MetadataReject, Piece: m.Piece})
		})
		return nil
	}
	c.reading.metadataLeft--
	c.out.addMetadata(m.Piece)
	return nil
}
