package server

import (
	"context"
	"errors"
	"net"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// listenUDP binds one socket for each CPU to addr, so that the kernel spreads the packets over them by their source.
func listenUDP(addr *net.UDPAddr) ([]*net.UDPConn, error) {
	config := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		var set error
		err := c.Control(func(fd uintptr) { set = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, 1) })
		return errors.Join(err, set)
	}}
	var conns []*net.UDPConn
	for range runtime.GOMAXPROCS(0) {
		conn, err := config.ListenPacket(context.Background(), "udp", addr.String())
		if err != nil {
			return nil, errors.Join(err, closeUDP(conns))
		}
		conns = append(conns, conn.(*net.UDPConn))
	}
	return conns, nil
}
