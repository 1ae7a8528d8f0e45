//go:build !linux

package seeder

import "net"

// descriptors does not know.
func descriptors() int { return 0 }

// tune leaves the kernel's defaults.
func tune(*net.TCPConn) {}
