package tracker

import (
	"context"
	"net"
	"net/netip"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"shoal/wire/tracker"
)

// batchSize is how many packets one system call takes or gives: enough that its cost is shared, few enough that
// their memory stays in the cache of a core.
const batchSize = 64

// message is struct mmsghdr.
type message struct {
	header unix.Msghdr
	n      uint32 // bytes received or sent
}

// packet is one packet with its answer: the memory that the kernel is given for it.
type packet struct {
	from    unix.RawSockaddrInet6 // the longest of the two
	control [controlSize]byte
	in      [tracker.MaxUDPPacket]byte
	out     [tracker.MaxUDPAnswer]byte
	inIO    unix.Iovec
	outIO   unix.Iovec
}

// batch is the memory of one worker: it receives up to batchSize packets by one system call, and sends their answers
// by another. It is used by one goroutine.
type batch struct {
	conn     syscall.RawConn
	in, out  [batchSize]message
	packets  *[batchSize]packet
	received int
	answers  int // in out
	sent     int // of them
	fault    syscall.Errno

	receiveFunc, sendFunc func(fd uintptr) (done bool) // made once: to make them for each call would allocate
}

func newBatch(conn syscall.RawConn) *batch {
	b := &batch{conn: conn, packets: new([batchSize]packet)}
	b.receiveFunc, b.sendFunc = b.receiveFrom, b.sendTo
	for i := range b.packets {
		p := &b.packets[i]
		p.inIO.Base, p.outIO.Base = &p.in[0], &p.out[0]
		p.inIO.SetLen(len(p.in))
		h := &b.in[i].header
		h.Name, h.Iov = (*byte)(unsafe.Pointer(&p.from)), &p.inIO
		h.SetIovlen(1)
	}
	return b
}

// serveSocket answers the packets of conn, batch by batch.
func (t *Tracker) serveSocket(ctx context.Context, conn *net.UDPConn) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	b, x := newBatch(raw), new(exchange)
	for faults := 0; ; {
		if err := b.receive(); err != nil {
			if faults, err = t.afterFault(ctx, faults, err); err != nil || ctx.Err() != nil {
				return err
			}
			continue
		}
		faults = 0
		now := t.o.Now()
		b.answers = 0
		for i := range b.in[:b.received] {
			t.answerPacket(ctx, x, b, i, now)
		}
		b.send()
	}
}

// answerPacket puts the answer to the packet received as number i into b, if it deserves one.
func (t *Tracker) answerPacket(ctx context.Context, x *exchange, b *batch, i int, now time.Time) {
	m, p := &b.in[i], &b.packets[i]
	from := sourceOf(&p.from)
	if m.header.Flags&unix.MSG_TRUNC != 0 || !from.IsValid() {
		return
	}
	control := p.control[:min(int(m.header.Controllen), len(p.control))]
	x.out = p.out[:0]
	answer := t.answerUDP(ctx, x, p.in[:m.n], from, destination(control), now)
	if len(answer) == 0 {
		return
	}
	p.outIO.Base = &answer[0] // p.out, unless that was too small
	p.outIO.SetLen(len(answer))
	o := &b.out[b.answers].header
	*o = unix.Msghdr{Name: m.header.Name, Namelen: m.header.Namelen, Iov: &p.outIO}
	o.SetIovlen(1)
	if control = replyControl(control); len(control) > 0 {
		o.Control = &control[0]
		o.SetControllen(len(control))
	}
	b.answers++
}

// receive waits for packets and takes at most batchSize of those that are there.
func (b *batch) receive() error {
	for i := range b.in { // the kernel writes into these
		h, p := &b.in[i].header, &b.packets[i]
		h.Namelen, h.Flags, h.Control = unix.SizeofSockaddrInet6, 0, &p.control[0]
		h.SetControllen(len(p.control))
	}
	if err := b.conn.Read(b.receiveFunc); err != nil {
		return err
	}
	if b.fault != 0 {
		return b.fault
	}
	return nil
}

// receiveFrom reports false when there is nothing to receive yet.
func (b *batch) receiveFrom(fd uintptr) bool {
	n, fault := b.call(unix.SYS_RECVMMSG, fd, b.in[:])
	b.received, b.fault = n, fault
	return fault != unix.EAGAIN
}

// send gives the answers to the kernel. One that it does not take is one that got lost: the peer asks again.
func (b *batch) send() {
	for b.sent = 0; b.sent < b.answers; {
		if b.conn.Write(b.sendFunc) != nil {
			return
		}
	}
}

// sendTo reports false when the socket's buffer is full.
func (b *batch) sendTo(fd uintptr) bool {
	n, fault := b.call(unix.SYS_SENDMMSG, fd, b.out[b.sent:b.answers])
	switch fault {
	case 0:
		b.sent += n
	case unix.EAGAIN:
		return false
	default: // of the first of them, which cannot be sent
		b.sent++
	}
	return true
}

// call makes a system call over messages, of which there is at least one, and returns how many it has dealt with. It
// never waits, so the scheduler is not told: it would move the other work of a busy core to another thread and back at
// nearly every batch, which was measured to switch threads eighteen times as often.
func (b *batch) call(number, fd uintptr, list []message) (int, syscall.Errno) {
	for {
		n, _, fault := unix.RawSyscall6(number, fd, uintptr(unsafe.Pointer(&list[0])), uintptr(len(list)), unix.MSG_DONTWAIT, 0, 0)
		if fault != unix.EINTR {
			return int(n), fault
		}
	}
}

// sourceOf reads the address that the kernel has written, without a zone; not valid when it is of no family here.
func sourceOf(sa *unix.RawSockaddrInet6) netip.AddrPort {
	// The port is in network order in either struct, right after the family.
	port := *(*[2]byte)(unsafe.Pointer(&sa.Port))
	number := uint16(port[0])<<8 | uint16(port[1])
	switch sa.Family {
	case unix.AF_INET:
		return netip.AddrPortFrom(netip.AddrFrom4((*unix.RawSockaddrInet4)(unsafe.Pointer(sa)).Addr), number)
	case unix.AF_INET6:
		return netip.AddrPortFrom(netip.AddrFrom16(sa.Addr).Unmap(), number)
	}
	return netip.AddrPort{}
}
