package tracker

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"

	"shoal/wire/torrent"
	"shoal/wire/tracker"
)

// webWait is how long a message may take that must come.
const webWait = 20 * time.Second

// webServer is a tracker on a port of loopback, as server runs it, with a clock that is set by hand.
type webServer struct {
	*Tracker
	src   *oneTorrent
	addr  string
	clock atomic.Int64 // nanoseconds after testTime
}

func newWebServer(t *testing.T, o Options) *webServer {
	t.Helper()
	s := &webServer{}
	o.Now = func() time.Time { return testTime.Add(time.Duration(s.clock.Load())) }
	s.Tracker, _, s.src = newTestTracker(t, o)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.addr = l.Addr().String()
	srv := &http.Server{Handler: s.Tracker}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(s.ListenHTTP(context.Background(), l)) }()
	t.Cleanup(func() {
		s.Tracker.sockets.close()
		if err := srv.Close(); err != nil {
			t.Error(err)
		}
		if err := <-served; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
		if open, peers := s.Tracker.sockets.size(); open != 0 || peers != 0 {
			t.Errorf("at the end: %d sockets, %d peers", open, peers)
		}
	})
	return s
}

// webClient is one WebTorrent peer.
type webClient struct {
	t    *testing.T
	conn *websocket.Conn
	id   string
}

func (s *webServer) dial(t *testing.T, id string) *webClient {
	t.Helper()
	conn, _, err := websocket.Dial(t.Context(), "ws://"+s.addr+"/announce", nil)
	if err != nil {
		t.Fatal(err)
	}
	conn.SetReadLimit(1 << 20)
	t.Cleanup(func() { _ = conn.CloseNow() })
	return &webClient{t: t, conn: conn, id: id}
}

// say sends an announce of testHash with more members, some of which may be other values for the usual ones.
func (c *webClient) say(more map[string]any) {
	c.t.Helper()
	m := map[string]any{"action": "announce", "info_hash": latin1(testHash[:]), "peer_id": c.id, "left": 1}
	maps.Copy(m, more)
	b, err := json.Marshal(m)
	if err != nil {
		c.t.Fatal(err)
	}
	c.write(b)
}

func (c *webClient) write(b []byte) {
	c.t.Helper()
	if err := c.conn.Write(c.t.Context(), websocket.MessageText, b); err != nil {
		c.t.Fatal(err)
	}
}

// hear returns the next message.
func (c *webClient) hear() map[string]any {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), webWait)
	defer cancel()
	_, b, err := c.conn.Read(ctx)
	if err != nil {
		c.t.Fatalf("%s hears: %v", c.id, err)
	}
	var m map[string]any
	if err := json.Unmarshal(b, &m); err != nil {
		c.t.Fatalf("%s hears %q: %v", c.id, b, err)
	}
	return m
}

// wants hears a message and holds some of its members against what is wanted.
func (c *webClient) wants(want map[string]any) {
	c.t.Helper()
	got := c.hear()
	for name, v := range want {
		if got[name] != v {
			c.t.Errorf("%s hears %v, want %s %v", c.id, got, name, v)
		}
	}
}

func latin1(b []byte) string {
	r := make([]rune, len(b))
	for i, c := range b {
		r[i] = rune(c)
	}
	return string(r)
}

func session(kind, sdp string) map[string]any { return map[string]any{"type": kind, "sdp": sdp} }

func offers(ids ...string) map[string]any {
	var list []any
	for _, id := range ids {
		list = append(list, map[string]any{"offer_id": id, "offer": session("offer", "sdp of "+id)})
	}
	return map[string]any{"offers": list, "event": "started", "numwant": len(ids)}
}

const (
	webAlice = "-WW0001-alice0000000"
	webBob   = "-WW0001-bob000000000"
	webCarol = "-WW0001-carol0000000"
)

