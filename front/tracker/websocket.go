package tracker

import (
	"context"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"

	"shoal/core/fault"
	"shoal/wire/torrent"
	"shoal/wire/tracker"
)

// Times and bounds of a WebSocket.
const (
	// webInterval is short: peers meet only by the offers that an announce carries.
	webInterval = 2 * time.Minute
	// socketIdle is how long a socket may be without a message: two announces lost.
	socketIdle = 2*webInterval + time.Minute
	// pingEvery finds out in between who is gone without a word, and keeps address translators open.
	pingEvery  = time.Minute
	pongWithin = 20 * time.Second
	// sendWithin is how long the network may take for one message.
	sendWithin = 10 * time.Second

	// Messages that wait for a slow reader; further offers to it are dropped, as the network may drop them.
	maxQueue      = 64
	maxQueueBytes = 128 << 10

	// All sockets together: at 20 kB each, and 64 KiB while a message comes, no more than 700 MB; and what waits for their
	// readers.
	maxSockets       = 8192
	maxQueueBytesAll = 64 << 20

	// recheckEvery with Registry's own recheck interval is under a second.
	recheckEvery = 400 * time.Millisecond
	// maxUnverified is as for swarms of other peers.
	maxUnverified = 3 * time.Second
)

// socket is one WebSocket, on which there may be several peers.
type socket struct {
	t      *Tracker
	conn   *websocket.Conn
	cancel context.CancelFunc
	addr   netip.Addr

	out chan []byte
	all *atomic.Int64 // bytes in out of all sockets

	mu     sync.Mutex // guards all below, and sending to out
	queued int        // bytes in out
	ended  bool

	peers map[webKey]*webPeer // guarded by sockets.mu
}

func wantsWebSocket(r *http.Request) bool {
	return strings.EqualFold(r.Header.Get("Upgrade"), "websocket") && (r.URL.Path == "/" || under(announcePath, r.URL.Path))
}

// serveWebSocket serves a WebTorrent client until its socket ends.
func (t *Tracker) serveWebSocket(w http.ResponseWriter, r *http.Request) {
	c, ok := t.callerOf(r)
	if !ok || !t.allow(c.addr.Addr(), c.now) || t.sockets.full() {
		http.Error(w, failureOf(fault.SlowDown).reason, http.StatusServiceUnavailable)
		return
	}
	// Any page may announce: there are no cookies that it could abuse.
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true})
	if err != nil {
		return // Accept has answered
	}
	defer func() { _ = conn.CloseNow() }()
	conn.SetReadLimit(tracker.MaxWebMessage)
	ctx, cancel := context.WithCancel(context.WithoutCancel(r.Context())) // the request's ends where a socket begins
	defer cancel()
	k := &socket{
		t: t, conn: conn, cancel: cancel, addr: c.addr.Addr(),
		out: make(chan []byte, maxQueue), all: &t.sockets.queued, peers: make(map[webKey]*webPeer),
	}
	if !t.sockets.add(k) {
		return
	}
	defer t.sockets.remove(k)
	defer k.end()
	written := make(chan struct{})
	go func() {
		defer close(written)
		defer cancel()
		k.write(ctx)
	}()
	k.read(ctx)
	cancel()
	<-written
}

// read answers messages until the socket ends, its client is silent for long, asks too often, or does not read.
func (k *socket) read(ctx context.Context) {
	for {
		wait, cancel := context.WithTimeout(ctx, socketIdle)
		_, message, err := k.conn.Read(wait)
		cancel()
		if err != nil {
			return
		}
		now := k.t.o.Now()
		if !k.t.allow(k.addr, now) {
			_ = k.conn.Close(websocket.StatusTryAgainLater, failureOf(fault.SlowDown).reason)
			return
		}
		if reply := k.answer(ctx, message, now); reply != nil && !k.send(reply) {
			return
		}
	}
}

// write sends what send was given, and pings, until ctx is done or the other side does not take it.
func (k *socket) write(ctx context.Context) {
	ping := time.NewTicker(pingEvery)
	defer ping.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return
		case b := <-k.out:
			k.took(len(b))
			within, cancel := context.WithTimeout(ctx, sendWithin)
			err = k.conn.Write(within, websocket.MessageText, b)
			cancel()
		case <-ping.C:
			within, cancel := context.WithTimeout(ctx, pongWithin)
			err = k.conn.Ping(within)
			cancel()
		}
		if err != nil {
			return
		}
	}
}

