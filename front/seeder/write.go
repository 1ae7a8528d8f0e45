package seeder

import (
	"context"
	"errors"
	"os"
	"time"

	"shoal/core/meter"
	"shoal/core/object"
	"shoal/core/savings"
	"shoal/core/swarm"
	"shoal/wire/peer"
)

const (
	// tick is how often an idle connection looks whether there is something to say.
	tick = 35 * time.Second
	// keepAliveAfter makes a keep-alive at the third tick: peers give up after two minutes of silence.
	keepAliveAfter = 90 * time.Second

	// A peer that took a batch in quickWrite gets larger ones, one that took over slowWrite smaller ones.
	quickWrite = 20 * time.Millisecond
	slowWrite  = 250 * time.Millisecond
	// pacedWrite is quick enough that the reader may wait for the writer: a cancel comes no later than
	// two of these.
	pacedWrite = 5 * time.Millisecond

	// While S3 is busy (Options.Busy) a batch waits for up to maxYields pauses: peers get a share, but not first.
	yieldPause = 5 * time.Millisecond
	maxYields  = 10
	// bufferPause is how long a block that needs a large buffer waits before it looks again for one.
	bufferPause = 20 * time.Millisecond

	// maxReadFaults is how many batches may hold unreadable blocks before the connection is given up:
	// a peer asks again for what was rejected.
	maxReadFaults = 8
)

// writerState belongs to the goroutine that writes; before it starts and after it ended, to who serves.
type writerState struct {
	torrent    *object.Torrent // as the swarm had it last: who pays
	seed       *seed           // of its version
	charged    peer.Bitfield   // pieces that the meter has a request for
	log        *pieceLog       // of a bucket with an access log; nil before there is something to say
	held       []uint32        // pieces that the peer is told of when it is interested
	told       peer.Bitfield   // pieces that the peer was told of and not told otherwise, if governed
	sent       int64           // payload bytes
	pace       int             // see outbox
	class      int8            // of the buffers
	readFaults int8
	yields     int8    // pauses in a row
	rate       limiter // of this connection
	grant      grant
	stall      stall
	orders     swarm.Orders
	window     int64     // what may be on its way, in bytes, when it was ever bounded
	ordersAt   time.Time // when to ask for orders unasked; zero is never
	lastWrite  time.Time
	lastBlock  time.Time
	nextPEX    time.Time
}

// writeAll sends batches until the outbox is empty, or what is in it has to wait. Batch and buffer are held only
// that long.
func (c *conn) writeAll(ctx context.Context) error {
	b := c.s.buffers.batch()
	defer c.s.buffers.putBatch(b)
	for {
		if c.ended() {
			return c.cause
		}
		now := time.Now()
		if err := c.speak(now); err != nil {
			return err
		}
		memory, later := c.permit(now)
		wrote, err := c.writeNext(ctx, b, memory)
		if err != nil {
			return err
		}
		if !wrote && memory == nil {
			c.rest(now, later)
			return nil
		}
	}
}

// speak queues what is to be said unasked by now.
func (c *conn) speak(now time.Time) error {
	w := &c.writing
	if w.lastWrite.IsZero() {
		w.lastWrite = now
	}
	idle := now.Sub(w.lastWrite)
	// BEP 21: a peer that only uploads wants no more from us than one that has everything. It may say so before
	// it says that it is interested, so it has a while.
	if idle >= tick && !c.governed && c.uploadOnly.Load() && !c.interested.Load() {
		return closing(PeerComplete, nil)
	}
	if c.ordered.Swap(false) || !w.ordersAt.IsZero() && !now.Before(w.ordersAt) {
		c.obey(now)
	}
	c.tellHeld()
	c.gossip(now)
	if idle >= keepAliveAfter {
		c.out.frame(peer.AppendKeepAlive)
	}
	return nil
}

// permit returns memory for the blocks that may be sent now. It is nil when there are none, or none before later.
func (c *conn) permit(now time.Time) (memory *buffer, later time.Time) {
	w := &c.writing
	queued, next := c.out.head()
	if next == 0 {
		c.settle(0)
		return nil, time.Time{}
	}
	want := min(queued, int64(classBytes[w.class]))
	if every := w.orders.BlockEvery; every > 0 {
		if at := w.lastBlock.Add(every); at.After(now) {
			return nil, at
		}
		want = int64(next)
	}
	if at := c.turn(want, int64(next), now); at.After(now) {
		return nil, at
	}
	if w.yields < maxYields && c.s.o.Busy() {
		w.yields++
		return nil, now.Add(yieldPause)
	}
	w.yields = 0
	if memory = c.s.buffers.get(max(int(w.grant.bytes), int(next)), int(next)); memory == nil {
		later = now.Add(bufferPause)
	}
	return memory, later
}

