package peer

import (
	"errors"
	"fmt"
)

// Errors of the decoders. They are wrapped; test with errors.Is.
var (
	// ErrNotBitTorrent says that a connection does not open with the BEP 3 handshake; it may still
	// open an encrypted one.
	ErrNotBitTorrent = errors.New("not a bittorrent handshake")
	// ErrMalformed says that a message of a permitted length has content that its BEP forbids.
	ErrMalformed = errors.New("malformed peer message")
)

// FrameError says that a frame has a length that its message type does not permit. The stream
// cannot be read any further.
type FrameError struct {
	ID     ID     // MsgKeepAlive when the frame was refused before its type was read
	Length uint32 // the length prefix: bytes after it
	Max    uint32 // the longest frame permitted for this type; 0 when the type is refused
}

// Error implements error.
func (e *FrameError) Error() string {
	if e.ID == MsgKeepAlive {
		return fmt.Sprintf("peer frame of %d bytes, at most %d are read", e.Length, e.Max)
	}
	return fmt.Sprintf("%s frame of %d bytes, at most %d permitted", e.ID, e.Length, e.Max)
}

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrMalformed, fmt.Sprintf(format, args...))
}