// TestWebTorrentPeersMeet: an offer goes to one peer each, its answer to who made it.
func TestWebTorrentPeersMeet(t *testing.T) {
	s := newWebServer(t, Options{})
	alice, bob := s.dial(t, webAlice), s.dial(t, webBob)
	alice.say(offers("1", "2"))
	alice.wants(map[string]any{"action": "announce", "interval": 120.0, "complete": 0.0, "incomplete": 1.0, "info_hash": latin1(testHash[:])})
	bob.say(offers("3", "4"))
	bob.wants(map[string]any{"incomplete": 2.0})
	offer := alice.hear()
	if got := offer["offer"].(map[string]any); offer["peer_id"] != webBob || offer["offer_id"] != "3" || got["type"] != "offer" || got["sdp"] != "sdp of 3" {
		t.Fatalf("alice hears %v, want bob's first offer", offer)
	}
	alice.say(map[string]any{"to_peer_id": webBob, "offer_id": "3", "answer": session("answer", "sdp of alice")})
	answer := bob.hear()
	if got := answer["answer"].(map[string]any); answer["peer_id"] != webAlice || answer["offer_id"] != "3" || got["sdp"] != "sdp of alice" {
		t.Errorf("bob hears %v, want alice's answer", answer)
	}
	if got := s.Stats(); got.Sockets != 2 || got.WebPeers != 2 || got.Announces[WebSocket] != 2 {
		t.Errorf("got %+v, want 2 sockets, 2 peers, 2 announces", got)
	}
}

func TestWebTorrentEvents(t *testing.T) {
	s := newWebServer(t, Options{})
	alice, bob := s.dial(t, webAlice), s.dial(t, webBob)
	alice.say(map[string]any{"left": 0})
	alice.wants(map[string]any{"complete": 1.0, "incomplete": 0.0})
	bob.say(nil)
	bob.wants(map[string]any{"complete": 1.0, "incomplete": 1.0})
	for range 2 { // counted once
		bob.say(map[string]any{"event": "completed", "left": 0})
		bob.wants(map[string]any{"complete": 2.0, "incomplete": 0.0})
	}
	bob.say(map[string]any{"action": "scrape"})
	files := bob.hear()["files"].(map[string]any)
	if f := files[latin1(testHash[:])].(map[string]any); f["complete"] != 2.0 || f["downloaded"] != 1.0 {
		t.Errorf("got %v, want 2 complete, 1 downloaded", files)
	}
	more := offers("1")
	more["left"] = 0
	bob.say(more) // alice is a seed as well: no offer for her
	bob.wants(map[string]any{"complete": 2.0})
	bob.say(map[string]any{"event": "stopped"})
	bob.wants(map[string]any{"complete": 1.0})
	alice.say(map[string]any{"event": "stopped"})
	alice.wants(map[string]any{"complete": 0.0})
}

func TestWebTorrentFailures(t *testing.T) {
	s := newWebServer(t, Options{})
	c := s.dial(t, webAlice)
	tests := []struct {
		name string
		more map[string]any
		want map[string]any
	}{
		{"unknown", map[string]any{"info_hash": latin1(otherHash[:])}, map[string]any{"action": "announce", "failure reason": "torrent is not served here", "info_hash": latin1(otherHash[:])}},
		{"short hash", map[string]any{"info_hash": "x"}, map[string]any{"failure reason": "info_hash must be 20 bytes"}},
		{"short id", map[string]any{"peer_id": "x"}, map[string]any{"failure reason": "peer_id must be 20 bytes", "info_hash": latin1(testHash[:])}},
		{"unknown action", map[string]any{"action": "x"}, map[string]any{"failure reason": "malformed message: unknown action"}},
		{"offer", map[string]any{"offers": []any{map[string]any{}}}, map[string]any{"failure reason": "malformed offer or answer"}},
		{"scrape of all", map[string]any{"action": "scrape", "info_hash": nil}, map[string]any{"action": "scrape", "failure reason": "a scrape must name an info_hash"}},
	}
	for _, tt := range tests {
		c.t = t
		c.say(tt.more)
		c.wants(tt.want)
	}
	c.say(map[string]any{"action": "scrape", "info_hash": []string{latin1(otherHash[:])}})
	if got := c.hear()["files"].(map[string]any); len(got) != 0 {
		t.Errorf("scrape of unknown: got %v, want nothing", got)
	}
	if got := s.Stats().Refused; got[notServed] != 1 || got[malformed] != 5 {
		t.Errorf("refused: got %v, want 1 not served, 5 malformed", got)
	}
}

