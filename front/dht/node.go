package dht

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"shoal/wire/krpc"
)

const (
	// queryTimeout: a node that has not answered by then is asked no more; nearly all that ever do answer within it.
	queryTimeout = 2 * time.Second
	// packetsPerSecond of each family, whatever the number of lookups.
	packetsPerSecond = 500
	// parallel is how many nodes one lookup asks at the same time (BEP 5 leaves it open; Kademlia's alpha).
	parallel = 4
)

// node is our node of one address family.
type node struct {
	conn  *net.UDPConn
	other *node // of the other family; nil is none
	limit *rate.Limiter

	mu       sync.Mutex // guards all below
	id       krpc.ID
	external external
	address  netip.Addr // after which id was made; not valid before it is settled
	table    table
	waiting  map[string]waiter // by transaction; as many as queries are under way
}

// waiter is a query under way.
type waiter struct {
	to    netip.AddrPort
	reply chan<- krpc.Reply // has room for one
}

func newNode(conn *net.UDPConn) *node {
	return &node{
		conn: conn, id: randomID(), waiting: make(map[string]waiter),
		limit: rate.NewLimiter(packetsPerSecond, packetsPerSecond/10),
	}
}

func randomID() (id krpc.ID) {
	_, _ = rand.Read(id[:]) // never fails
	return id
}

// isIPv4 reports of which family n is.
func (n *node) isIPv4() bool {
	return n.conn.LocalAddr().(*net.UDPAddr).AddrPort().Addr().Unmap().Is4()
}

// want returns the families of which nodes are asked for (BEP 32).
func (n *node) want() krpc.Want {
	want := krpc.WantIPv6
	if n.isIPv4() {
		want = krpc.WantIPv4
	}
	if n.other != nil && n.other.thin() {
		want = krpc.WantIPv4 | krpc.WantIPv6
	}
	return want
}

func (n *node) thin() bool { return n.size() < thinTable }

func (n *node) size() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.table.size
}

func (n *node) closest(target krpc.ID) []krpc.Node {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.table.closest(target, wide)
}

// search looks for the nodes closest to target. It returns when there are none left to be asked, or ctx is done.
func (n *node) search(ctx context.Context, target krpc.ID, routers []netip.AddrPort) *lookup {
	type outcome struct {
		c     *candidate
		reply krpc.Reply
		err   error
	}
	l := newLookup(target, n.closest(target), routers)
	outcomes := make(chan outcome)
	for flying := 0; ; flying-- {
		for flying < parallel && ctx.Err() == nil {
			c := l.next()
			if c == nil {
				break
			}
			flying++
			q := krpc.Query{Method: krpc.GetPeers, Target: target, Want: n.want()}
			go func() {
				reply, err := n.query(ctx, c.Addr, q)
				outcomes <- outcome{c, reply, err}
			}()
		}
		if flying == 0 {
			return l
		}
		o := <-outcomes
		if o.err != nil {
			l.failed(o.c)
			n.forget(ctx, o.c.Node)
			continue
		}
		if l.heard(o.c, o.reply) {
			n.learn(o.c, o.reply)
		}
	}
}

// learn keeps a node that has answered, and gives those of the other family to our node of that.
func (n *node) learn(c *candidate, r krpc.Reply) {
	n.mu.Lock()
	if !c.router {
		n.table.learn(c.Node)
	}
	n.mu.Unlock()
	if n.other == nil {
		return
	}
	n.other.mu.Lock()
	defer n.other.mu.Unlock()
	for _, named := range r.Nodes {
		if named.Addr.Addr().Is4() != c.Addr.Addr().Is4() && n.other.table.size < thinTable && mayLead(c.Addr, named.Addr) {
			n.other.table.learn(named)
		}
	}
}

// forget drops a node that has not answered, unless we stopped waiting.
func (n *node) forget(ctx context.Context, gone krpc.Node) {
	if ctx.Err() != nil {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.table.drop(gone)
}

// query sends q and waits for the answer. Transaction and Sender of q are set here.
func (n *node) query(ctx context.Context, to netip.AddrPort, q krpc.Query) (krpc.Reply, error) {
	if err := n.limit.Wait(ctx); err != nil {
		return krpc.Reply{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	reply := make(chan krpc.Reply, 1)
	q.Transaction = rand.Text()[:transactionBytes]
	n.mu.Lock()
	q.Sender = n.id
	n.waiting[q.Transaction] = waiter{to, reply}
	n.mu.Unlock()
	defer func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		delete(n.waiting, q.Transaction)
	}()
	if _, err := n.conn.WriteToUDPAddrPort(q.Append(nil), to); err != nil {
		return krpc.Reply{}, err
	}
	select {
	case r := <-reply:
		return r, nil
	case <-ctx.Done():
		return krpc.Reply{}, ctx.Err()
	}
}

// transactionBytes of base32: 40 bits that who does not see our packets has to guess, with the address we asked.
const transactionBytes = 8

// maxReadFaults in a row end a node: the socket is not what it was.
const maxReadFaults = 100

// read hands answers to those who wait until ctx is done. It closes the socket.
func (n *node) read(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() { n.conn.Close() })
	defer stop()
	packet := make([]byte, krpc.MaxPacket+1) // a longer one is cut off, and refused
	for faults := 0; faults < maxReadFaults; {
		size, from, err := n.conn.ReadFromUDPAddrPort(packet)
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, net.ErrClosed):
			return fmt.Errorf("dht: %w", err)
		case err != nil:
			faults++
			continue
		}
		faults = 0
		n.deliver(packet[:size], netip.AddrPortFrom(from.Addr().Unmap().WithZone(""), from.Port()))
	}
	return errors.New("dht: the socket cannot be read")
}

// deliver gives an answer to who waits for it. BEP 43: queries are not answered; nor is anything else that nobody
// waits for looked at.
func (n *node) deliver(packet []byte, from netip.AddrPort) {
	r, err := krpc.ParseReply(packet)
	if err != nil {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	w, ok := n.waiting[r.Transaction]
	if !ok || w.to != from {
		return
	}
	delete(n.waiting, r.Transaction)
	w.reply <- r
	// BEP 42: who learns that its address is another takes an ID that fits.
	if settled := n.external.note(from, r.External); settled.IsValid() && settled != n.address {
		n.address, n.id = settled, randomID().Secured(settled)
	}
}
