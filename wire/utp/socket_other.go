//go:build !linux

package utp

import (
	"net"
	"net/netip"
)

// controlSize: no control data are asked for.
const controlSize = 0

// tuning: the socket is used as it is, and packets leave by the address that the routes say.
type tuning struct{}

func (*tuning) tune(*net.UDPConn) {}

func (*tuning) sendAll(*net.UDPConn, *burst, netip.AddrPort, []byte) bool { return false }

func replyControl([]byte) []byte { return nil }
