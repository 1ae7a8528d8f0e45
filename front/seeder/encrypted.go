package seeder

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"

	"shoal/wire/mse"
	"shoal/wire/peer"
	"shoal/wire/torrent"
)

// Encryption says which openings of a connection are taken (package mse).
type Encryption string

// The encryptions.
const (
	EncryptionAccept  Encryption = "accept"  // plain and encrypted ones; the payload in the clear if the peer agrees
	EncryptionRequire Encryption = "require" // encrypted ones with RC4 alone
	EncryptionOff     Encryption = "off"     // plain ones alone
)

const (
	// maxExchanges is how many key exchanges begin in a second: one costs about 0.2 ms of a core, before the peer has
	// named a torrent. Those who fall silent in one keep nobody else from theirs.
	maxExchanges = 1000
	// freeExchanges is how many of them begin whoever asks: a crowd may have one address.
	freeExchanges = 250
	// maxExchangesPerSite is how many one address may begin when there were more: it cannot keep others from theirs.
	maxExchangesPerSite = 10
)

var errPlain = errors.New("the opening is not encrypted")

// readEncrypted does the encrypted handshake that first begins, and sets what carries the stream from then on.
// It returns the first bytes of it.
func (c *conn) readEncrypted(ctx context.Context, first []byte) ([]byte, error) {
	if !c.s.exchanges.begin(site(c.remote.Addr()), time.Now()) {
		return nil, closing(TooManyExchanges, nil)
	}
	methods := mse.Plaintext | mse.RC4
	if c.s.o.Encryption == EncryptionRequire {
		methods = mse.RC4
	}
	session, err := mse.Accept(c.nc, first, methods, func(obfuscated [20]byte) ([20]byte, error) {
		acknowledge(c.nc) // libtorrent sends its handshake in a second write
		h, err := c.s.swarms.Unmask(ctx, torrent.InfoHash(obfuscated), c.remote.Addr())
		return h, err
	})
	switch {
	case errors.Is(err, mse.ErrMalformed), errors.Is(err, mse.ErrNoCommonMethod):
		return nil, closing(NotBitTorrent, err)
	case err != nil:
		return nil, err
	}
	c.unmasked = torrent.InfoHash(session.InfoHash)
	c.stream = session.Conn
	if session.Method == mse.RC4 {
		c.s.counts.encrypted.Add(1)
	}
	return session.Initial, nil
}

// early is a stream of which some was read before its time.
type early struct {
	net.Conn
	read []byte
}

// Read implements net.Conn.
func (e *early) Read(p []byte) (int, error) {
	if len(e.read) == 0 {
		return e.Conn.Read(p)
	}
	n := copy(p, e.read)
	e.read = e.read[n:]
	return n, nil
}

// WriteBuffers implements vectorWriter.
func (e *early) WriteBuffers(v *net.Buffers) (int64, error) { return writeVector(e.Conn, v) }

// behind returns the stream with initial before it.
func behind(initial []byte, stream net.Conn) net.Conn {
	if len(initial) == 0 {
		return stream
	}
	return &early{stream, initial}
}

// readAfter reads a whole plain handshake, of which the first bytes are in initial, and leaves what follows it in
// the stream.
func (c *conn) readAfter(initial []byte) (b [peer.HandshakeLen]byte, err error) {
	n := copy(b[:], initial)
	c.stream = behind(initial[n:], c.stream)
	_, err = io.ReadFull(c.stream, b[n:])
	return b, err
}

// vectorWriter is a stream that writes many buffers at once by itself.
type vectorWriter interface {
	WriteBuffers(v *net.Buffers) (int64, error)
}

// writeVector writes v as far as the stream takes it, and takes that out of v.
func writeVector(stream net.Conn, v *net.Buffers) (int64, error) {
	if w, ok := stream.(vectorWriter); ok {
		return w.WriteBuffers(v)
	}
	return v.WriteTo(stream)
}

// exchanges bounds the key exchanges.
type exchanges struct {
	mu     sync.Mutex         // guards all below
	second int64              // of the counts
	begun  int                // in that second
	bySite map[netip.Addr]int // of them
}

// begin reports whether one more may begin.
func (e *exchanges) begin(site netip.Addr, now time.Time) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if second := now.Unix(); e.bySite == nil || e.second != second {
		e.second, e.begun, e.bySite = second, 0, make(map[netip.Addr]int)
	}
	if e.begun >= maxExchanges || e.begun >= freeExchanges && e.bySite[site] >= maxExchangesPerSite {
		return false
	}
	e.bySite[site]++
	e.begun++
	return true
}
