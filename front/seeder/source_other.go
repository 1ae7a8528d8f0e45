//go:build !unix

package seeder

import (
	"net"
	"sync"

	"shoal/wire/peer"
)

// newReader returns a reader of messages from nc, with a buffer of its own.
func newReader(nc net.Conn, _ *sync.Pool, o peer.ReaderOptions) *peer.Reader {
	return peer.NewReader(nc, make([]byte, readBuffer), o)
}
