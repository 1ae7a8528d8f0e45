package soap

import (
	"errors"
	"fmt"
)

// Reason says what is wrong with a message.
type Reason uint8

const (
	Malformed       Reason = iota // not SOAP, or not packed as its media type says
	TooLarge                      // beyond a bound
	VersionMismatch               // an envelope of another version of SOAP (SOAP 1.1, 4.4.1)
	MustUnderstand                // a header that must be understood, of which there is none (SOAP 1.1, 4.2.3)
)

// Error is a message that cannot be taken.
type Error struct {
	Reason Reason
	Err    error
}

func (e *Error) Error() string { return "soap: " + e.Err.Error() }

func (e *Error) Unwrap() error { return e.Err }

func malformed(format string, args ...any) error {
	return &Error{Malformed, fmt.Errorf(format, args...)}
}

func tooLarge(what string) error { return &Error{TooLarge, errors.New(what + " too large")} }
