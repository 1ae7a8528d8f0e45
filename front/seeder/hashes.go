package seeder

import (
	"context"

	"shoal/wire/peer"
	"shoal/wire/torrent"
)

// maxHashing is how many connections look up leaves at once: where an object's parts do not end on
// blocks, its leaves are hashed anew, and S3 comes first.
const maxHashing = 2

// onHashRequest queues a BEP 52 hash request, or rejects it.
func (c *conn) onHashRequest(payload []byte) error {
	q, err := peer.ParseHashRequest(payload)
	if err != nil {
		return err
	}
	r := &c.reading
	// A torrent without v2 hashes has no root, nor has an empty one.
	if q.Root != r.root || r.root == (torrent.Hash{}) || q.Validate() != nil || r.leavesLeft < r.leafCost(q) {
		c.out.frame(func(dst []byte) []byte { return peer.AppendHashReject(dst, q) })
		return nil
	}
	r.leavesLeft -= r.leafCost(q)
	c.out.addHashes(q)
	return nil
}

// leafCost is how many leaves a valid request makes the store look at, at most, or as much work.
func (r *readerState) leafCost(q peer.HashRequest) int64 {
	if q.BaseLayer > 0 {
		return int64(q.Length + q.ProofLayers)
	}
	return 2*int64(q.Length) + r.leavesPerPiece
}

// answerBytes is the length of the answer to a valid request.
func answerBytes(q peer.HashRequest) int64 {
	uncles, _ := q.Uncles()
	return int64(q.Length+uncles) * torrent.HashSize
}

// appendHashes appends the answer to a hash request, or its reject.
func (c *conn) appendHashes(ctx context.Context, dst []byte, q peer.HashRequest) []byte {
	answer, err := c.hashes(ctx, dst, q)
	if err != nil {
		c.s.o.Logger.Debug("hash request rejected", "peer", c.remote, "info_hash", c.infoHash, "error", err)
		return peer.AppendHashReject(dst, q)
	}
	return answer
}

func (c *conn) hashes(ctx context.Context, dst []byte, q peer.HashRequest) ([]byte, error) {
	select {
	case c.s.hashing <- struct{}{}:
	case <-c.done:
		return nil, c.cause
	}
	defer func() { <-c.s.hashing }()
	w := &c.writing
	tree, err := w.seed.hashTree(ctx)
	if err != nil {
		return nil, err
	}
	return tree.AppendHashes(peer.AppendHashesHeader(dst, q), q.HashRange, func(first, n int64) ([]torrent.Hash, error) {
		leaves, err := w.seed.content.Leaves(ctx, w.torrent, first, n)
		hashes := make([]torrent.Hash, len(leaves))
		for i, leaf := range leaves {
			hashes[i] = leaf
		}
		return hashes, err
	})
}
