package dht

import (
	"net/netip"
	"slices"

	"shoal/core/swarm"
	"shoal/wire/krpc"
)

const (
	// wide is how many of the closest living nodes a lookup wants answers of: twice the stores, so that there is a
	// choice.
	wide = 16
	// stores is how many nodes are told of us (BEP 5: the K closest).
	stores = 8
	// maxCandidates are kept in one lookup, the closest ones, and maxQueries sent: nodes cannot lead it on for ever.
	// Lookups in a DHT of ten million nodes take 20 to 60.
	maxCandidates = 64
	maxQueries    = 100
	// leastPort: a node is asked on no port of a well-known service, whoever names it.
	leastPort = 1024
)

// lookup is the state of one search for the nodes closest to an infohash. It sends nothing: next says whom to ask, and
// answered and failed what came of it.
type lookup struct {
	target     krpc.ID
	candidates []*candidate // closest first
	routers    []*candidate // bootstrap nodes not asked yet, whose IDs nobody knows
	seen       map[netip.AddrPort]struct{}
	queries    int // sent
}

type candidateState uint8

const (
	fresh candidateState = iota
	asked
	answered
)

// candidate is a node of a lookup.
type candidate struct {
	krpc.Node
	router bool // a bootstrap node: it is not told of us
	state  candidateState
	token  string // of its answer; "" when it takes no announces
}

// newLookup starts from known nodes, and from bootstrap nodes when there are too few.
func newLookup(target krpc.ID, known []krpc.Node, routers []netip.AddrPort) *lookup {
	l := &lookup{target: target, seen: make(map[netip.AddrPort]struct{})}
	for _, n := range known {
		l.insert(n)
	}
	for _, r := range routers {
		l.routers = append(l.routers, &candidate{Node: krpc.Node{Addr: r}, router: true})
	}
	return l
}

// next returns the node to be asked next, nil when there is none.
func (l *lookup) next() *candidate {
	if l.queries == maxQueries {
		return nil
	}
	for _, c := range l.candidates[:min(wide, len(l.candidates))] {
		if c.state == fresh {
			return l.ask(c)
		}
	}
	if len(l.routers) == 0 {
		return nil
	}
	c := l.routers[0]
	l.routers = l.routers[1:]
	return l.ask(c)
}

func (l *lookup) ask(c *candidate) *candidate {
	c.state = asked
	l.queries++
	return c
}

// heard takes the answer of c. It reports whether it was one by the node that was asked.
func (l *lookup) heard(c *candidate, r krpc.Reply) bool {
	if r.Refused || !c.router && r.Sender != c.ID {
		l.failed(c)
		return false
	}
	c.state, c.token = answered, r.Token
	for _, n := range r.Nodes {
		if n.Addr.Addr().Is4() == c.Addr.Addr().Is4() && mayLead(c.Addr, n.Addr) {
			l.insert(n)
		}
	}
	return true
}

// failed gives up on c, which has not answered.
func (l *lookup) failed(c *candidate) {
	l.candidates = slices.DeleteFunc(l.candidates, func(other *candidate) bool { return other == c })
}

// mayLead reports whether an address that a node names is asked: not one of a private network that the node is not in,
// nor one of other services.
func mayLead(teller, named netip.AddrPort) bool {
	return named.Port() >= leastPort && swarm.Nameable(named.Addr(), teller.Addr())
}

// insert adds a node, unless there was one of its network or closer ones fill the list.
func (l *lookup) insert(n krpc.Node) {
	network := networkOf(n.Addr)
	if _, ok := l.seen[network]; ok {
		return
	}
	i, _ := slices.BinarySearchFunc(l.candidates, n.ID, func(c *candidate, id krpc.ID) int { return l.target.Closer(c.ID, id) })
	if i == maxCandidates {
		return
	}
	l.seen[network] = struct{}{}
	l.candidates = slices.Insert(l.candidates, i, &candidate{Node: n})
	l.candidates = l.candidates[:min(len(l.candidates), maxCandidates)]
}

// stores returns the nodes that are told of us: the closest that gave a token, of the widest circle first those whose
// IDs BEP 42 grants, because others may have chosen theirs to surround the infohash.
func (l *lookup) stores() []*candidate {
	var list []*candidate
	for _, c := range l.candidates {
		if c.state == answered && c.token != "" && len(list) < wide {
			list = append(list, c)
		}
	}
	slices.SortStableFunc(list, func(a, b *candidate) int {
		switch sa, sb := secure(a.Node), secure(b.Node); {
		case sa && !sb:
			return -1
		case sb && !sa:
			return 1
		}
		return 0
	})
	return list[:min(stores, len(list))]
}

// The part of an address that one party is likely to have for itself, in bits.
const (
	network4Bits = 24
	network6Bits = 56
)

// networkOf returns what stands for everyone in the network of a. On the same machine and in private networks, where
// addresses are few, that is a itself.
func networkOf(a netip.AddrPort) netip.AddrPort {
	ip := a.Addr()
	if ip.IsLoopback() || ip.IsPrivate() || ip.IsLinkLocalUnicast() {
		return a
	}
	bits := network6Bits
	if ip.Is4() {
		bits = network4Bits
	}
	p, err := ip.Prefix(bits)
	if err != nil {
		return a
	}
	return netip.AddrPortFrom(p.Addr(), 0)
}
