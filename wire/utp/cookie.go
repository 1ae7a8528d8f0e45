package utp

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"net/netip"
	"time"
)

// cookies makes the sequence numbers with which SYNs are answered. Who repeats one has read the answer, and until
// then nothing need be kept of the SYN.
type cookies struct{ key [32]byte }

func newCookies() *cookies {
	c := new(cookies)
	rand.Read(c.key[:]) // never fails
	return c
}

// number returns the sequence number for a SYN that is answered at now.
func (c *cookies) number(from netip.AddrPort, connID, seq uint16, now time.Duration) uint16 {
	return c.at(from, connID, seq, uint64(now/cookieLife))
}

func (c *cookies) at(from netip.AddrPort, connID, seq uint16, period uint64) uint16 {
	b := make([]byte, 0, 64)
	b = append(b, c.key[:]...)
	addr := from.Addr().As16()
	b = append(b, addr[:]...)
	b = binary.BigEndian.AppendUint16(b, from.Port())
	b = binary.BigEndian.AppendUint16(b, connID)
	b = binary.BigEndian.AppendUint16(b, seq)
	b = binary.BigEndian.AppendUint64(b, period)
	sum := sha256.Sum256(b)
	return binary.BigEndian.Uint16(sum[:])
}

// proves reports whether a packet to no stream shows that its sender has read the answer to its SYN, and returns
// the sequence numbers of both. The packet may be one of the first of the peer's.
func (c *cookies) proves(from netip.AddrPort, h *header, now time.Duration) (syn, answer uint16, ok bool) {
	answer = h.ack + 1 // libutp and libtorrent count the answer as not received until there is data
	period := uint64(now / cookieLife)
	for gap := range uint16(cookieGap) {
		syn = h.seq - 1 - gap
		for back := range min(period+1, 2) {
			if c.at(from, h.connID-1, syn, period-back) == answer {
				return syn, answer, true
			}
		}
	}
	return 0, 0, false
}
