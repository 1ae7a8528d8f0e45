// Package mse is Message Stream Encryption (also known as protocol encryption, PE): the obfuscated opening
// with which BitTorrent clients begin a connection, and the RC4 stream that may follow it. It hides what is
// said from those who look on; it proves nobody's identity.
//
// Accept is the side that was called (B in the specification), Initiate the one that calls (A). After a key
// exchange (Diffie-Hellman, 768 bits) A names the torrent by a hash of its infohash; both sides derive RC4
// keys from secret and infohash, and agree whether the payload is encrypted too or goes in the clear.
//
// Source: "Message Stream Encryption" of the Azureus wiki, 2006, as libtorrent and Transmission speak it.
//
// Everything read before the other side has proven that it knows an infohash is bounded. Accept and Initiate
// heed the deadlines of the connection; they keep no state between calls.
package mse