// turn reserves up to want bytes, at least a block of first bytes, unless that was done, and returns when they may go or
// when to ask again.
func (c *conn) turn(want, first int64, now time.Time) time.Time {
	w := &c.writing
	c.refresh()
	limits := c.limits()
	if w.grant.bucket != limits[bucketLimited].rate {
		c.settle(0)
	}
	if w.grant.bytes == 0 {
		w.grant = limits.reserve(want, first, now)
	}
	if check := now.Add(rateCheck); w.grant.at.After(check) {
		return check
	}
	return w.grant.at
}

// settle ends the grant: so many bytes of it are sent.
func (c *conn) settle(bytes int64) {
	w := &c.writing
	if w.grant.bytes > 0 {
		c.limits().settle(w.grant, bytes)
		w.grant = grant{}
	}
}

// rest makes the writer look again when there is a reason to, whatever the peer does.
func (c *conn) rest(now, later time.Time) {
	w := &c.writing
	if now.Sub(w.lastWrite) >= tick {
		c.out.shrink()
	}
	at := now.Add(tick)
	for _, due := range []time.Time{later, w.ordersAt} {
		if !due.IsZero() && due.Before(at) {
			at = due
		}
	}
	c.writer.kickAt(now, at)
}

// writeNext answers, reads, sends and records one batch; without memory it has no blocks. It reports whether there
// was anything to send.
func (c *conn) writeNext(ctx context.Context, b *batch, memory *buffer) (wrote bool, err error) {
	b.reset(0, 0)
	var bytes []byte
	if memory != nil {
		defer c.s.buffers.put(memory)
		bytes = memory.bytes
		b.reset(int(c.writing.grant.bytes), len(bytes))
	}
	if !c.out.take(b, c.writing.pace) {
		return false, nil
	}
	if c.governed {
		b.keep(func(k peer.Block) bool { return c.writing.told.Has(k.Piece) }, c.refusal)
	}
	if memory != nil {
		c.settle(int64(b.bytes))
	}
	return true, c.writeBatch(ctx, b, bytes)
}

// writeBatch answers, reads, sends and records one batch.
func (c *conn) writeBatch(ctx context.Context, b *batch, memory []byte) error {
	if err := c.follow(ctx); err != nil {
		return err
	}
	if b.hasMetadata {
		b.control = c.appendMetadata(ctx, b.control, b.metadata)
	}
	if b.hasHashes {
		b.control = c.appendHashes(ctx, b.control, b.hashes)
	}
	if b.n > 0 {
		if err := c.readBlocks(b, memory); err != nil {
			return err
		}
	}
	b.assemble(memory)
	if c.ended() {
		return c.cause
	}
	begin := time.Now()
	n, err := c.flush(b, begin)
	end := time.Now()
	c.record(b, n, end)
	c.adapt(b, end.Sub(begin))
	return err
}

// refresh takes over another state of the same version: the rate of its bucket may have changed.
func (c *conn) refresh() {
	if t := c.swarm.Torrent(); t.Version.ID == c.writing.torrent.Version.ID {
		c.writing.torrent = t
	}
}

// follow takes over what the swarm has found out about its torrent: another state of the same version, or
// another version with the same bytes.
func (c *conn) follow(ctx context.Context) error {
	w := &c.writing
	t := c.swarm.Torrent()
	if t == w.torrent {
		return nil
	}
	if t.Version.ID != w.torrent.Version.ID {
		next, err := c.s.seeds.acquire(ctx, t)
		if err != nil {
			return c.contentError(err)
		}
		c.settle(0) // the limits of another bucket
		c.s.seeds.release(w.seed)
		w.seed = next
	}
	w.torrent = t
	return nil
}

// readBlocks reads the blocks of b. Those that cannot be read are rejected, or end the connection where the
// peer knows no rejects.
func (c *conn) readBlocks(b *batch, memory []byte) error {
	var fault error
	b.read(c.writing.seed.reader, c.pieceLength, memory, func(k peer.Block, err error) {
		fault = err
		if c.fast {
			b.control = peer.AppendReject(b.control, k)
		}
	})
	if fault == nil {
		return nil
	}
	c.s.counts.readErrors.Add(1)
	if c.writing.readFaults++; !c.fast || c.writing.readFaults >= maxReadFaults {
		return c.contentError(fault)
	}
	c.s.o.Logger.Warn("blocks could not be read", "peer", c.remote, "info_hash", c.infoHash, "error", fault)
	return nil
}

