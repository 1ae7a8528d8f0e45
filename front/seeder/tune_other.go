//go:build !linux

package seeder

import "net"

// tune leaves the kernel's defaults.
func tune(*net.TCPConn) {}

// tuneBatch leaves them, too.
func tuneBatch(net.Conn, int) {}

// acknowledge leaves them, too.
func acknowledge(net.Conn) {}
