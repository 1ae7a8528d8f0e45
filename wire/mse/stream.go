package mse

import (
	"crypto/rc4" // the protocol has no other cipher
	"io"
	"net"
	"sync"
)

// chunk is how much is encrypted and written at once.
const chunk = 64 << 10

var chunks = sync.Pool{New: func() any { return new([chunk]byte) }}

// stream is a connection with RC4 both ways. Reads and writes may run beside each other.
//
// A write that was cut short by a deadline may have encrypted more than the socket took. The caller goes on
// with exactly the bytes that were not taken, as with any connection; their encrypted form is kept for that.
type stream struct {
	net.Conn
	in, out *rc4.Cipher
	pending []byte // encrypted, not taken by the socket; in a buffer of chunks
	buffer  *[chunk]byte
}

// Read implements net.Conn.
func (s *stream) Read(p []byte) (int, error) {
	n, err := s.Conn.Read(p)
	s.in.XORKeyStream(p[:n], p[:n])
	return n, err
}

// readDecrypted fills p from r.
func (s *stream) readDecrypted(r io.Reader, p []byte) error {
	_, err := io.ReadFull(r, p)
	s.in.XORKeyStream(p, p)
	return err
}

// Write implements net.Conn. p is not changed.
func (s *stream) Write(p []byte) (int, error) {
	n, err := s.WriteBuffers(&net.Buffers{p})
	return int(n), err
}

// WriteBuffers writes v as net.Buffers.WriteTo would, in few writes, and takes what was written out of it.
func (s *stream) WriteBuffers(v *net.Buffers) (written int64, err error) {
	for {
		if len(s.pending) == 0 && !s.encrypt(*v) {
			return written, nil
		}
		n, err := s.Conn.Write(s.pending)
		consume(v, n)
		written += int64(n)
		if s.pending = s.pending[n:]; len(s.pending) == 0 {
			chunks.Put(s.buffer)
			s.buffer, s.pending = nil, nil
		}
		if err != nil {
			return written, err
		}
	}
}

// encrypt fills pending with the first bytes of v; false when v is empty.
func (s *stream) encrypt(v net.Buffers) bool {
	buffer, _ := chunks.Get().(*[chunk]byte)
	n := 0
	for _, part := range v {
		m := min(len(part), chunk-n)
		s.out.XORKeyStream(buffer[n:n+m], part[:m])
		if n += m; n == chunk {
			break
		}
	}
	if n == 0 {
		chunks.Put(buffer)
		return false
	}
	s.buffer, s.pending = buffer, buffer[:n]
	return true
}

// consume takes the first n bytes out of v.
func consume(v *net.Buffers, n int) {
	for len(*v) > 0 && n >= len((*v)[0]) {
		n -= len((*v)[0])
		(*v)[0] = nil
		*v = (*v)[1:]
	}
	if n > 0 {
		(*v)[0] = (*v)[0][n:]
	}
}
