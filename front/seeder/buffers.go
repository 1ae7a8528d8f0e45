package seeder

import (
	"sync"
	"sync/atomic"

	"shoal/wire/peer"
)

// Payload buffers come in classes. A connection begins with the smallest and moves by how fast its peer
// takes what is sent, so that many slow peers do not hold what a few fast ones use.
const (
	numClasses = 4
	// maxLargeBytes bounds the buffers over the smallest class that are out at once; beyond it
	// connections make do with the smallest.
	maxLargeBytes = 256 << 20
	// keptAnswer is the bytes of control frames that a pooled batch keeps; hash answers are longer.
	keptAnswer = 32 << 10
)

// classBytes are the sizes. The second holds the largest block; with the last a fast peer costs a tenth less CPU
// than with the one before (docs/performance.md).
var classBytes = [numClasses]int{peer.MaxRequest / 4, peer.MaxRequest, 4 * peer.MaxRequest, 16 * peer.MaxRequest}

// buffer is payload memory of one class.
type buffer struct {
	bytes []byte
	class int
}

// bufferPool keeps batches and buffers between uses. The zero value is empty and ready.
type bufferPool struct {
	reads   sync.Pool // of *[readBuffer]byte
	batches sync.Pool
	buffers [numClasses]sync.Pool
	large   atomic.Int64 // bytes out, the smallest class not counted
}

// batch returns an empty batch.
func (p *bufferPool) batch() *batch {
	if b, ok := p.batches.Get().(*batch); ok {
		return b
	}
	return new(batch)
}

// putBatch takes b back.
func (p *bufferPool) putBatch(b *batch) {
	if cap(b.control) > keptAnswer {
		b.control = nil
	}
	p.batches.Put(b)
}

// get returns a buffer with room for want bytes, or at the bound of the large ones a smaller one with room for
// least; nil when there is none to be had now. Both are at most the size of the last class.
func (p *bufferPool) get(want, least int) *buffer {
	class := 0
	for classBytes[class] < want {
		class++
	}
	for class > 0 && !p.reserve(int64(classBytes[class])) {
		class--
	}
	if classBytes[class] < least {
		return nil
	}
	if f, ok := p.buffers[class].Get().(*buffer); ok {
		return f
	}
	return &buffer{make([]byte, classBytes[class]), class}
}

// reserve counts bytes of a large buffer, unless they would pass the bound.
func (p *bufferPool) reserve(bytes int64) bool {
	if p.large.Add(bytes) <= maxLargeBytes {
		return true
	}
	p.large.Add(-bytes)
	return false
}

// put takes f back.
func (p *bufferPool) put(f *buffer) {
	if f.class > 0 {
		p.large.Add(-int64(classBytes[f.class]))
	}
	p.buffers[f.class].Put(f)
}
