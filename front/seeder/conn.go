package seeder

import (
	"cmp"
	"context"
	"errors"
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
	nc     net.Conn       // to end it and to set its deadlines
	stream net.Conn       // what is said over nc: nc itself, or decrypted
	remote netip.AddrPort // unmapped
	out    outbox
	writer writer

	done    chan struct{} // closed when the connection is ended
	endOnce sync.Once
	cause   error // of the end; read after done is closed

	// Set before the writer starts, not changed afterwards.
	fast        bool // both sides have BEP 6
	governed    bool // pieces are offered one by one
	infoHash    torrent.InfoHash
	unmasked    torrent.InfoHash // named by the encrypted handshake; zero without one
	peerID      peer.PeerID
	swarm       *swarm.Swarm
	member      *swarm.Member
	size        int64 // bytes of the content
	pieceLength int64 // bytes
	pieces      uint32

	// The reader learns them, the writer uses them: by which ids the peer wants them; 0 is not at all.
	metadataID, pexID, dontHaveID, holePunchID atomic.Uint32

	welcome    bool                   // to be unchoked when it is first interested; under out.mu
	interested atomic.Bool            // the peer wants something of what it was told of
	uploadOnly atomic.Bool            // BEP 21: it says that it wants nothing
	listenPort atomic.Uint32          // where it accepts connections; 0 while unknown
	client     atomic.Pointer[string] // its name, if it said one and there is an access log; nil else

	ordered    atomic.Bool  // the member has orders
	choked     atomic.Bool  // by us; changed under out.mu, in the order in which the peer is told
	progressed atomic.Int64 // Unix nanoseconds of the last payload byte that the socket took

	reading readerState
	writing writerState
}

// newConn takes nc over.
func newConn(s *Seeder, nc net.Conn) *conn {
	c := &conn{s: s, nc: nc, stream: nc, done: make(chan struct{})}
	if remote, ok := nc.RemoteAddr().(interface{ AddrPort() netip.AddrPort }); ok { // TCP or uTP
		a := remote.AddrPort()
		c.remote = netip.AddrPortFrom(a.Addr().Unmap().WithZone(""), a.Port())
	}
	c.out.init()
	c.writer.hold()
	return c
}

// RemoteAddr implements swarm.Conn.
func (c *conn) RemoteAddr() netip.AddrPort { return c.remote }

// Close implements swarm.Conn: the swarm lets the peer go.
func (c *conn) Close(reason error) {
	why := Revoked
	switch {
	case errors.Is(reason, swarm.ErrPolicyChanged):
		why = PolicyChanged
	case fault.Is(reason, fault.QuotaExceeded):
		why = QuotaSpent
	}
	c.end(closing(why, reason))
}

// Wake implements swarm.Conn: there are orders for the peer.
func (c *conn) Wake() {
	c.ordered.Store(true)
	c.writer.kick()
}

// end closes the connection for a reason; nil is none. The first reason stands.
func (c *conn) end(err error) {
	if err == nil {
		return
	}
	c.endOnce.Do(func() {
		c.cause = err
		if r := reasonOf(err); r == Revoked || r == QuotaSpent || r == WriteStall {
			// What the socket has not sent yet must not go out, or will not.
			if l, ok := c.nc.(interface{ SetLinger(sec int) error }); ok {
				l.SetLinger(0) // fails only on a connection that is gone
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

// admit lets a peer in and greets it; who was greeted is served by a goroutine that s.conns counts. That one is
// fresh, because what the store needs of a stack to open a swarm would stay with an idle connection.
func (s *Seeder) admit(ctx context.Context, nc net.Conn) {
	c := newConn(s, nc)
	err := s.doors.enter(c)
	if err != nil {
		c.finish(ctx, err)
		return
	}
	if err := c.open(ctx); err != nil {
		s.doors.leave(c)
		c.finish(ctx, err)
		return
	}
	s.conns.Go(func() { c.serve(ctx) })
}

// finish ends c and says so.
func (c *conn) finish(ctx context.Context, err error) {
	c.end(err)
	s, reason := c.s, reasonOf(c.cause)
	s.counts.closed[reason].Add(1)
	level := slog.LevelDebug
	if reason == Failed || reason == ReadFailed {
		level = slog.LevelError
	}
	if !s.o.Logger.Enabled(ctx, level) {
		return
	}
	s.o.Logger.Log(ctx, level, "peer connection ended",
		"peer", c.remote, "reason", reason, "info_hash", c.infoHash,
		"client", peer.ClientName(c.peerID), "sent_bytes", c.writing.sent, "error", c.cause)
}

// open makes the peer a member of its swarm and queues what it is told first.
func (c *conn) open(ctx context.Context) error {
	if tcp, ok := c.nc.(*net.TCPConn); ok {
		tune(tcp)
	}
	theirs, err := c.readHandshake(ctx)
	if err != nil {
		return err
	}
	if err := c.join(ctx, theirs.InfoHash); err != nil {
		return err
	}
	t := c.swarm.Torrent()
	seed, err := c.s.seeds.acquire(ctx, t)
	if err != nil {
		c.member.Leave()
		return c.contentError(err)
	}
	c.setTorrent(t, seed)
	c.greet(theirs, t)
	return nil
}

// serve speaks to a peer that was opened until either side has enough. The reader is this goroutine; it waits
// for the writer.
func (c *conn) serve(ctx context.Context) {
	c.writer.start(func() { c.end(c.writeAll(ctx)) })
	err := c.read()
	c.end(err)
	c.writer.stop()
	c.writing.log.end()
	c.member.Leave()
	c.settle(0)
	c.s.seeds.release(c.writing.seed)
	c.s.doors.leave(c)
	c.finish(ctx, err)
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
	c.writing.torrent = t
	c.writing.seed = d
	c.writing.charged = peer.NewBitfield(c.pieces)
	c.reading.budget(t)
	c.progressed.Store(time.Now().UnixNano())
}

// limits returns the rates that the connection keeps to now.
func (c *conn) limits() limits {
	d, r := c.writing.seed, &c.s.o.Rates
	return limits{
		peerLimited: {&c.writing.rate, r.Peer}, swarmLimited: {&d.limit, r.Swarm},
		bucketLimited: {&d.bucket.limiter, cmp.Or(c.writing.torrent.Bucket.Config.Seeding.Rate, r.Bucket)},
		serverLimited: {&c.s.limit, r.Server},
	}
}

// contentError says what an error of the store means for the connection.
func (c *conn) contentError(err error) error {
	switch fault.KindOf(err) {
	case fault.NoTorrent, fault.NoSuchKey, fault.NoSuchVersion:
		return closing(Revoked, err) // deleted, and the swarm is about to know
	}
	return closing(ReadFailed, err)
}
