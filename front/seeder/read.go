package seeder

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"time"

	"shoal/wire/peer"
	"shoal/wire/torrent"
)

const (
	readBuffer  = 2 << 10  // bytes of an idle connection; 120 requests
	maxExtended = 16 << 10 // bytes of an extension message; PEX of 400 peers has less

	// metadataShare: a peer that asks for the info dictionary more often than that wants our bandwidth.
	metadataShare = 3
	// leafShare and freeLeaves are how many leaves a peer may make us look at: those of every piece, for a
	// client that checks them all, a few times over.
	leafShare  = 4
	freeLeaves = 4 * torrent.MaxHashRange
)

// readerState belongs to the goroutine that reads.
type readerState struct {
	in         *peer.Reader
	extended   peer.ExtendedHandshake
	deadline   time.Time // of the read
	interested bool
	choked     bool

	metadataPieces int64 // of the info dictionary
	metadataLeft   int64 // of them, that may be asked for
	leavesLeft     int64
	leavesPerPiece int64
	root           torrent.Hash
}

// read handles messages until the connection ends.
func (c *conn) read() error {
	r := &c.reading
	r.in = peer.NewReader(c.nc, make([]byte, readBuffer), peer.ReaderOptions{Pieces: c.pieces, MaxExtended: maxExtended})
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
			signal(c.out.work)
		}
		for c.out.full(burstEnd) {
			signal(c.out.work)
			select {
			case <-c.out.room:
			case <-c.done:
				return c.cause
			}
		}
	}
}

// extendDeadline moves the read deadline on; not for every message, which would cost as much as reading it.
func (c *conn) extendDeadline() {
	now := time.Now()
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
		c.reading.interested = true
	case peer.MsgNotInterested:
		c.reading.interested = false
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
	if c.reading.choked {
		// BEP 6: requests of a choked peer are rejected; without it they are dropped.
		c.reject(k)
		return nil
	}
	c.out.addBlock(k)
	return nil
}

// reject refuses a block, to a peer that knows of rejects.
func (c *conn) reject(k peer.Block) {
	if c.fast {
		c.out.frame(func(dst []byte) []byte { return peer.AppendReject(dst, k) })
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
	}
	return nil
}

func (c *conn) onExtendedHandshake(payload []byte) error {
	e := &c.reading.extended
	if err := e.Update(payload); err != nil {
		return err
	}
	c.metadataID.Store(uint32(e.Extensions.Metadata))
	c.pexID.Store(uint32(e.Extensions.PEX))
	if e.Port != 0 {
		c.member.SetListenAddr(netip.AddrPortFrom(c.remote.Addr(), e.Port))
	}
	// BEP 21: a peer that only uploads wants no more from us than one that has everything.
	if e.UploadOnly && !c.reading.interested {
		return closing(PeerComplete, nil)
	}
	return nil
}

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
