package tracker

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/binary"
	"net/netip"
	"time"
)

// connectionWindow is how long one connection id is handed out. BEP 15: a server accepts an id for
// two minutes; an id of the current and of the last window is accepted, so it lives two to four.
const connectionWindow = 2 * time.Minute

// ConnectionIDs makes and verifies the connection ids of BEP 15 without keeping any: an id is a
// keyed hash of the source address and the time. Not of the port, which some clients change.
// It proves that the sender receives what is sent to its address.
type ConnectionIDs struct {
	k0, k1 uint64
}

// NewConnectionIDs draws a key, so that ids mean nothing after a restart.
func NewConnectionIDs() *ConnectionIDs {
	var key [16]byte
	rand.Read(key[:]) // never fails: crypto/rand aborts the process instead
	return newConnectionIDs(key)
}

func newConnectionIDs(key [16]byte) *ConnectionIDs {
	return &ConnectionIDs{
		k0: binary.LittleEndian.Uint64(key[:8]),
		k1: binary.LittleEndian.Uint64(key[8:]),
	}
}

// Make returns the id for a source address at a time.
func (c *ConnectionIDs) Make(ip netip.Addr, now time.Time) uint64 {
	return c.id(ip, windowOf(now))
}

// Verify reports whether id was made for ip in the current or the last window. It takes the same
// time whatever id is.
func (c *ConnectionIDs) Verify(id uint64, ip netip.Addr, now time.Time) bool {
	window := windowOf(now)
	return equal(id, c.id(ip, window))|equal(id, c.id(ip, window-1)) == 1
}

func windowOf(t time.Time) uint64 {
	return uint64(t.Unix() / int64(connectionWindow/time.Second))
}

func (c *ConnectionIDs) id(ip netip.Addr, window uint64) uint64 {
	b := ip.As16() // an IPv4 address is the same through either socket
	return sipHash(c.k0, c.k1, [3]uint64{
		binary.LittleEndian.Uint64(b[:8]), binary.LittleEndian.Uint64(b[8:]), window,
	})
}

func equal(a, b uint64) int {
	return subtle.ConstantTimeEq(int32(a>>32), int32(b>>32)) & subtle.ConstantTimeEq(int32(a), int32(b))
}
