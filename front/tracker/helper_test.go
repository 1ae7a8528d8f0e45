package tracker

import (
	"context"
	"encoding/binary"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"sync"
	"testing"
	"time"

	"shoal/core/access"
	"shoal/core/fault"
	"shoal/core/object"
	"shoal/core/swarm"
	"shoal/wire/torrent"
	"shoal/wire/tracker"
)

var (
	testHash   = torrent.InfoHash{1, '&', '%', 0xff}
	testHashV2 = torrent.InfoHashV2{2, 0, '+'}
	otherHash  = torrent.InfoHash{9}
	testTime   = time.Unix(1_800_000_000, 0)
	stranger   = netip.MustParseAddrPort("203.0.113.1:5000")
)

// oneTorrent is a source with one torrent, which can be made private and can fail.
type oneTorrent struct {
	mu     sync.Mutex
	hidden bool
	fault  error
}

func (o *oneTorrent) Resolve(_ context.Context, h torrent.InfoHash, _ access.Context) (*object.Torrent, error) {
	if h != testHash && h != testHashV2.Truncate() {
		return nil, fault.New("resolve", h.String(), fault.NoTorrent, nil)
	}
	return o.Reload(context.Background(), publicTorrent())
}

func (o *oneTorrent) Reload(_ context.Context, t *object.Torrent) (*object.Torrent, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.hidden {
		return nil, fault.New("reload", t.InfoHash.String(), fault.NoTorrent, nil)
	}
	return t, o.fault
}

func (o *oneTorrent) set(hidden bool, fault error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.hidden, o.fault = hidden, fault
}

func publicTorrent() *object.Torrent {
	owner := access.Owner{ID: "owner"}
	acl, err := access.ObjectACL(access.CannedPublicRead, owner, owner)
	if err != nil {
		panic(err) // a canned name of our own
	}
	return &object.Torrent{
		Bucket: &object.Bucket{Name: "bucket", Owner: "owner"}, Version: &object.Version{Key: "key", Owner: owner, ACL: acl},
		Current: true, Length: 100, PieceLength: 10, InfoHash: testHash, InfoHashV2: testHashV2,
	}
}

// newTestTracker returns a tracker whose seeder listens on port 6881; its clock stands still.
func newTestTracker(tb testing.TB, o Options) (*Tracker, *swarm.Registry, *oneTorrent) {
	tb.Helper()
	src := &oneTorrent{}
	o.PeerPort = 6881
	if o.Now == nil {
		o.Now = func() time.Time { return testTime }
	}
	reg := swarm.New(src, swarm.Options{Now: o.Now})
	return New(reg, o), reg, src
}

// query is the query of an announce; more is appended as it stands.
func query(h torrent.InfoHash, port, more string) string {
	return "info_hash=" + url.QueryEscape(string(h[:])) + "&peer_id=-XX0001-abcdefghijkl&port=" + port + more
}

// connected returns a connection id that is proven for from.
func connected(t *Tracker, from netip.AddrPort) uint64 { return t.ids.Make(from.Addr(), testTime) }

// udpConnect is a connect request.
func udpConnect(transaction uint32) []byte {
	return udpHeader(0x41727101980, tracker.ActionConnect, transaction)
}

func udpHeader(id uint64, action tracker.Action, transaction uint32) []byte {
	b := binary.BigEndian.AppendUint64(nil, id)
	b = binary.BigEndian.AppendUint32(b, uint32(action))
	return binary.BigEndian.AppendUint32(b, transaction)
}

// udpAnnounce is an announce request.
func udpAnnounce(id uint64, h torrent.InfoHash, left uint64, port uint16) []byte {
	b := append(udpHeader(id, tracker.ActionAnnounce, 7), h[:]...)
	b = append(b, "-XX0001-abcdefghijkl"...)
	b = binary.BigEndian.AppendUint64(b, 0)
	b = binary.BigEndian.AppendUint64(b, left)
	b = append(b, make([]byte, 8+4+4+4)...)
	b = binary.BigEndian.AppendUint32(b, 1<<32-1)
	return binary.BigEndian.AppendUint16(b, port)
}

// udpScrape is a scrape request.
func udpScrape(id uint64, hashes ...torrent.InfoHash) []byte {
	b := udpHeader(id, tracker.ActionScrape, 7)
	for _, h := range hashes {
		b = append(b, h[:]...)
	}
	return b
}

// contextWithLocal is the context of r as net/http makes it on a connection to local.
func contextWithLocal(r *http.Request, local net.Addr) context.Context {
	return context.WithValue(r.Context(), http.LocalAddrContextKey, local)
}
