package seeder

import (
	"context"
	"sync"

	"shoal/core/object"
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
	// A torrent without v2 hashes has no such file, nor is an empty one found.
	if _, ok := r.torrent.FileOf(q.Root); !ok || q.Validate() != nil || r.leavesLeft < r.leafCost(q) {
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
	f, _ := w.torrent.FileOf(q.Root) // found when the request came
	tree, err := w.seed.hashTree(ctx, f)
	if err != nil {
		return nil, err
	}
	return tree.AppendHashes(peer.AppendHashesHeader(dst, q), q.HashRange, func(first, n int64) ([]torrent.Hash, error) {
		leaves, err := w.seed.content.Leaves(ctx, w.torrent, f, first, n)
		hashes := make([]torrent.Hash, len(leaves))
		for i, leaf := range leaves {
			hashes[i] = leaf
		}
		return hashes, err
	})
}

// fileTrees are the merkle trees of the files of a torrent that were asked for, by root.
type fileTrees struct {
	mu     sync.Mutex
	byRoot map[torrent.Hash]*loaded[*torrent.Tree] // guarded by mu
}

func (f *fileTrees) of(root torrent.Hash) *loaded[*torrent.Tree] {
	f.mu.Lock()
	defer f.mu.Unlock()
	l, ok := f.byRoot[root]
	if !ok {
		l = new(loaded[*torrent.Tree])
		l.init()
		if f.byRoot == nil {
			f.byRoot = make(map[torrent.Hash]*loaded[*torrent.Tree])
		}
		f.byRoot[root] = l
	}
	return l
}

// hashTree returns the merkle tree of a file from the piece layer up, built at the first call.
func (d *seed) hashTree(ctx context.Context, f object.File) (*torrent.Tree, error) {
	return d.trees.of(f.Root).get(ctx, func() (*torrent.Tree, error) {
		layer, err := d.content.FileLayer(ctx, d.torrent, f)
		if err != nil {
			return nil, err
		}
		return torrent.NewTree(f.Length, d.torrent.PieceLength, f.Root, layer)
	})
}
