package utp

import (
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"sync/atomic"
	"syscall"
)

const (
	// controlSize holds the control message with the destination of a packet, of either family.
	controlSize = 64
	// socketBuffer is asked for in each direction, in bytes; the kernel gives what its limits allow.
	socketBuffer = 4 << 20

	udpSegment      = 103 // UDP_SEGMENT of linux/udp.h: the size of each packet of a burst
	pmtuDiscDont    = 0   // IP_PMTUDISC_DONT of linux/in.h: routers may fragment
	interfaceSize   = 4
	packetInfo4Size = 12 // struct in_pktinfo: interface, local address, destination
	packetInfo6Size = 20 // struct in6_pktinfo: destination, interface
)

// tuning is what was done to a socket.
type tuning struct {
	noBursts atomic.Bool // the kernel or the interface cannot cut bursts
}

// tune asks for buffers, for the address that packets were sent to, and for fragments where a path is narrow.
// What the kernel refuses is left.
func (t *tuning) tune(udp *net.UDPConn) {
	_ = udp.SetReadBuffer(socketBuffer)
	_ = udp.SetWriteBuffer(socketBuffer)
	raw, err := udp.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) {
		_ = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_IP, syscall.IP_MTU_DISCOVER, pmtuDiscDont)
		if syscall.SetsockoptInt(int(fd), syscall.IPPROTO_IPV6, syscall.IPV6_RECVPKTINFO, 1) != nil {
			_ = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_IP, syscall.IP_PKTINFO, 1)
		}
	})
}

// sendAll sends b with one call; false when it was not sent and is to be sent one by one.
func (t *tuning) sendAll(udp *net.UDPConn, b *burst, to netip.AddrPort, control []byte) bool {
	if t.noBursts.Load() {
		return false
	}
	var memory [controlSize + 32]byte
	all := append(memory[:0], control...)
	all = appendSegmentSize(all, b.segment)
	_, _, err := udp.WriteMsgUDPAddrPort(b.bytes, all, to)
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.EIO) {
		t.noBursts.Store(true)
	}
	return err == nil
}

// appendSegmentSize appends the control message that makes the kernel cut what is sent.
func appendSegmentSize(dst []byte, size int) []byte {
	begin := len(dst)
	dst = append(dst, make([]byte, syscall.CmsgSpace(2))...)
	header := dst[begin:]
	length := syscall.CmsgLen(2)
	if syscall.SizeofCmsghdr == 16 {
		binary.NativeEndian.PutUint64(header, uint64(length))
	} else {
		binary.NativeEndian.PutUint32(header, uint32(length))
	}
	at := syscall.SizeofCmsghdr
	binary.NativeEndian.PutUint32(header[at-8:], syscall.IPPROTO_UDP)
	binary.NativeEndian.PutUint32(header[at-4:], udpSegment)
	binary.NativeEndian.PutUint16(header[at:], uint16(size))
	return dst
}

// replyControl turns the control data of a packet into those of its answer, in place: from the address that it was
// sent to, by whatever interface leads there, except where an address means nothing without.
func replyControl(control []byte) []byte {
	at := syscall.SizeofCmsghdr
	if len(control) < at {
		return nil
	}
	level, kind := binary.NativeEndian.Uint32(control[at-8:]), binary.NativeEndian.Uint32(control[at-4:])
	data := control[at:]
	switch {
	case level == syscall.IPPROTO_IP && kind == syscall.IP_PKTINFO && len(data) >= packetInfo4Size:
		clear(data[:interfaceSize])
	case level == syscall.IPPROTO_IPV6 && kind == syscall.IPV6_PKTINFO && len(data) >= packetInfo6Size:
		if !netip.AddrFrom16([16]byte(data[:16])).IsLinkLocalUnicast() {
			clear(data[16:packetInfo6Size])
		}
	default:
		return nil
	}
	return control
}
