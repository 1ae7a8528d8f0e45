//go:build !linux

package tracker

import (
	"net"
	"net/netip"
)

// controlSize: no control data are asked for.
const controlSize = 0

// wantDestination is for Linux only: elsewhere the seeder is named to UDP clients under the public host.
func wantDestination(*net.UDPConn) error { return nil }

func destination([]byte) netip.Addr { return netip.Addr{} }

func replyControl([]byte) []byte { return nil }
