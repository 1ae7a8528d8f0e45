package seeder

import (
	"sync"

	"shoal/wire/peer"
)

// Bounds of what one peer can have waiting. Beyond them the reader stops, and TCP tells the peer; a Reject
// would only be asked again at once.
const (
	// requestQueue is the reqq that we announce, as libtorrent does: 31 MiB of usual blocks. Transmission asks for more
	// once in a second at most, and not before a third is answered: with 512 it gets 60 Mbit/s, with this 170.
	requestQueue = 2000
	// maxBlocks are the requests kept, of 16 bytes each: some more, for those who do not heed reqq.
	maxBlocks = 2048
	// maxQueuedBytes bounds the answers that wait, blocks and hashes together.
	maxQueuedBytes = maxBlocks * peer.BlockSize
	// maxControl is the bytes of small messages that wait. One message may go over it.
	maxControl  = 16 << 10
	maxMetadata = 64 // requests for pieces of the info dictionary
	maxHashes   = 16 // hash requests

	keptControl = 64 // bytes of buffer that a connection keeps: what has fewer does not make garbage
)

// outbox is what the reader of a connection leaves for its writer.
type outbox struct {
	room chan struct{} // the reader waited for less to be in; one slot

	mu       sync.Mutex // guards all below
	control  []byte     // whole frames
	blocks   blockQueue
	queued   int64 // bytes of the answers to blocks and hashes
	metadata []uint32
	hashes   []peer.HashRequest
	pace     int // blocks that are enough for the writer: the reader lets more come together; 0 is any number
	waiting  bool
}

func (o *outbox) init() {
	o.room = make(chan struct{}, 1)
}

// frame appends frames by an Append function of wire/peer.
func (o *outbox) frame(appendTo func([]byte) []byte) {
	o.mu.Lock()
	o.control = appendTo(o.control)
	o.mu.Unlock()
}

// offerFrame is frame for what others make us say: false when too much waits.
func (o *outbox) offerFrame(appendTo func([]byte) []byte) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.control) >= maxControl {
		return false
	}
	o.control = appendTo(o.control)
	return true
}

// addBlock queues a request.
func (o *outbox) addBlock(b peer.Block) {
	o.mu.Lock()
	o.blocks.push(b)
	o.queued += int64(b.Length)
	o.mu.Unlock()
}

// cancel takes a request back; false when it is not waiting.
func (o *outbox) cancel(b peer.Block) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.blocks.remove(b) {
		return false
	}
	o.queued -= int64(b.Length)
	return true
}

// refuse takes back every request for which which holds, and tells each to refused, which appends its answer.
func (o *outbox) refuse(which func(peer.Block) bool, refused func([]byte, peer.Block) []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for i := range o.blocks.len() {
		if at := o.blocks.at(i); at.Length > 0 && which(*at) {
			o.control = refused(o.control, *at)
			o.queued -= int64(at.Length)
			at.Length = 0
		}
	}
}

// head returns the bytes of the answers that wait and the length of the next block, 0 when there is none.
func (o *outbox) head() (queued int64, next uint32) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.queued, o.blocks.next()
}

// shrink frees what a busy connection needed, when nothing is queued.
func (o *outbox) shrink() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.blocks.len() == 0 {
		o.blocks = blockQueue{}
	}
	if len(o.metadata) == 0 {
		o.metadata = nil
	}
	if len(o.hashes) == 0 {
		o.hashes = nil
	}
}

// addMetadata queues a request for a piece of the info dictionary.
func (o *outbox) addMetadata(piece uint32) {
	o.mu.Lock()
	o.metadata = append(o.metadata, piece)
	o.mu.Unlock()
}

// addHashes queues a hash request.
func (o *outbox) addHashes(r peer.HashRequest) {
	o.mu.Lock()
	o.hashes = append(o.hashes, r)
	o.queued += answerBytes(r)
	o.mu.Unlock()
}

// full reports whether the reader is to wait, and makes a note of it. At the end of a burst it is also
// when the writer has enough to do: one read then brings many requests instead of one.
func (o *outbox) full(burstEnd bool) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.waiting = o.over(burstEnd)
	return o.waiting
}

func (o *outbox) over(burstEnd bool) bool {
	return len(o.control) >= maxControl || o.blocks.len() >= maxBlocks || o.queued >= maxQueuedBytes ||
		len(o.metadata) >= maxMetadata || len(o.hashes) >= maxHashes ||
		burstEnd && o.pace > 0 && o.blocks.len() >= o.pace
}

// signal wakes who waits on ch.
func signal(ch chan struct{}) {
	select {
	case ch <- struct{}{}:
	default:
	}
}

// take moves to b what is to be sent next: all control frames, one metadata and one hash request, and
// blocks as far as b has room. It reports whether there was anything.
func (o *outbox) take(b *batch, pace int) bool {
	o.mu.Lock()
	b.control = append(b.control[:0], o.control...)
	if o.control = o.control[:0]; cap(o.control) > keptControl {
		o.control = nil
	}
	if b.hasMetadata = len(o.metadata) > 0; b.hasMetadata {
		b.metadata, o.metadata = o.metadata[0], o.metadata[1:]
	}
	if b.hasHashes = len(o.hashes) > 0; b.hasHashes {
		b.hashes, o.hashes = o.hashes[0], o.hashes[1:]
		o.queued -= answerBytes(b.hashes)
	}
	o.queued -= o.blocks.popInto(b)
	o.pace = pace
	wake := o.waiting && !o.over(true)
	if wake {
		o.waiting = false
	}
	o.mu.Unlock()
	if wake {
		signal(o.room)
	}
	return len(b.control) > 0 || b.hasMetadata || b.hasHashes || b.n > 0
}
