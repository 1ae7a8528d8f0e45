package e2e

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

const utpSize = 40_000_000 // bytes

// TestDownloadsOverUTP: clients that can reach the peer port by UDP alone get the object whole, and it is metered.
func TestDownloadsOverUTP(t *testing.T) {
	s := start(t, options{host: "any"})
	for _, c := range []struct {
		btClient
		encryption encryption
	}{
		{btClient: btClient{name: "libtorrent", start: libtorrent}},
		{btClient: btClient{name: "libtorrent-encrypted", start: libtorrent}, encryption: payload},
		{btClient: btClient{name: "transmission-cli", start: transmission, refusesLoopback: true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := s.in(t)
			p := published{bucket: "utp-" + c.name, key: "a/" + c.name + ".bin", path: filepath.Join(t.TempDir(), "file"), size: utpSize}
			p.sha256 = writeContent(t, p.path, 11, p.size)
			s.makeBucket(p.bucket, true)
			s.put(p.bucket, p.key, contentBytes(11, utpSize))
			host, bind := loopback, "127.0.0.61"
			if c.refusesLoopback {
				host, bind = outsideAddress(t), ""
			}
			r := newUDPRelay(t, host, at(host, s.peer))
			m := parseTorrent(t, s.torrentOf(host, p.bucket, p.key).body)
			m.Announce, m.AnnounceList = r.announceURL(), nil
			data, err := m.Append(nil)
			if err != nil {
				t.Fatal(err)
			}
			d := c.start(t, source{link: saveTorrent(t, data), host: bind, utp: true, encryption: c.encryption})
			d.await(downloadIn)
			checkFile(t, d, p)
			if got := r.sent(); got < p.size {
				t.Errorf("%d bytes came by UDP, want at least %d", got, p.size)
			}
			eventually(t, meteredWithin, "the bytes are on the usage report", func() bool {
				got, _ := s.usage().got(p.bucket)
				return got >= p.size
			})
		})
	}
}

// udpRelay stands between the peer port and its clients and passes on datagrams; there is nothing for TCP on its
// port. It is also the tracker that leads peers to it.
type udpRelay struct {
	t       testing.TB
	seeder  *net.UDPAddr
	peers   *net.UDPConn
	tracker net.Listener
	work    sync.WaitGroup
	mu      sync.Mutex
	links   map[netip.AddrPort]*net.UDPConn // to the seeder, by client; guarded by mu
	bytes   int64                           // from the seeder; guarded by mu
}

// newUDPRelay listens on host until the test ends.
func newUDPRelay(t testing.TB, host, seeder string) *udpRelay {
	t.Helper()
	r := &udpRelay{t: t, tracker: listen(t, host), links: make(map[netip.AddrPort]*net.UDPConn)}
	var err error
	if r.seeder, err = net.ResolveUDPAddr("udp4", seeder); err != nil {
		t.Fatal(err)
	}
	if r.peers, err = net.ListenUDP("udp4", &net.UDPAddr{IP: net.ParseIP(host)}); err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: http.HandlerFunc(r.announce)}
	r.work.Go(func() { _ = srv.Serve(r.tracker) })
	r.work.Go(r.fromClients)
	t.Cleanup(func() {
		_ = srv.Close()
		_ = r.peers.Close()
		r.mu.Lock()
		for _, link := range r.links {
			_ = link.Close()
		}
		r.mu.Unlock()
		r.work.Wait()
	})
	return r
}

func (r *udpRelay) announceURL() string { return "http://" + r.tracker.Addr().String() + "/announce" }

// announce answers every announce with the relay itself as the only peer (BEP 3, BEP 23).
func (r *udpRelay) announce(w http.ResponseWriter, _ *http.Request) {
	a := r.peers.LocalAddr().(*net.UDPAddr).AddrPort()
	ip := a.Addr().Unmap().As4()
	fmt.Fprintf(w, "d8:completei1e10:incompletei0e8:intervali1800e5:peers6:%se", binary.BigEndian.AppendUint16(ip[:], a.Port()))
}

func (r *udpRelay) fromClients() {
	b := make([]byte, 2048)
	for {
		n, from, err := r.peers.ReadFromUDPAddrPort(b)
		if err != nil {
			return
		}
		if link := r.link(from); link != nil {
			_, _ = link.Write(b[:n])
		}
	}
}

// link returns the socket that speaks to the seeder for a client.
func (r *udpRelay) link(client netip.AddrPort) *net.UDPConn {
	r.mu.Lock()
	defer r.mu.Unlock()
	if link := r.links[client]; link != nil {
		return link
	}
	link, err := net.DialUDP("udp4", nil, r.seeder)
	if err != nil {
		r.t.Errorf("dial the seeder: %v", err)
		return nil
	}
	r.links[client] = link
	r.work.Go(func() { r.toClient(link, client) })
	return link
}

func (r *udpRelay) toClient(link *net.UDPConn, client netip.AddrPort) {
	b := make([]byte, 2048)
	for {
		_ = link.SetReadDeadline(time.Now().Add(downloadIn))
		n, err := link.Read(b)
		if err != nil {
			return
		}
		r.mu.Lock()
		r.bytes += int64(n)
		r.mu.Unlock()
		_, _ = r.peers.WriteToUDPAddrPort(b[:n], client)
	}
}

// sent returns how many bytes came from the seeder.
func (r *udpRelay) sent() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.bytes
}
