package seeder

import (
	"errors"
	"fmt"
	"io"
	"os"

	"shoal/core/fault"
	"shoal/wire/peer"
)

// Reason says why a connection ended. The set is closed, fit for a metric label.
type Reason uint8

// The reasons.
const (
	PeerLeft         Reason = iota // the peer closed, or its connection broke
	UnknownTorrent                 // nothing public has that infohash: unknown, private and deleted alike
	TooManyConns                   // Options.MaxConns
	TooManyFromIP                  // Options.MaxConnsPerIP
	SwarmFull                      // the swarm takes no more members
	NotBitTorrent                  // another protocol, or an opening that Options.Encryption forbids
	TooManyExchanges               // too many encrypted openings in a second, or from one address
	HandshakeTimeout               // no whole handshake in time
	SelfConnection                 // the peer is this process
	Idle                           // nothing was said for Options.IdleTimeout
	WriteStall                     // the peer did not read what was sent
	PeerComplete                   // the peer has every piece: a seeder wants nothing
	BadRequest                     // a block outside the torrent, or over 128 KiB
	BadMessage                     // a message that its specification forbids
	Revoked                        // the object is not public any more, or gone
	PolicyChanged                  // its bucket is seeded in another way; the peer may come again
	QuotaSpent                     // the bucket or its owner may send no more this month: a quota or a budget
	ReadFailed                     // the content cannot be read
	Shutdown                       // this seeder stops
	Failed                         // our own fault; see the log

	numReasons
)

var reasonNames = [numReasons]string{
	"peer left", "unknown torrent", "too many connections", "too many from one address", "swarm full",
	"not bittorrent", "too many key exchanges", "handshake timeout", "self connection", "idle", "write stall", "peer complete",
	"bad request", "bad message", "revoked", "policy changed", "quota spent", "read failed", "shutdown", "failed",
}

// String returns the name of r.
func (r Reason) String() string {
	if r >= numReasons {
		r = Failed
	}
	return reasonNames[r]
}

// Reasons returns the closed set.
func Reasons() []Reason {
	all := make([]Reason, numReasons)
	for i := range all {
		all[i] = Reason(i)
	}
	return all
}

// closeError ends a connection.
type closeError struct {
	reason Reason
	err    error // the cause; may be nil
}

func (e *closeError) Error() string {
	if e.err == nil {
		return e.reason.String()
	}
	return fmt.Sprintf("%v: %v", e.reason, e.err)
}

func (e *closeError) Unwrap() error { return e.err }

func closing(r Reason, err error) error { return &closeError{r, err} }

// reasonOf translates any error that ends a connection.
func reasonOf(err error) Reason {
	var own *closeError
	var frame *peer.FrameError
	switch {
	case errors.As(err, &own):
		return own.reason
	case errors.Is(err, peer.ErrNotBitTorrent):
		return NotBitTorrent
	case errors.As(err, &frame), errors.Is(err, peer.ErrMalformed):
		return BadMessage
	case errors.Is(err, os.ErrDeadlineExceeded):
		return Idle
	case fault.Is(err, fault.NoTorrent):
		return UnknownTorrent
	case fault.Is(err, fault.QuotaExceeded):
		return QuotaSpent
	case fault.Is(err, fault.SlowDown):
		return SwarmFull
	case isNetwork(err):
		return PeerLeft
	}
	return Failed
}

// isNetwork reports an error of the connection itself.
func isNetwork(err error) bool {
	var broken *os.SyscallError
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.ErrClosedPipe) ||
		errors.Is(err, io.ErrNoProgress) || errors.As(err, &broken)
}
