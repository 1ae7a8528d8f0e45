package peer

import (
	"encoding/binary"
	"io"

	"shoal/wire/torrent"
)

const (
	// MaxMessage is the longest frame that is read, whatever its type: a bitfield of two million
	// pieces, or 16 times a usual block.
	MaxMessage = 256 << 10
	// MaxUnknown is the longest frame of a type that this package does not know. No such message
	// is long; it is read only to be skipped.
	MaxUnknown = 4 << 10
	// MinBuffer is the smallest buffer that a Reader works in: any fixed-length frame fits.
	MinBuffer = 64
	// DefaultBuffer holds 240 requests, which is what a client sends in one burst.
	DefaultBuffer = 4 << 10

	prefixLen   = 4   // the length before every frame
	maxIdleRead = 100 // reads in a row that may bring nothing, as in bufio
	firstSpill  = 8 << 10
)

// ReaderOptions bound what one connection may send. The zero value is a seeder's that does not
// know its torrent: no blocks, a bitfield of any size.
type ReaderOptions struct {
	Pieces      uint32 // pieces of the torrent: bounds a bitfield; 0 = unknown
	MaxBlock    uint32 // bytes of the longest block taken in a MsgPiece; 0 = it is refused
	MaxExtended uint32 // bytes of the longest MsgExtended frame; 0 = MaxMessage
}

// Lender is a source that brings its bytes in memory of its own, so that nobody holds any while there are none.
type Lender interface {
	io.Reader
	// Lend waits for bytes and returns memory of at least MinBuffer bytes, of which the first n are they. It
	// is the caller's until Return. With no bytes there is an error and no memory.
	Lend() (memory []byte, n int, err error)
	Return(memory []byte)
}

// Reader cuts a stream into messages. It reads ahead into one fixed buffer; a frame longer than
// that gets memory of its own, which grows as its bytes arrive and is dropped after the next Read.
type Reader struct {
	src        io.Reader
	lender     Lender // src, if buf is lent; nil otherwise
	opts       ReaderOptions
	buf        []byte
	start, end int // buf[start:end] is read and not yet returned

	// spill holds the one frame that is longer than buf, as far as it has come; while it is
	// being filled, buf is empty. spilled says that its message was returned.
	spill   []byte
	spilled bool
}

// NewReader returns a Reader of src that works in buf, which is its own from now on; a buf
// shorter than MinBuffer is replaced by one of DefaultBuffer bytes.
func NewReader(src io.Reader, buf []byte, opts ReaderOptions) *Reader {
	if len(buf) < MinBuffer {
		buf = make([]byte, DefaultBuffer)
	}
	if opts.MaxExtended == 0 || opts.MaxExtended > MaxMessage {
		opts.MaxExtended = MaxMessage
	}
	return &Reader{src: src, opts: opts, buf: buf}
}

// NewLentReader returns a Reader that, between two messages, waits for bytes without a buffer.
func NewLentReader(src Lender, opts ReaderOptions) *Reader {
	r := NewReader(src, make([]byte, MinBuffer), opts)
	r.lender, r.buf = src, nil
	return r
}

// Read returns the next message; its Payload is valid until the next call. The end of the stream
// between two messages is io.EOF, inside one io.ErrUnexpectedEOF; a length that is not permitted
// is a *FrameError. After an error of the source that is not final (a deadline), Read goes on
// where it stopped.
func (r *Reader) Read() (Message, error) {
	if r.spilled {
		r.spill, r.spilled = nil, false
	}
	if r.spill != nil {
		return r.readSpill()
	}
	if err := r.fill(prefixLen); err != nil {
		return Message{}, err
	}
	length := binary.BigEndian.Uint32(r.buf[r.start:])
	if length == 0 {
		r.start += prefixLen
		return Message{ID: MsgKeepAlive}, nil
	}
	if length > MaxMessage {
		return Message{}, &FrameError{ID: MsgKeepAlive, Length: length, Max: MaxMessage}
	}
	if err := r.fill(prefixLen + 1); err != nil {
		return Message{}, err
	}
	if err := r.check(ID(r.buf[r.start+prefixLen]), length); err != nil {
		return Message{}, err
	}
	total := prefixLen + int(length)
	if total > len(r.buf) {
		r.spill = append(make([]byte, 0, min(total, firstSpill)), r.buf[r.start:r.end]...)
		r.start, r.end = 0, 0
		return r.readSpill()
	}
	if err := r.fill(total); err != nil {
		return Message{}, err
	}
	frame := r.buf[r.start+prefixLen : r.start+total : r.start+total]
	r.start += total
	return parseMessage(frame), nil
}

