package krpc

import "shoal/wire/bencode"

// Want names address families of nodes that an answer is to have (BEP 32); zero leaves it to the sender's family.
type Want uint8

// The two families; they may be or-ed.
const (
	WantIPv4 Want = 1 << iota
	WantIPv6
)

// Method is what a Query asks.
type Method string

// Methods. There is no ping: a node that answers any of these is there.
const (
	FindNode     Method = "find_node"
	GetPeers     Method = "get_peers"
	AnnouncePeer Method = "announce_peer"
)

// Query is a message to a node.
type Query struct {
	Method      Method
	Transaction string
	Sender      ID     // our own
	Target      ID     // a node for FindNode, otherwise an infohash
	Want        Want   // not for AnnouncePeer
	Token       string // AnnouncePeer: of the node's answer to GetPeers
	Port        uint16 // AnnouncePeer: where we accept peers
}

// Append appends q as a packet of a read-only node (BEP 43: ro is 1).
func (q *Query) Append(b []byte) []byte {
	d := bencode.NewDict(b)
	d.Value("a", q.appendArguments)
	d.String("q", string(q.Method))
	d.Int("ro", 1)
	d.String("t", q.Transaction)
	d.String("y", "q")
	return d.End()
}

func (q *Query) appendArguments(b []byte) []byte {
	d := bencode.NewDict(b)
	d.Bytes("id", q.Sender[:])
	switch q.Method {
	case FindNode:
		d.Bytes("target", q.Target[:])
	case AnnouncePeer:
		// BEP 5: if implied_port is present and non-zero, the port argument is ignored; ours counts.
		d.Int("implied_port", 0)
		d.Bytes("info_hash", q.Target[:])
		d.Int("port", int64(q.Port))
		d.String("token", q.Token)
	case GetPeers:
		d.Bytes("info_hash", q.Target[:])
	}
	if list := q.Want.names(); len(list) > 0 && q.Method != AnnouncePeer {
		d.Strings("want", list)
	}
	return d.End()
}

func (w Want) names() (list []string) {
	if w&WantIPv4 != 0 {
		list = append(list, "n4")
	}
	if w&WantIPv6 != 0 {
		list = append(list, "n6")
	}
	return list
}
