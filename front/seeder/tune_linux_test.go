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
	nc := dialNobody(t)
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
		if got := option(t, nc, unix.TCP_NOTSENT_LOWAT); got != step.want || c.writing.class != step.class {
			t.Errorf("step %d: class %d and %d bytes, want %d and %d", i, c.writing.class, got, step.class, step.want)
		}
	}
}

// dialNobody connects to a listener that accepts nothing.
func dialNobody(t *testing.T) net.Conn {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	nc, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	return nc
}

// option returns one of the kernel's options of a TCP connection.
func option(t *testing.T, nc net.Conn, option int) (value int) {
	t.Helper()
	raw, err := nc.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var optErr error
	err = raw.Control(func(fd uintptr) {
		value, optErr = unix.GetsockoptInt(int(fd), unix.IPPROTO_TCP, option)
	})
	if err != nil || optErr != nil {
		t.Fatal(err, optErr)
	}
	return value
}

// TestOpeningIsAcknowledgedAtOnce: the kernel delays no acknowledgement of the first reads, and may delay those of the others.
func TestOpeningIsAcknowledgedAtOnce(t *testing.T) {
	nc := dialNobody(t)
	c := &conn{nc: nc}
	for read := range openingReads + 2 {
		setOption(nc, unix.TCP_QUICKACK, 0)
		if got := option(t, nc, unix.TCP_QUICKACK); got != 0 {
			t.Fatalf("TCP_QUICKACK is %d, not as set", got)
		}
		c.acknowledgeOpening()
		want := 0
		if read < openingReads {
			want = 1
		}
		if got := option(t, nc, unix.TCP_QUICKACK); got != want {
			t.Errorf("read %d: TCP_QUICKACK is %d, want %d", read, got, want)
		}
	}
}
