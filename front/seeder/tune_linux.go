package seeder

import (
	"net"

	"golang.org/x/sys/unix"
)

const (
	// userTimeout is how long sent data may stay unacknowledged before the kernel gives the peer up, in
	// milliseconds: as long as a write may stall.
	userTimeout = 30_000
	// leastNotSent is what the kernel holds at first of data that it may not send yet, in bytes: a slow peer pins
	// little, and what is revoked has not long left us.
	leastNotSent = 512 << 10
)

// tune sets what the kernel does for a connection.
func tune(c *net.TCPConn) {
	setOption(c, unix.TCP_USER_TIMEOUT, userTimeout)
	setOption(c, unix.TCP_NOTSENT_LOWAT, leastNotSent)
}

// tuneBatch lets the kernel hold one batch of so many bytes, so that the writer wakes once for each.
func tuneBatch(nc net.Conn, bytes int) {
	setOption(nc, unix.TCP_NOTSENT_LOWAT, max(leastNotSent, bytes))
}

// acknowledge acknowledges what was received, and what comes next, at once instead of after 40 ms: a client that has not
// set TCP_NODELAY sends the second of two small writes no sooner.
func acknowledge(nc net.Conn) { setOption(nc, unix.TCP_QUICKACK, 1) }

// setOption sets one of the kernel's options of a TCP connection. They are matters of degree: what cannot be set is left.
func setOption(nc net.Conn, option, value int) {
	c, ok := nc.(*net.TCPConn)
	if !ok {
		return
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) {
		_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, option, value)
	})
}
