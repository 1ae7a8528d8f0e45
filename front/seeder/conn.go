package seeder

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"shoal/core/fault"
	"shoal/core/object"
	"shoal/core/swarm"
	"shoal/wire/peer"
	"shoal/wire/torrent"
)

// conn is one peer. It implements swarm.Conn.
type conn struct {
	s      *Seeder
	nc     net.Conn
	remote netip.AddrPort // unmapped
	out    outbox

	done    chan struct{} // closed when the connection is ended
	endOnce sync.Once
	cause   error // of the end; read after done is closed

	// Set before the writer starts, not changed afterwards.
	fast        bool // both sides have BEP 6
	infoHash    torrent.InfoHash
	peerID      peer.PeerID
	swarm       *swarm.Swarm
	member      *swarm.Member
	size        int64 // bytes of the content
	pieceLength int64 // bytes
	pieces      uint32

	// The reader learns them, the writer uses them: by which ids the peer wants them; 0 is not at all.
	metadataID, pexID atomic.Uint32
	progressed        atomic.Int64 // Unix nanoseconds of the last payload byte that the socket took

	reading readerState
	writing writerState
}

// newConn takes nc over.
func newConn(s *Seeder, nc net.Conn) *conn {
	c := &conn{s: s, nc: nc, done: make(chan struct{})}
	if tcp, ok := nc.RemoteAddr().(*net.TCPAddr); ok {
		a := tcp.AddrPort()
		c.remote = netip.AddrPortFrom(a.Addr().Unmap().WithZone(""), a.Port())
	}
	c.out.init()
	return c
}

// RemoteAddr implements swarm.Conn.
func (c *conn) RemoteAddr() netip.AddrPort { return c.remote }

// Close implements swarm.Conn: the swarm lets the peer go.
func (c *conn) Close(reason error) { c.end(closing(Revoked, reason)) }

// Wake implements swarm.Conn: there are orders for the peer.
func (c *conn) Wake() { signal(c.out.work) }

// end closes the connection. The first reason stands.
func (c *conn) end(err error) {
	c.endOnce.Do(func() {
		c.cause = err
		if r := reasonOf(err); r == Revoked || r == WriteStall {
			// What the socket has not sent yet must not go out, or will not.
			if tcp, ok := c.nc.(*net.TCPConn); ok {
				tcp.SetLinger(0) // fails only on a connection that is gone
			}
		}
		close(c.done)
		c.nc.Close() // nobody is left to tell
	})
}

// ended reports whether the connection is ended.
func (c *conn) ended() bool {
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}

// serveConn serves nc to its end.
func (s *Seeder) serveConn(ctx context.Context, nc net.Conn) {
	c := newConn(s, nc)
	err := s.doors.enter(c)
	if err == nil {
		err = c.run(ctx)
		s.doors.leave(c)
	}
	c.end(err)
	reason := reasonOf(c.cause)
	s.counts.closed[reason].Add(1)
	level := slog.LevelDebug
	if reason == Failed || reason == ReadFailed {
		level = slog.LevelError
	}
	s.o.Logger.Log(ctx, level, "peer connection ended",
		"peer", c.remote, "reason", reason, "info_hash", c.infoHash,
		"client", peer.ClientName(c.peerID), "sent_bytes", c.writing.sent, "error", c.cause)
}

// run speaks to the peer until either side has enough. The reader is this goroutine; it waits for the
// writer.
func (c *conn) run(ctx context.Context) error {
	if tcp, ok := c.nc.(*net.TCPConn); ok {
		tune(tcp)
	}
	theirs, err := c.readHandshake()
	if err != nil {
		return err
	}
	if err := c.join(ctx, theirs.InfoHash); err != nil {
		return err
	}
	defer c.member.Leave()
	t := c.swarm.Torrent()
	seed, err := c.s.seeds.acquire(ctx, t)
	if err != nil {
		return c.contentError(err)
	}
	c.setTorrent(t, seed)
	c.greet(theirs, t)
	written := make(chan struct{})
	go func() {
		defer close(written)
		c.end(c.write(ctx))
	}()
	c.end(c.read())
	<-written
	c.s.seeds.release(c.writing.seed)
	return nil
}

// join resolves an infohash and becomes a member of its swarm.
func (c *conn) join(ctx context.Context, h torrent.InfoHash) error {
	c.infoHash = h
	ctx, cancel := context.WithTimeout(ctx, c.s.o.HandshakeTimeout)
	defer cancel()
	var err error
	// A swarm that was idle may end between the two calls; the next one is fresh.
	for range 2 {
		if c.swarm, err = c.s.swarms.Swarm(ctx, h, c.remote.Addr()); err != nil {
			return err
		}
		if c.member, err = c.swarm.Join(c); err == nil || reasonOf(err) != UnknownTorrent {
			break
		}
	}
	return err
}

// setTorrent sets what the torrent decides. Infohash equal, all of it is equal, whatever the version.
func (c *conn) setTorrent(t *object.Torrent, d *seed) {
	c.size, c.pieceLength, c.pieces = requestable(t), t.PieceLength, uint32(t.NumPieces())
	c.writing.torrent, c.writing.seed = t, d
	c.writing.charged = peer.NewBitfield(c.pieces)
	c.reading.budget(t)
	c.progressed.Store(time.Now().UnixNano())
}

// contentError says what an error of the store means for the connection.
func (c *conn) contentError(err error) error {
	switch fault.KindOf(err) {
	case fault.NoTorrent, fault.NoSuchKey, fault.NoSuchVersion:
		return closing(Revoked, err) // deleted, and the swarm is about to know
	}
	return closing(ReadFailed, err)
}
