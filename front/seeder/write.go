package seeder

import (
	"context"
	"errors"
	"os"
	"time"

	"shoal/core/meter"
	"shoal/core/object"
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
	// leastProgress is what a peer has to take in Options.WriteStall.
	leastProgress = peer.BlockSize

	// maxReadFaults is how many batches may hold unreadable blocks before the connection is given up:
	// a peer asks again for what was rejected.
	maxReadFaults = 8
)

// writerState belongs to the goroutine that writes; before it starts and after it ended, to run.
type writerState struct {
	torrent    *object.Torrent // as the swarm had it last: who pays
	seed       *seed           // of its version
	charged    peer.Bitfield   // pieces that the meter has a request for
	sent       int64           // payload bytes
	class      int             // of the buffers
	pace       int             // see outbox
	readFaults int
	lastWrite  time.Time
	nextPEX    time.Time
}

// write sends what the reader leaves in the outbox until the connection ends.
func (c *conn) write(ctx context.Context) error {
	timer := time.NewTimer(tick)
	defer timer.Stop()
	c.writing.lastWrite = time.Now()
	for {
		if err := c.writeAll(ctx); err != nil {
			return err
		}
		select {
		case <-c.out.work:
		case now := <-timer.C:
			timer.Reset(tick)
			if now.Sub(c.writing.lastWrite) >= keepAliveAfter {
				c.out.frame(peer.AppendKeepAlive)
			}
		case <-c.done:
			return c.cause
		}
	}
}

// writeAll sends batches until the outbox is empty. Batch and buffer are held only that long.
func (c *conn) writeAll(ctx context.Context) error {
	c.gossip(time.Now())
	b := c.s.buffers.batch()
	defer c.s.buffers.putBatch(b)
	for {
		b.n, b.limit = 0, c.s.buffers.limit(c.writing.class)
		if !c.out.take(b, c.writing.pace) {
			return nil
		}
		if err := c.writeBatch(ctx, b); err != nil {
			return err
		}
	}
}

// writeBatch answers, reads, sends and records one batch.
func (c *conn) writeBatch(ctx context.Context, b *batch) error {
	if err := c.follow(ctx); err != nil {
		return err
	}
	if b.hasMetadata {
		b.control = c.appendMetadata(ctx, b.control, b.metadata)
	}
	if b.hasHashes {
		b.control = c.appendHashes(ctx, b.control, b.hashes)
	}
	memory := c.s.buffers.get(b.payload())
	defer c.s.buffers.put(memory)
	if b.n > 0 {
		if err := c.readBlocks(b, memory.bytes); err != nil {
			return err
		}
	}
	b.assemble(memory.bytes)
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
		m, err := b.vector.WriteTo(c.nc)
		n += m
		switch {
		case !errors.Is(err, os.ErrDeadlineExceeded):
			return n, err
		case m < leastProgress:
			return n, closing(WriteStall, err)
		}
		now = time.Now()
		c.progressed.Store(now.UnixNano())
	}
}

// record meters the payload among the n bytes of b that the socket took: one request for each piece that
// this connection was not sent before.
func (c *conn) record(b *batch, n int64, now time.Time) {
	w := &c.writing
	w.lastWrite = now
	var bytes, blocks, pieces int64
	b.sent(n, func(piece uint32, payload int64) {
		bytes += payload
		blocks++
		if w.charged.Set(piece) {
			pieces++
		}
	})
	if bytes == 0 {
		return
	}
	c.progressed.Store(now.UnixNano())
	w.sent += bytes
	c.member.Sent(bytes, now)
	c.s.counts.sent.Add(bytes)
	c.s.counts.blocks.Add(blocks)
	c.s.counts.pieces.Add(pieces)
	c.s.meter.Record(meter.Event{
		At: now, Account: w.torrent.Bucket.Owner, Bucket: w.torrent.Bucket.Name,
		Operation: meter.GetObject, Tier: meter.Tier2, Source: meter.BitTorrent,
		Requests: pieces, BytesOut: bytes,
	})
}

// adapt sets the size of the next batches by how long the peer took for a full one.
func (c *conn) adapt(b *batch, took time.Duration) {
	w := &c.writing
	if b.n == 0 {
		return
	}
	switch {
	case took > slowWrite && w.class > 0:
		w.class--
	case took < quickWrite && w.class < numClasses-1 && b.payload() > b.limit/2:
		w.class++
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
	c.writing.nextPEX = now.Add(tick)
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
