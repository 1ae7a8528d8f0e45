//go:build unix

package seeder

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"syscall"

	"shoal/wire/peer"
)

// source is the bytes of a TCP connection. It implements peer.Lender: while there are none it holds no memory.
type source struct {
	net.Conn
	raw  syscall.RawConn
	pool *sync.Pool         // of *[readBuffer]byte
	try  func(uintptr) bool // s.attempt, made once

	// What the last attempt brought.
	memory *[readBuffer]byte
	n      int
	err    error
}

// newReader returns a reader of messages from nc.
func newReader(nc net.Conn, pool *sync.Pool, o peer.ReaderOptions) *peer.Reader {
	if tcp, ok := nc.(*net.TCPConn); ok {
		if raw, err := tcp.SyscallConn(); err == nil {
			s := &source{Conn: nc, raw: raw, pool: pool}
			s.try = s.attempt
			return peer.NewLentReader(s, o)
		}
	}
	return peer.NewReader(nc, make([]byte, readBuffer), o)
}

// attempt reads from a descriptor that does not block; false is to wait until it has bytes.
func (s *source) attempt(fd uintptr) bool {
	memory, ok := s.pool.Get().(*[readBuffer]byte)
	if !ok {
		memory = new([readBuffer]byte)
	}
	for {
		n, err := syscall.Read(int(fd), memory[:])
		if err == syscall.EINTR {
			continue
		}
		if n > 0 {
			s.memory, s.n, s.err = memory, n, nil
			return true
		}
		s.pool.Put(memory)
		switch {
		case err == syscall.EAGAIN:
			return false
		case err == nil:
			s.err = io.EOF
		default:
			s.err = os.NewSyscallError("read", err)
		}
		return true
	}
}

// Lend implements peer.Lender. It heeds the read deadline.
func (s *source) Lend() ([]byte, int, error) {
	s.memory, s.n, s.err = nil, 0, nil
	if err := errors.Join(s.raw.Read(s.try), s.err); err != nil {
		return nil, 0, err
	}
	memory, n := s.memory, s.n
	s.memory = nil
	return memory[:], n, nil
}

// Return implements peer.Lender.
func (s *source) Return(memory []byte) { s.pool.Put((*[readBuffer]byte)(memory)) }
