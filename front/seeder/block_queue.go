package seeder

import (
	"math/bits"

	"shoal/wire/peer"
)

// firstBlocks is the size of a queue with its first request.
const firstBlocks = 16

// blockQueue is requests in the order they came: a ring that grows by doubling. A request that was taken
// back leaves a block of no length in its place.
type blockQueue struct {
	ring  []peer.Block // a power of two, or none
	first uint32       // of the ring, modulo its size
	n     int
}

// len returns the requests waiting, those taken back included.
func (q *blockQueue) len() int { return q.n }

func (q *blockQueue) at(i int) *peer.Block {
	return &q.ring[(q.first+uint32(i))&uint32(len(q.ring)-1)]
}

func (q *blockQueue) push(b peer.Block) {
	if q.n == len(q.ring) {
		grown := make([]peer.Block, max(firstBlocks, 1<<bits.Len(uint(q.n))))
		for i := range q.n {
			grown[i] = *q.at(i)
		}
		q.ring, q.first = grown, 0
	}
	q.n++
	*q.at(q.n - 1) = b
}

// remove takes the first request equal to b back.
func (q *blockQueue) remove(b peer.Block) bool {
	for i := range q.n {
		if at := q.at(i); *at == b {
			at.Length = 0
			return true
		}
	}
	return false
}

// next returns the length of the first request that was not taken back, 0 when there is none.
func (q *blockQueue) next() uint32 {
	for ; q.n > 0; q.n-- {
		if length := q.at(0).Length; length > 0 {
			return length
		}
		q.first++
	}
	return 0
}

// popInto moves requests to b while it has room and returns their bytes.
func (q *blockQueue) popInto(b *batch) (bytes int64) {
	for q.n > 0 {
		next := *q.at(0)
		if next.Length != 0 && !b.add(next) {
			break
		}
		bytes += int64(next.Length)
		q.first++
		q.n--
	}
	return bytes
}
