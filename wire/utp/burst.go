package utp

// burst is a run of packets to one address that the kernel takes at once: all of the same size, but the last may
// be shorter.
type burst struct {
	bytes   []byte
	segment int // size of each, 0 when there is none
	count   int
	shut    bool // the last one is shorter
}

// room reports whether a packet of at most n bytes may follow.
func (b *burst) room(n int) bool {
	return b.count == 0 || !b.shut && n <= b.segment && b.count < maxSegments
}

// add appends a packet for which there is room.
func (b *burst) add(h *header, payload []byte) {
	begin := len(b.bytes)
	b.bytes = append(appendHeader(b.bytes, h), payload...)
	n := len(b.bytes) - begin
	if b.count == 0 {
		b.segment = n
	}
	b.shut = n < b.segment
	b.count++
}

// reset empties b.
func (b *burst) reset() { *b = burst{bytes: b.bytes[:0]} }
