// Package utp is the uTorrent transport protocol (BEP 29): reliable byte streams over UDP that give way to
// other traffic, accepted on one socket. It does not dial.
//
// Place: server gives a Listener to front/seeder beside the one of TCP; a Conn is a net.Conn like any other.
//
// A stream is the state machine of one connection: a function of the packets that arrive, the bytes that are
// written and the time; it knows no socket. A Listener runs all of its streams with two goroutines: one that
// receives, one that sends and keeps the timers. Where BEP 29 and the programs in use (libutp, libtorrent)
// differ, this follows the programs: the first packet of data has the sequence number of the answer to the SYN.
//
// Invariants: a SYN costs no memory, since its answer is a keyed hash of it; an address that has not proved that
// it reads what is sent to it gets no more bytes than it sent; queues, windows and connections are bounded by
// the constants of limits.go. Packets have one size, there is no path MTU discovery.
//
// A Listener and its Conns are safe for concurrent use.
package utp
