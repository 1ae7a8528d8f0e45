//go:build !linux

package server

import "net"

// listenUDP binds one socket: elsewhere several on one port do not share its packets.
func listenUDP(addr *net.UDPAddr) ([]*net.UDPConn, error) {
	conn, err := net.ListenUDP("udp", addr)
	if err != nil {
		return nil, err
	}
	return []*net.UDPConn{conn}, nil
}
