package main

import (
	"net/netip"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// trackerCommands load trackers.
type trackerCommands struct {
	Announce     announceCommand     `cmd:"" help:"Announce to a UDP tracker as many peers, each with an address of its own."`
	AnnounceHTTP announceHTTPCommand `cmd:"" name:"announce-http" help:"Announce to an HTTP tracker on several connections."`
	Echo         echoCommand         `cmd:"" help:"Answer tracker packets by recvmmsg and sendmmsg alone, as the measure of a tracker."`
}

const (
	udpBatch  = 64
	udpPacket = 1500 // bytes
	udpBuffer = 4 << 20
)

// datagram is a packet with the address of the other side, and of this one: where it is sent from or came to.
type datagram struct {
	sockaddr unix.RawSockaddrInet4
	control  struct {
		unix.Cmsghdr
		unix.Inet4Pktinfo
		_ [4]byte // CMSG_SPACE
	}
	data  [udpPacket]byte
	iovec unix.Iovec
}

// mmsghdr is struct mmsghdr.
type mmsghdr struct {
	unix.Msghdr
	n uint32
}

// datagrams are what one system call moves.
type datagrams struct {
	fd      int
	list    [udpBatch]datagram
	headers [udpBatch]mmsghdr
}

// listenIPv4 binds a blocking UDP socket whose calls give up after wait.
func listenIPv4(at netip.AddrPort, wait time.Duration) (int, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, err
	}
	timeout := unix.NsecToTimeval(int64(wait))
	for _, set := range []error{
		unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, udpBuffer),
		unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_PKTINFO, 1),
		unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &timeout),
		unix.Bind(fd, &unix.SockaddrInet4{Port: int(at.Port()), Addr: at.Addr().As4()}),
	} {
		if set != nil {
			return 0, set
		}
	}
	return fd, nil
}

func newDatagrams(fd int) *datagrams {
	d := &datagrams{fd: fd}
	for i := range d.list {
		p, h := &d.list[i], &d.headers[i]
		p.iovec.Base = &p.data[0]
		h.Name, h.Iov, h.Control = (*byte)(unsafe.Pointer(&p.sockaddr)), &p.iovec, (*byte)(unsafe.Pointer(&p.control))
		h.SetIovlen(1)
	}
	return d
}

// receive waits for at least one packet and returns how many came.
func (d *datagrams) receive() (int, error) {
	for i := range d.headers {
		d.prepare(i, udpPacket)
	}
	return d.call(unix.SYS_RECVMMSG, udpBatch, unix.MSG_WAITFORONE)
}

// send sends the first n; the lengths of their data were set by prepare.
func (d *datagrams) send(n int) error {
	for sent := 0; sent < n; {
		m, _, fault := unix.Syscall6(unix.SYS_SENDMMSG, uintptr(d.fd), uintptr(unsafe.Pointer(&d.headers[sent])), uintptr(n-sent), 0, 0, 0)
		if fault != 0 {
			return fault
		}
		sent += int(m)
	}
	return nil
}

// prepare sets the length of packet i.
func (d *datagrams) prepare(i, length int) {
	h := &d.headers[i]
	h.Namelen, h.Flags = unix.SizeofSockaddrInet4, 0
	h.SetControllen(unix.CmsgSpace(unix.SizeofInet4Pktinfo))
	d.list[i].iovec.SetLen(length)
}

// from sets the source of packet i, any address of this host.
func (d *datagrams) from(i int, source [4]byte) {
	c := &d.list[i].control
	c.Level, c.Type = unix.IPPROTO_IP, unix.IP_PKTINFO
	c.SetLen(unix.CmsgLen(unix.SizeofInet4Pktinfo))
	c.Inet4Pktinfo = unix.Inet4Pktinfo{Spec_dst: source}
}

func (d *datagrams) call(number uintptr, n int, flags uintptr) (int, error) {
	for {
		m, _, fault := unix.Syscall6(number, uintptr(d.fd), uintptr(unsafe.Pointer(&d.headers[0])), uintptr(n), flags, 0, 0)
		switch fault {
		case 0:
			return int(m), nil
		case syscall.EINTR:
		default:
			return 0, fault
		}
	}
}
