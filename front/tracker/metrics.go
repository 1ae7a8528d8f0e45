package tracker

import "sync/atomic"

// Protocol is how a request came.
type Protocol uint8

// The protocols.
const (
	HTTP Protocol = iota
	UDP
	WebSocket
	numProtocols
)

// Protocols returns every Protocol.
func Protocols() []Protocol { return []Protocol{HTTP, UDP, WebSocket} }

// String returns the protocol in lower case.
func (p Protocol) String() string { return [...]string{"http", "udp", "websocket"}[p] }

// Refusal is why a request was answered by a failure. What is over the rate of its network is counted apart.
type Refusal uint8

// The refusals.
const (
	malformed Refusal = iota
	notServed
	busy
	internal
	numRefusals
)

// Refusals returns every Refusal.
func Refusals() []Refusal { return []Refusal{malformed, notServed, busy, internal} }

// String returns the refusal in lower case, its words joined by '_'.
func (r Refusal) String() string {
	return [...]string{"malformed", "not_served", "busy", "internal"}[r]
}

// Stats are totals since the start; Sockets and WebPeers are those of the moment.
type Stats struct {
	Announces [numProtocols]int64 // well-formed and within the rate, by Protocol
	Scrapes   [numProtocols]int64 // likewise
	Refused   [numRefusals]int64  // by Refusal
	Limited   int64               // requests over the rate of their prefix

	Sockets  int // WebSockets that are open
	WebPeers int // WebTorrent peers that have announced themselves on them
}

// counts are what Stats sums up.
type counts struct {
	announces, scrapes [numProtocols]atomic.Int64
	refused            [numRefusals]atomic.Int64
	limited            atomic.Int64
}

// Stats returns the totals of the moment.
func (t *Tracker) Stats() Stats {
	s := Stats{Limited: t.counts.limited.Load()}
	for i := range numProtocols {
		s.Announces[i], s.Scrapes[i] = t.counts.announces[i].Load(), t.counts.scrapes[i].Load()
	}
	for i := range numRefusals {
		s.Refused[i] = t.counts.refused[i].Load()
	}
	s.Sockets, s.WebPeers = t.sockets.size()
	return s
}