// TestWebTorrentPeerIDsAreTaken: an answer cannot be drawn away by who saw an id in an offer; who connects again
// from the same address has its own.
func TestWebTorrentPeerIDsAreTaken(t *testing.T) {
	var s sockets
	alice, thief, again := fakeSocket("203.0.113.1:1"), fakeSocket("203.0.113.2:1"), fakeSocket("203.0.113.1:2")
	for _, k := range []*socket{alice, thief, again} {
		s.add(k)
	}
	r := &tracker.WebRequest{Hashes: []torrent.InfoHash{testHash}, PeerID: tracker.PeerID([]byte(webAlice))}
	if _, _, fault := s.announce(alice, r, testTime); fault != "" {
		t.Fatal(fault)
	}
	if _, _, fault := s.announce(thief, r, testTime); fault == "" {
		t.Error("another address has taken the id")
	}
	if _, _, fault := s.announce(again, r, testTime); fault != "" || len(alice.peers) != 0 || len(again.peers) != 1 {
		t.Errorf("the same address: %q, %d and %d peers", fault, len(alice.peers), len(again.peers))
	}
	for _, k := range []*socket{alice, thief, again} {
		s.remove(k)
	}
	if len(s.swarms) != 0 || s.peers != 0 {
		t.Errorf("%d swarms, %d peers left", len(s.swarms), s.peers)
	}
}

func TestWebTorrentBounds(t *testing.T) {
	var s sockets
	k := fakeSocket("203.0.113.1:1")
	s.add(k)
	var last string
	for i := range maxPeersPerSocket + 1 {
		r := &tracker.WebRequest{Hashes: []torrent.InfoHash{{byte(i), byte(i >> 8)}}, Left: 1}
		_, _, last = s.announce(k, r, testTime)
	}
	if last == "" || s.peers != maxPeersPerSocket {
		t.Errorf("one socket: %d peers, %q, want %d and a failure", s.peers, last, maxPeersPerSocket)
	}
	s.remove(k)

	k = fakeSocket("203.0.113.1:1")
	s.add(k)
	for i := range maxWebPeersPerHost + 1 {
		s.announce(k, &tracker.WebRequest{Hashes: []torrent.InfoHash{testHash}, PeerID: tracker.PeerID{byte(i)}, Left: 1}, testTime)
	}
	if s.peers != maxWebPeersPerHost {
		t.Errorf("one host in a swarm: %d peers, want %d", s.peers, maxWebPeersPerHost)
	}
	s.remove(k)
	if a, b := fakeSocket("[2001:db8:0:1::1]:1"), fakeSocket("[2001:db8:0:1:2::1]:1"); hostOf(a.addr) != hostOf(b.addr) {
		t.Error("two addresses of one IPv6 /64 are two hosts")
	}
	if a, b := fakeSocket("203.0.113.1:1"), fakeSocket("203.0.113.2:1"); hostOf(a.addr) == hostOf(b.addr) {
		t.Error("two IPv4 addresses are one host")
	}

	for range maxQueue {
		if !k.send(make([]byte, 1)) {
			t.Fatal("a queue is full before its time")
		}
	}
	if k.send(make([]byte, 1)) {
		t.Error("a full queue takes a message")
	}
	if k = fakeSocket("203.0.113.1:1"); k.send(make([]byte, maxQueueBytes+1)) {
		t.Error("a queue takes more bytes than it may have")
	}
}

