package mse

import "errors"

var (
	// ErrMalformed: the other side does not speak the protocol.
	ErrMalformed = errors.New("malformed encrypted handshake")
	// ErrUnknownTorrent: the other side names a torrent that Accept's find does not know.
	ErrUnknownTorrent = errors.New("unknown torrent in encrypted handshake")
	// ErrNoCommonMethod: the two sides share no way to go on after the handshake.
	ErrNoCommonMethod = errors.New("no common method in encrypted handshake")
)
