package utp

import (
	"net"
	"net/netip"
)

// socket sends bursts and receives packets. It is safe for one reader and several senders.
type socket struct {
	pc      net.PacketConn
	udp     *net.UDPConn // pc, when it is one
	control []byte       // of the reader
	tuned   tuning
}

func newSocket(pc net.PacketConn) *socket {
	s := &socket{pc: pc}
	if udp, ok := pc.(*net.UDPConn); ok {
		s.udp, s.control = udp, make([]byte, controlSize)
		s.tuned.tune(udp)
	}
	return s
}

func (s *socket) close() { _ = s.pc.Close() }

// read reads one packet and the control data with which to answer it, valid until the next read.
func (s *socket) read(b []byte) (n int, control []byte, from netip.AddrPort, err error) {
	if s.udp != nil {
		n, m, _, from, err := s.udp.ReadMsgUDPAddrPort(b, s.control)
		return n, replyControl(s.control[:m]), from, err
	}
	n, addr, err := s.pc.ReadFrom(b)
	if a, ok := addr.(*net.UDPAddr); ok {
		from = a.AddrPort()
	}
	return n, nil, from, err
}

// send sends b. What the kernel does not take is lost, as on any network.
func (s *socket) send(b *burst, to netip.AddrPort, control []byte) {
	if s.udp != nil && b.count > 1 && s.tuned.sendAll(s.udp, b, to, control) {
		return
	}
	for rest := b.bytes; len(rest) > 0; {
		n := min(b.segment, len(rest))
		if s.udp != nil {
			_, _, _ = s.udp.WriteMsgUDPAddrPort(rest[:n], control, to)
		} else {
			_, _ = s.pc.WriteTo(rest[:n], net.UDPAddrFromAddrPort(to))
		}
		rest = rest[n:]
	}
}
