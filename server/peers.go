package server

import (
	"errors"
	"fmt"
	"net"

	"shoal/wire/utp"
)

// listenPeer binds the peer port, for TCP and, with uTP, for UDP of the same number.
func (l *listeners) listenPeer(addr string, withUTP bool) error {
	for try := 0; ; try++ {
		err := l.bindPeer(addr, withUTP)
		if err == nil {
			return nil
		}
		if _, port, _ := net.SplitHostPort(addr); port != "0" || try == udpRetries {
			return err
		}
	}
}

func (l *listeners) bindPeer(addr string, withUTP bool) error {
	tcp, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	if withUTP {
		udpAddr := net.UDPAddrFromAddrPort(tcp.Addr().(*net.TCPAddr).AddrPort())
		if udpAddr.IP.IsUnspecified() {
			udpAddr.IP = nil // both families, as the TCP listener
		}
		udp, err := net.ListenUDP("udp", udpAddr)
		if err != nil {
			return errors.Join(fmt.Errorf("uTP: %w", err), tcp.Close())
		}
		l.utp = utp.Listen(udp, utp.Options{})
	}
	l.peer = tcp
	return nil
}

// peers are the listeners on which peers come.
func (l *listeners) peers() []net.Listener {
	if l.utp == nil {
		return []net.Listener{l.peer}
	}
	return []net.Listener{l.peer, l.utp}
}

// waitUTP closes the uTP listener and waits for what its streams have still to say.
func (l *listeners) waitUTP() {
	if l.utp != nil {
		l.utp.Close() // it may be closed already
		l.utp.Wait()
	}
}
