// Package peer is the BitTorrent peer wire format: handshake, messages, and the extensions that a
// seeder speaks (BEP 3, 6, 9, 10, 11, 20, 21, 52, 54, 55).
//
// It holds formats only. A connection reads one Handshake, then calls Reader.Read for each message;
// what it sends is built with the Append functions, which add one whole frame to a slice and return
// it as append does. A block goes out as AppendPieceHeader followed by the payload itself, so the
// payload is never copied into a frame.
//
// Invariants: nothing is believed before it is bounded (a length is checked against the message's
// own limit before memory is taken for it); a slice inside a Message or a parsed payload is a view
// of the Reader's buffer, valid until the next Read; reading and writing requests, haves and blocks
// allocates nothing.
//
// Values are plain data. A Reader belongs to one goroutine; everything else is safe concurrently.
package peer
