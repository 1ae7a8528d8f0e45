package tracker

import (
	"net"
	"net/netip"

	"golang.org/x/sys/unix"
)

// controlSize holds the control message with the destination of a packet, of either family.
const controlSize = 64

// wantDestination makes the kernel say which of our addresses each packet was sent to: the answer goes
// out from that one, or the client's NAT drops it, and the seeder is named under it.
func wantDestination(conn *net.UDPConn) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	var set error
	err = raw.Control(func(fd uintptr) {
		domain, err := unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_DOMAIN)
		switch {
		case err != nil:
			set = err
		case domain == unix.AF_INET6: // IPv4 packets too, mapped
			set = unix.SetsockoptInt(int(fd), unix.IPPROTO_IPV6, unix.IPV6_RECVPKTINFO, 1)
		default:
			set = unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_PKTINFO, 1)
		}
	})
	if err != nil {
		return err
	}
	return set
}

// Layout of the payload of the control messages: struct in_pktinfo is interface, local address and
// destination; struct in6_pktinfo is destination and interface.
const (
	info4Size, info4Addr = 12, 8
	info6Size, info6Addr = 20, 0
	interfaceSize        = 4
)

// destination returns the address that a packet was sent to, not valid when the control data do not tell.
func destination(control []byte) netip.Addr {
	level, data := packetInfo(control)
	switch {
	case level == unix.IPPROTO_IP && len(data) >= info4Size:
		return netip.AddrFrom4([4]byte(data[info4Addr:]))
	case level == unix.IPPROTO_IPV6 && len(data) >= info6Size:
		return netip.AddrFrom16([16]byte(data[info6Addr:])).Unmap()
	}
	return netip.Addr{}
}

// replyControl turns the control data of a packet into those of its answer, in place: from the address it
// was sent to, by whatever interface leads there, except where an address means nothing without.
func replyControl(control []byte) []byte {
	level, data := packetInfo(control)
	switch {
	case level == unix.IPPROTO_IP && len(data) >= info4Size:
		clear(data[:interfaceSize])
	case level == unix.IPPROTO_IPV6 && len(data) >= info6Size:
		if !destination(control).IsLinkLocalUnicast() {
			clear(data[info6Size-interfaceSize : info6Size])
		}
	default:
		return nil
	}
	return control
}

// packetInfo returns the payload of the only control message that was asked for.
func packetInfo(control []byte) (level int32, data []byte) {
	if len(control) == 0 {
		return 0, nil
	}
	header, data, _, err := unix.ParseOneSocketControlMessage(control)
	if err != nil || (header.Type != unix.IP_PKTINFO && header.Type != unix.IPV6_PKTINFO) {
		return 0, nil
	}
	return header.Level, data
}
