package seeder

import (
	"net"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"shoal/wire/peer"
)

// The kernel holds a whole batch for a peer that takes it quickly, and no more than at first for a slow one.
func TestKernelHoldsOneBatch(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	nc, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	c := &conn{nc: nc}
	tune(nc.(*net.TCPConn))
	full := &batch{n: 1, bytes: classBytes[numClasses-1], blocks: [maxBatch]peer.Block{{Length: peer.BlockSize}}}
	for i, step := range []struct {
		took  time.Duration
		class int8
		want  int
	}{
		{quickWrite / 2, 1, leastNotSent},
		{quickWrite / 2, 2, leastNotSent},
		{quickWrite / 2, 3, classBytes[3]},
		{2 * quickWrite, 3, classBytes[3]},
		{2 * slowWrite, 2, leastNotSent},
		{2 * slowWrite, 1, leastNotSent},
	} {
		c.adapt(full, step.took)
		if got := notSentLowat(t, nc); got != step.want || c.writing.class != step.class {
			t.Errorf("step %d: class %d and %d bytes, want %d and %d", i, c.writing.class, got, step.class, step.want)
		}
	}
}

func notSentLowat(t *testing.T, nc net.Conn) (bytes int) {
	t.Helper()
	raw, err := nc.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var optErr error
	err = raw.Control(func(fd uintptr) {
		bytes, optErr = unix.GetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_NOTSENT_LOWAT)
	})
	if err != nil || optErr != nil {
		t.Fatal(err, optErr)
	}
	return bytes
}
