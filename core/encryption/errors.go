package encryption

import "errors"

// Errors of opening. They are wrapped; test with errors.Is.
var (
	// ErrDamaged says that bytes at rest are not what was sealed: they were changed, moved or cut off.
	ErrDamaged = errors.New("encrypted content is damaged")
	// ErrWrongKey says that a key is not the one with which an object's key was wrapped.
	ErrWrongKey = errors.New("wrong encryption key")
	// ErrNoSuchKey says that the operator's keys have none of that name, or not the one that wrapped.
	ErrNoSuchKey = errors.New("no such encryption key")
)
