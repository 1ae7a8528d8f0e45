package utp

import "time"

// receiver is the half of a stream that receives.
type receiver struct {
	last    uint16   // all up to it has arrived
	ready   []byte   // arrived in order
	at      int      // how much of it was read
	later   [][]byte // packet last+2+i, nil where it is missing
	held    int      // bytes in later
	hasFin  bool
	fin     uint16 // sequence number after which nothing comes
	ended   bool   // everything up to fin has arrived
	discard bool   // nobody reads any more

	unacked int           // bytes since the last acknowledgement
	ackAt   time.Duration // when one is due; 0 is not at all
}

// readable returns how many bytes there are to read.
func (r *receiver) readable() int { return len(r.ready) - r.at }

// space returns how many bytes more are taken.
func (r *receiver) space() int { return max(maxReceived-r.readable()-r.held, 0) }

// data takes a packet of data.
func (r *receiver) data(seq uint16, payload []byte, now time.Duration) {
	ahead := int(int16(seq - r.last - 1))
	switch {
	case ahead < 0 || ahead > maxReordered || r.hasFin && !before(seq, r.fin):
		r.ackAt = now // the peer does not know what we have
	case len(payload) > r.space():
		r.ackAt = now // more than its window: it is to try again
	case ahead == 0:
		r.accept(payload)
		r.advance()
		r.unacked += len(payload)
		r.ackLater(now)
	default:
		r.keep(ahead-1, payload)
		r.ackAt = now
	}
}

func (r *receiver) accept(payload []byte) {
	r.last++
	if r.discard {
		return
	}
	if r.at > len(r.ready)/2 {
		r.ready, r.at = r.ready[:copy(r.ready, r.ready[r.at:])], 0
	}
	r.ready = append(r.ready, payload...)
}

// keep puts a packet aside until those before it arrive.
func (r *receiver) keep(i int, payload []byte) {
	for len(r.later) <= i {
		r.later = append(r.later, nil)
	}
	if r.later[i] == nil {
		r.later[i] = append(make([]byte, 0, len(payload)), payload...)
		r.held += len(payload)
	}
}

// advance moves what is no longer ahead of anything missing.
func (r *receiver) advance() {
	for len(r.later) > 0 {
		p := r.later[0]
		r.later = r.later[1:]
		if p == nil {
			break
		}
		r.held -= len(p)
		r.accept(p)
	}
	if len(r.later) == 0 {
		r.later = nil
	}
	r.finish()
}

// end takes the peer's FIN.
func (r *receiver) end(seq uint16, now time.Duration) {
	r.ackAt = now
	if !r.hasFin && !before(seq, r.last+1) {
		r.hasFin, r.fin = true, seq
		r.finish()
	}
}

// finish takes the FIN when nothing before it is missing.
func (r *receiver) finish() {
	if r.hasFin && !r.ended && r.last+1 == r.fin {
		r.last, r.ended = r.fin, true
	}
}

// ackLater makes an acknowledgement due soon, or now when much has come.
func (r *receiver) ackLater(now time.Duration) {
	due := now + ackDelay
	if r.unacked >= ackBytes {
		due = now
	}
	if r.ackAt == 0 || due < r.ackAt {
		r.ackAt = due
	}
}

// acknowledged notes that the peer is being told.
func (r *receiver) acknowledged() { r.ackAt, r.unacked = 0, 0 }

// sack appends the bits of what arrived out of order, in fours of bytes.
func (r *receiver) sack(dst []byte) []byte {
	if r.held == 0 {
		return nil
	}
	for i, p := range r.later {
		if i%32 == 0 {
			dst = append(dst, 0, 0, 0, 0)
		}
		if p != nil {
			dst[i/8] |= 1 << (i % 8)
		}
	}
	return dst
}

// read moves bytes to b.
func (r *receiver) read(b []byte, now time.Duration) int {
	before := r.space()
	n := copy(b, r.ready[r.at:])
	if r.at += n; r.at == len(r.ready) {
		r.ready, r.at = r.ready[:0], 0
		if cap(r.ready) > keptReceived {
			r.ready = nil
		}
	}
	if before < maxPayload && r.space() >= maxPayload {
		r.ackAt = now // the window opens again
	}
	return n
}
