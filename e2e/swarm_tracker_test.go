package e2e

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"sync"
	"testing"
)

// plainTracker is an HTTP tracker of one torrent that names everybody to everybody, for the swarms of seeders
// that bring none.
type plainTracker struct {
	url   string
	mu    sync.Mutex
	peers map[netip.AddrPort]bool // guarded by mu; true: it has everything
}

// serveTracker runs one on the switch until the test ends.
func serveTracker(t testing.TB, n *network) *plainTracker {
	t.Helper()
	l := n.listen()
	tr := &plainTracker{url: fmt.Sprintf("http://%s/announce", l.Addr()), peers: map[netip.AddrPort]bool{}}
	srv := &http.Server{Handler: tr}
	served := make(chan error)
	go func() { served <- srv.Serve(l) }()
	t.Cleanup(func() { _ = srv.Close(); <-served })
	return tr
}

// ServeHTTP answers an announce (BEP 3, BEP 23).
func (tr *plainTracker) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	port, perr := strconv.ParseUint(r.FormValue("port"), 10, 16)
	if err != nil || perr != nil {
		http.Error(w, "not an announce", http.StatusBadRequest)
		return
	}
	peer := netip.AddrPortFrom(from.Addr(), uint16(port))
	tr.mu.Lock()
	defer tr.mu.Unlock()
	if r.FormValue("event") == "stopped" {
		delete(tr.peers, peer)
	} else {
		tr.peers[peer] = r.FormValue("left") == "0"
	}
	var compact []byte
	for p := range tr.peers {
		if p != peer {
			compact = append(compact, p.Addr().AsSlice()...)
			compact = binary.BigEndian.AppendUint16(compact, p.Port())
		}
	}
	fmt.Fprintf(w, "d8:intervali30e5:peers%d:%se", len(compact), compact)
}

// hasSeed reports whether the peer at that address has announced that nothing is left.
func (tr *plainTracker) hasSeed(address string) bool {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	for p, complete := range tr.peers {
		if complete && net.ParseIP(address).Equal(net.IP(p.Addr().AsSlice())) {
			return true
		}
	}
	return false
}
