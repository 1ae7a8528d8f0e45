// Package krpc reads and writes the messages of the BitTorrent DHT (BEP 5) as a read-only node (BEP 43) has them: it
// sends queries and reads their answers, and serves none.
//
// It is pure: bytes in, values out. ParseReply takes what strangers send; see MaxPacket and the other bounds.
package krpc