// send queues a message, which is not changed any more; false when too much waits already.
func (k *socket) send(b []byte) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.ended || len(k.out) == cap(k.out) || k.queued+len(b) > maxQueueBytes {
		return false
	}
	if k.all.Add(int64(len(b))) > maxQueueBytesAll {
		k.all.Add(-int64(len(b)))
		return false
	}
	k.queued += len(b)
	k.out <- b // only send fills it
	return true
}

// took notes that so many bytes left the queue.
func (k *socket) took(bytes int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.queued -= bytes
	k.all.Add(-int64(bytes))
}

// end lets nothing be queued any more. What is queued is not taken after it.
func (k *socket) end() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.ended = true
	k.all.Add(-int64(k.queued))
	k.queued = 0
}

// answer handles a message and returns what the client is told, nil for nothing.
func (k *socket) answer(ctx context.Context, message []byte, now time.Time) []byte {
	r, err := tracker.ParseWebRequest(message)
	var h *torrent.InfoHash
	if !r.Scrape && len(r.Hashes) == 1 {
		h = &r.Hashes[0]
	}
	switch {
	case err != nil:
		return tracker.WebFailure(h, r.Scrape, k.t.failed(malformed, err.Error()).reason)
	case r.Scrape:
		return k.scrape(ctx, r.Hashes)
	case r.Event != tracker.Stopped:
		if err := k.t.swarms.Verify(ctx, *h, k.addr); err != nil {
			return tracker.WebFailure(h, false, k.t.refuse(ctx, err).reason)
		}
	}
	if r.Answer != nil {
		if to := k.t.sockets.answerTo(k, webKey{*h, r.PeerID}, r.To); to != nil {
			to.send(tracker.WebAnswerTo(*h, r.PeerID, r.OfferID, r.Answer)) // one that is full makes new offers
		}
		return nil
	}
	k.t.counts.announces[WebSocket].Add(1)
	counts, to, fault := k.t.sockets.announce(k, &r, now)
	if fault != "" {
		return tracker.WebFailure(h, false, k.t.failed(malformed, fault).reason)
	}
	for i, other := range to {
		other.send(tracker.WebOfferTo(*h, r.PeerID, &r.Offers[i]))
	}
	return tracker.WebAnswer(*h, webInterval, counts.Complete, counts.Incomplete)
}

// scrape answers with the counts of the WebTorrent peers; what is not served is left out.
func (k *socket) scrape(ctx context.Context, hashes []torrent.InfoHash) []byte {
	if len(hashes) == 0 { // it would list what is in the store
		return tracker.WebFailure(nil, true, k.t.failed(malformed, "a scrape must name an info_hash").reason)
	}
	k.t.counts.scrapes[WebSocket].Add(1)
	files := make([]tracker.Scrape, 0, len(hashes))
	for _, h := range hashes {
		_, err := k.t.swarms.Scrape(ctx, h, k.addr)
		switch {
		case err == nil:
			files = append(files, k.t.sockets.scrape(h))
		case !fault.Is(err, fault.NoTorrent):
			return tracker.WebFailure(nil, true, k.t.refuse(ctx, err).reason)
		}
	}
	return tracker.WebScrape(files)
}

// RunWebSockets keeps the WebTorrent peers true until ctx is done: those of a torrent that is no longer public for them
// are told so within a second, those that do not announce any more are forgotten. Then it ends all sockets.
func (t *Tracker) RunWebSockets(ctx context.Context) error {
	tick := time.NewTicker(recheckEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			t.sockets.close()
			return nil
		case <-tick.C:
			for _, h := range t.sockets.hashes() {
				t.recheckWeb(ctx, h)
			}
		}
	}
}

// recheckWeb looks whether the peers of a swarm may stay.
func (t *Tracker) recheckWeb(ctx context.Context, h torrent.InfoHash) {
	now, unknown := t.o.Now(), false
	members := t.sockets.members(h, now.Add(-webPeerTTL))
	for _, p := range members {
		err := t.swarms.Verify(ctx, h, p.socket.addr)
		switch {
		case ctx.Err() != nil:
			return
		case fault.Is(err, fault.NoTorrent):
			t.expelWeb(p, failureOf(fault.NoTorrent))
		case err != nil:
			unknown = true
		}
	}
	if t.sockets.unverified(h, unknown, now) >= maxUnverified {
		for _, p := range members {
			t.expelWeb(p, failureOf(fault.Internal))
		}
	}
}

// expelWeb removes a peer from its swarm and tells it why.
func (t *Tracker) expelWeb(p *webPeer, why failure) {
	t.sockets.expel(p)
	p.socket.send(tracker.WebFailure(&p.key.hash, false, why.reason))
}