// flush writes b and returns how many bytes the socket took. A peer may be slow, but not stand still.
func (c *conn) flush(b *batch, now time.Time) (n int64, err error) {
	for {
		c.nc.SetWriteDeadline(now.Add(c.s.o.WriteStall)) // an error shows at the write
		m, err := writeVector(c.stream, &b.vector)
		n += m
		begin := now
		now = time.Now()
		late := errors.Is(err, os.ErrDeadlineExceeded)
		if (err == nil || late) && c.writing.stall.slow(m, now.Sub(begin), c.s.o.WriteStall) {
			return n, closing(WriteStall, err)
		}
		if !late {
			return n, err
		}
		c.progressed.Store(now.UnixNano())
	}
}

// record meters the payload among the n bytes of b that the socket took: one request for each piece that
// this connection was not sent before.
func (c *conn) record(b *batch, n int64, now time.Time) {
	w := &c.writing
	w.lastWrite = now
	logged := w.torrent.Bucket.Config.Logging != nil
	var bytes, blocks, pieces int64
	b.sent(n, func(piece uint32, run, payload int64) {
		bytes += payload
		blocks += run
		if !logged && w.charged.Set(piece) {
			pieces++
		}
		c.member.Sent(piece, payload, now)
	})
	if bytes == 0 {
		return
	}
	if logged {
		pieces = c.hold(b, n, now)
	}
	c.progressed.Store(now.UnixNano())
	w.lastBlock = now
	w.sent += bytes
	c.s.counts.sent.Add(bytes)
	c.s.counts.blocks.Add(blocks)
	c.s.counts.pieces.Add(pieces)
	if logged {
		return
	}
	c.s.recordSent(w.torrent, meter.Event{At: c.s.o.Now(), Requests: pieces, BytesOut: bytes})
}

// recordSent records what was sent of t, given when and how much, on the usage report and among the savings.
func (s *Seeder) recordSent(t *object.Torrent, e meter.Event) {
	e.Account, e.Bucket = t.Bucket.Owner, t.Bucket.Name
	e.Operation, e.Tier, e.Source = meter.GetObject, meter.Tier2, meter.BitTorrent
	s.meter.Record(e)
	s.o.Count(t, e.At, savings.Counts{OriginBytes: e.BytesOut, OriginPieces: e.Requests})
}

// adapt sets the size of the next batches by how long the peer took for a full one.
func (c *conn) adapt(b *batch, took time.Duration) {
	w := &c.writing
	if b.n == 0 {
		return
	}
	before := w.class
	switch {
	case took > slowWrite && w.class > 0:
		w.class--
	case took < quickWrite && w.class < numClasses-1 && b.bytes > classBytes[w.class]/2:
		w.class++
	}
	if w.class != before {
		tuneBatch(c.nc, classBytes[w.class])
	}
	w.pace = 0
	if took < pacedWrite {
		w.pace = 2 * classBytes[w.class] / peer.BlockSize
	}
}

// gossip tells the peer of others (BEP 11), when it is time.
func (c *conn) gossip(now time.Time) {
	id := peer.ExtensionID(c.pexID.Load())
	if id == 0 || now.Before(c.writing.nextPEX) {
		return
	}
	c.writing.nextPEX = now.Add(time.Second) // the swarm keeps the pace; this bounds how often it is asked
	if delta, ok := c.member.PEX(now); ok {
		c.out.frame(func(dst []byte) []byte { return peer.AppendPEX(dst, id, delta) })
	}
}

// appendMetadata appends a piece of the info dictionary, or a reject when it cannot be read.
func (c *conn) appendMetadata(ctx context.Context, dst []byte, piece uint32) []byte {
	id := peer.ExtensionID(c.metadataID.Load())
	if id == 0 {
		return dst // the peer took the extension back
	}
	info, err := c.writing.seed.infoBytes(ctx)
	off := int64(piece) * peer.MetadataPiece
	if err != nil || off >= int64(len(info)) {
		c.s.o.Logger.Warn("info dictionary could not be read", "info_hash", c.infoHash, "error", err)
		return peer.AppendMetadata(dst, id, peer.Metadata{Type: peer.MetadataReject, Piece: piece})
	}
	return peer.AppendMetadata(dst, id, peer.Metadata{
		Type: peer.MetadataData, Piece: piece, TotalSize: int64(len(info)),
		Data: info[off:min(off+peer.MetadataPiece, int64(len(info)))],
	})
}
