package utp

import (
	"errors"
	"syscall"
)

// ErrMalformed says that a datagram is not a packet of BEP 29. It is wrapped; test with errors.Is.
var ErrMalformed = errors.New("malformed utp packet")

// The ends of a stream that its owner did not ask for, as TCP names them.
var (
	errReset    error = syscall.ECONNRESET
	errTimedOut error = syscall.ETIMEDOUT
)