// Ready reports whether the next Read returns without reading from the source: a whole frame, or
// one that will be refused, is in the buffer. It lets a caller gather a burst of requests.
func (r *Reader) Ready() bool {
	have := r.end - r.start
	if (r.spill != nil && !r.spilled) || have < prefixLen {
		return false
	}
	length := binary.BigEndian.Uint32(r.buf[r.start:])
	if length == 0 || length > MaxMessage {
		return true
	}
	if have == prefixLen {
		return false
	}
	return int64(have) >= prefixLen+int64(length) || r.check(ID(r.buf[r.start+prefixLen]), length) != nil
}

// fill reads until n bytes are buffered; n is at most len(buf).
func (r *Reader) fill(n int) error {
	if r.end-r.start >= n {
		return nil
	}
	if r.start == r.end {
		r.start, r.end = 0, 0
		if err := r.borrow(); err != nil {
			return err
		}
	} else if r.start+n > len(r.buf) {
		r.end = copy(r.buf, r.buf[r.start:r.end])
		r.start = 0
	}
	for r.end-r.start < n {
		got, err := r.readSome(r.buf[r.end:])
		r.end += got
		if err != nil && r.end-r.start < n {
			return r.ended(err, r.end-r.start)
		}
	}
	return nil
}

// borrow exchanges the empty buffer for one with bytes, if the source lends.
func (r *Reader) borrow() (err error) {
	if r.lender == nil {
		return nil
	}
	if r.buf != nil {
		r.lender.Return(r.buf)
		r.buf = nil
	}
	r.buf, r.end, err = r.lender.Lend()
	return err
}

// readSpill reads the rest of the frame in spill, whose prefix is checked and complete.
func (r *Reader) readSpill() (Message, error) {
	total := prefixLen + int(binary.BigEndian.Uint32(r.spill))
	for len(r.spill) < total {
		if len(r.spill) == cap(r.spill) {
			// A peer pays for memory with bytes: at most twice what it has sent.
			grown := make([]byte, len(r.spill), min(total, 2*cap(r.spill)))
			copy(grown, r.spill)
			r.spill = grown
		}
		got, err := r.readSome(r.spill[len(r.spill):min(cap(r.spill), total)])
		r.spill = r.spill[:len(r.spill)+got]
		if err != nil && len(r.spill) < total {
			return Message{}, r.ended(err, len(r.spill))
		}
	}
	r.spilled = true
	return parseMessage(r.spill[prefixLen:]), nil
}

// readSome reads at least one byte into p, or returns an error.
func (r *Reader) readSome(p []byte) (int, error) {
	for range maxIdleRead {
		if n, err := r.src.Read(p); n > 0 || err != nil {
			return n, err
		}
	}
	return 0, io.ErrNoProgress
}

// ended turns the end of the stream inside a frame, of which some bytes came, into io.ErrUnexpectedEOF.
func (r *Reader) ended(err error, some int) error {
	if err == io.EOF && some > 0 {
		return io.ErrUnexpectedEOF
	}
	return err
}

// check compares a frame's length with the limits of its type.
func (r *Reader) check(id ID, length uint32) error {
	low, high := r.bounds(id)
	if length < low || length > high || (id == MsgHashes && (length-low)%torrent.HashSize != 0) {
		return &FrameError{ID: id, Length: length, Max: high}
	}
	return nil
}

// bounds returns the shortest and the longest frame of a type, with its type byte.
func (r *Reader) bounds(id ID) (low, high uint32) {
	switch id {
	case MsgChoke, MsgUnchoke, MsgInterested, MsgNotInterested, MsgHaveAll, MsgHaveNone:
		return 1, 1
	case MsgHave, MsgSuggest, MsgAllowedFast:
		return 5, 5
	case MsgRequest, MsgCancel, MsgReject:
		return 13, 13
	case MsgPort:
		return 3, 3
	case MsgBitfield:
		if r.opts.Pieces == 0 {
			return 1, MaxMessage
		}
		return 1, min(MaxMessage, 1+r.opts.Pieces/8+1)
	case MsgPiece:
		if r.opts.MaxBlock == 0 {
			return 1, 0
		}
		return 9, min(MaxMessage, 9+min(r.opts.MaxBlock, MaxMessage))
	case MsgExtended:
		return 2, r.opts.MaxExtended
	case MsgHashRequest, MsgHashReject:
		return 1 + hashRequestLen, 1 + hashRequestLen
	case MsgHashes:
		return 1 + hashRequestLen, 1 + hashRequestLen + (MaxHashes+MaxProofLayers)*torrent.HashSize
	default:
		return 1, MaxUnknown
	}
}