// TestSocketsTogetherAreBounded: sockets are no more than maxSockets, and what waits in the queues of all is bounded and
// accounted for when a message is sent, is not taken, and when a socket ends.
func TestSocketsTogetherAreBounded(t *testing.T) {
	var s sockets
	var all []*socket
	for range maxSockets {
		k := fakeSocket("203.0.113.1:1")
		k.all = &s.queued
		if s.full() || !s.add(k) {
			t.Fatalf("full with %d sockets", len(all))
		}
		all = append(all, k)
	}
	if !s.full() || s.add(fakeSocket("203.0.113.1:1")) {
		t.Error("one socket too many")
	}
	message := make([]byte, maxQueueBytes/2)
	queued := 0
	for _, k := range all {
		for k.send(message) {
			queued++
		}
	}
	if want := maxQueueBytesAll / len(message); queued != want || s.queued.Load() != maxQueueBytesAll {
		t.Errorf("%d messages and %d bytes wait, want %d and %d", queued, s.queued.Load(), want, maxQueueBytesAll)
	}
	all[0].took(len(<-all[0].out))
	if !all[len(all)-1].send(message) {
		t.Error("what was taken makes no room")
	}
	for _, k := range all {
		k.end()
		if k.send([]byte{1}) {
			t.Fatal("an ended socket takes a message")
		}
		s.remove(k)
	}
	if got := s.queued.Load(); got != 0 || s.full() {
		t.Errorf("%d bytes wait though all sockets ended", got)
	}
}

// TestWebTorrentChoosesAtRandom: every other peer is chosen now and then, none twice for one announce.
func TestWebTorrentChoosesAtRandom(t *testing.T) {
	var s sockets
	seen := map[*socket]bool{}
	for i := range 20 {
		k := fakeSocket("203.0.113.1:1")
		s.add(k)
		r := &tracker.WebRequest{Hashes: []torrent.InfoHash{testHash}, PeerID: tracker.PeerID{byte(i)}, Left: 1, NumWant: -1, Offers: make([]tracker.WebOffer, 5)}
		_, to, fault := s.announce(k, r, testTime)
		if fault != "" || len(to) != min(i, 5) || slices.Contains(to, k) {
			t.Fatalf("peer %d: %d offers go out, %q", i, len(to), fault)
		}
	}
	for range 200 {
		to := s.swarms[testHash].choose(5, tracker.PeerID{0}, false)
		once := map[*socket]bool{}
		for _, k := range to {
			seen[k], once[k] = true, true
		}
		if len(once) != 5 {
			t.Fatalf("chosen %d, want 5", len(once))
		}
	}
	if len(seen) != 19 {
		t.Errorf("%d peers were ever chosen, want 19", len(seen))
	}
}

// TestWebTorrentMadePrivate: the peers of a torrent that is no longer public are told so and are gone.
func TestWebTorrentMadePrivate(t *testing.T) {
	s := newWebServer(t, Options{})
	alice := s.dial(t, webAlice)
	alice.say(nil)
	alice.wants(map[string]any{"incomplete": 1.0})
	s.src.set(true, nil)
	s.clock.Add(int64(500 * time.Millisecond)) // Registry's recheck interval
	s.recheckWeb(t.Context(), testHash)
	alice.wants(map[string]any{"failure reason": "torrent is not served here", "info_hash": latin1(testHash[:])})
	if got := s.Stats().WebPeers; got != 0 {
		t.Errorf("%d peers, want none", got)
	}
	alice.say(nil)
	alice.wants(map[string]any{"failure reason": "torrent is not served here"})
}

// TestWebTorrentUnverified: while the store cannot be asked, peers stay, but not for long.
func TestWebTorrentUnverified(t *testing.T) {
	s := newWebServer(t, Options{})
	alice := s.dial(t, webAlice)
	alice.say(nil)
	alice.wants(map[string]any{"incomplete": 1.0})
	s.src.set(false, errors.New("disk on fire"))
	for s.clock.Add(int64(500*time.Millisecond)) < int64(maxUnverified) {
		s.recheckWeb(t.Context(), testHash)
		if s.Stats().WebPeers != 1 {
			t.Fatal("the peer is gone at once")
		}
	}
	s.clock.Add(int64(maxUnverified))
	s.recheckWeb(t.Context(), testHash)
	alice.wants(map[string]any{"failure reason": "internal error"})
}

