package seeder

import (
	"math"
	"net"

	"golang.org/x/sys/unix"
)

const (
	// userTimeout is how long sent data may stay unacknowledged before the kernel gives the peer up, in
	// milliseconds: as long as a write may stall.
	userTimeout = 30_000
	// notSentLowat is what the kernel holds of data that it may not send yet, in bytes: one batch, so that
	// the writer wakes once for each, a slow peer pins little, and what is revoked has not long left us.
	notSentLowat = 512 << 10
)

// descriptors returns how many files and sockets the process may have open, 0 when that is not known.
func descriptors() int {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return 0
	}
	return int(min(limit.Cur, math.MaxInt32))
}

// tune sets what the kernel does for a connection. It is a matter of degree: what cannot be set is left.
func tune(c *net.TCPConn) {
	raw, err := c.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) {
		_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, userTimeout)
		_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_NOTSENT_LOWAT, notSentLowat)
	})
}
