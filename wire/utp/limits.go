package utp

import "time"

// Sizes, in bytes unless they say packets.
const (
	// maxPayload with our header, UDP and IPv6 makes 1468: it fits Ethernet and PPPoE. Routers with a smaller
	// MTU fragment, because the socket does not forbid it (IPv4).
	maxPayload = 1400
	// maxUnsent is what Write keeps of data that the window does not let go yet. A slow peer pins that much.
	maxUnsent = 128 << 10
	// maxFlight is how many packets may be unacknowledged. libtorrent and libutp keep no more than about 950
	// that arrived out of order.
	maxFlight = 900
	// maxPackets bounds what all streams of a Listener keep to send, in packets, 1.5 kB each: 100 MB, where 20,000 streams
	// could have 28 GB. keptPackets of each stream are not counted: so everyone goes on, slowly, when others have taken all.
	maxPackets  = 1 << 16
	keptPackets = 4
	// maxReceived is the window that peers are told. A peer of a seeder sends requests, of 17 bytes.
	maxReceived = 128 << 10
	// maxReordered is how many packets beyond a missing one are kept, in packets: 16 bytes of acknowledgement.
	maxReordered = 128
	// keptReceived is the buffer that a stream keeps while there is nothing to read.
	keptReceived = 4 << 10
)

// Congestion control (BEP 29, RFC 6817).
const (
	targetDelay   = 100 * time.Millisecond // of queueing that the stream itself may cause
	maxGain       = 3000                   // bytes by which the window grows in a round trip at no delay
	initialWindow = 10 * maxPayload
	minWindow     = 2 * maxPayload
	maxWindow     = maxFlight * maxPayload
	baseMinutes   = 10 // minutes over which the least delay is the delay of the path
	maxDrift      = 10_000
	// reordering is by how many packets another may overtake before it counts as lost.
	reordering = 3
)

// Times.
const (
	firstTimeout = time.Second            // until a round trip was measured
	minTimeout   = 500 * time.Millisecond // BEP 29
	maxTimeout   = 16 * time.Second
	// maxTimeouts in a row end a stream: about 30 s in which nothing comes back.
	maxTimeouts = 5
	// ackDelay is how long an acknowledgement may wait for data to travel with.
	ackDelay = 10 * time.Millisecond
	// ackBytes received are acknowledged without waiting.
	ackBytes = 2 * maxPayload
	// keepAliveAfter is the silence of ours after which a NAT may forget the stream: some do after 30 s.
	keepAliveAfter = 29 * time.Second
	// idleTimeout ends a stream from which nothing comes; its owner usually has less patience.
	idleTimeout = 10 * time.Minute
	// lingerTimeout is what Close gives to what was written before it.
	lingerTimeout = 15 * time.Second
	// stopTimeout is what remains of it once the Listener is closed.
	stopTimeout = 2 * time.Second
)

// Listener.
const (
	defaultMaxConns = 20_000
	maxBacklog      = 256 // streams that wait for Accept, each with a first packet from the peer
	maxSegments     = 32  // packets that are handed to the kernel at once
	maxDatagram     = 2048
	maxReadErrors   = 16 // of the socket in a row
	// resetsPerSecond bounds the answers to packets of no stream.
	resetsPerSecond = 200
	// cookieLife is how long the answer to a SYN is good for at least.
	cookieLife = 16 * time.Second
	// cookieGap is how many packets of a peer may be lost before the first that arrives.
	cookieGap = 3
)