// TestWebTorrentForgets: who does not announce any more is no peer any more.
func TestWebTorrentForgets(t *testing.T) {
	s := newWebServer(t, Options{})
	alice := s.dial(t, webAlice)
	alice.say(nil)
	alice.wants(map[string]any{"incomplete": 1.0})
	s.clock.Add(int64(webPeerTTL + time.Second))
	s.recheckWeb(t.Context(), testHash)
	if got := s.Stats(); got.WebPeers != 0 || got.Sockets != 1 {
		t.Errorf("%d peers, %d sockets, want 0 and 1", got.WebPeers, got.Sockets)
	}
}

func TestWebSocketEnds(t *testing.T) {
	tests := []struct {
		name string
		o    Options
		do   func(*webServer, *webClient)
		want websocket.StatusCode
	}{
		{"message too long", Options{}, func(_ *webServer, c *webClient) { c.write(make([]byte, tracker.MaxWebMessage+1)) }, websocket.StatusMessageTooBig},
		{"too many", Options{Rate: 1}, func(_ *webServer, c *webClient) {
			for range int(limitBurst / time.Second) {
				c.write([]byte("{}"))
			}
		}, websocket.StatusTryAgainLater},
		{"shutdown", Options{}, func(s *webServer, _ *webClient) { s.Tracker.sockets.close() }, -1},
	}
	for _, tt := range tests {
		s := newWebServer(t, tt.o)
		c := s.dial(t, webAlice)
		c.say(map[string]any{"event": "stopped"})
		if tt.o.Rate == 0 {
			c.hear()
		}
		tt.do(s, c)
		ctx, cancel := context.WithTimeout(t.Context(), webWait)
		var err error
		for err == nil {
			_, _, err = c.conn.Read(ctx)
		}
		cancel()
		if got := websocket.CloseStatus(err); got != tt.want {
			t.Errorf("%s: ends with %v (%v), want %v", tt.name, got, err, tt.want)
		}
	}
}

// TestWebSocketPaths: sockets are for announces; others get what any request there gets.
func TestWebSocketPaths(t *testing.T) {
	s := newWebServer(t, Options{})
	for path, want := range map[string]int{"/": 101, "/announce": 101, "/announce/token": 101, "/scrape": 200, "/other": 404} {
		conn, resp, err := websocket.Dial(t.Context(), "ws://"+s.addr+path, nil)
		if err == nil {
			_ = conn.CloseNow()
		}
		if resp == nil || resp.StatusCode != want {
			t.Errorf("%s: %v, %v, want %d", path, resp, err, want)
		}
	}
}

func fakeSocket(addr string) *socket {
	return &socket{
		addr: netip.MustParseAddrPort(addr).Addr(), cancel: func() {}, all: new(atomic.Int64), out: make(chan []byte, maxQueue), peers: make(map[webKey]*webPeer),
	}
}

// FuzzWebSocket: whatever a client sends, it gets JSON or nothing, and the table stays whole.
func FuzzWebSocket(f *testing.F) {
	f.Add(`{"action":"announce","info_hash":"`+strings.Repeat("a", 20)+`","peer_id":"`+webBob+`"}`, `{}`)
	f.Fuzz(func(t *testing.T, first, second string) {
		tr, _, _ := newTestTracker(t, Options{})
		k := fakeSocket("203.0.113.1:1")
		k.t = tr
		tr.sockets.add(k)
		for _, m := range []string{first, second} {
			if reply := k.answer(t.Context(), []byte(m), testTime); reply != nil && !json.Valid(reply) {
				t.Fatalf("%q is answered by %q", m, reply)
			}
		}
		if _, peers := tr.sockets.size(); peers != len(k.peers) {
			t.Fatalf("%d peers, %d on the socket", peers, len(k.peers))
		}
		tr.sockets.remove(k)
	})
}
