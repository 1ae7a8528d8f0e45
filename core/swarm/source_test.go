package swarm

import (
	"context"
	"fmt"
	"net/netip"
	"sync"
	"testing"

	"shoal/core/access"
	"shoal/core/fault"
	"shoal/core/object"
	"shoal/wire/torrent"
)

// fakeSource holds torrents by version and finds them as object.Store does.
type fakeSource struct {
	mu       sync.Mutex
	torrents []*object.Torrent
	fault    error // what every call answers, when set
	resolves int
	reloads  int
}

func (f *fakeSource) Resolve(_ context.Context, h torrent.InfoHash, peer access.Context) (*object.Torrent, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.resolves++
	if f.fault != nil {
		return nil, f.fault
	}
	for _, t := range f.torrents {
		if (t.InfoHash == h || t.InfoHashV2.Truncate() == h) && (t.Private || t.OpenTo(peer)) {
			return t, nil
		}
	}
	return nil, fault.New("resolve", h.String(), fault.NoTorrent, nil)
}

func (f *fakeSource) Reload(_ context.Context, t *object.Torrent) (*object.Torrent, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.reloads++
	if f.fault != nil {
		return nil, f.fault
	}
	for _, now := range f.torrents {
		if now.Version.ID == t.Version.ID && now.Kind == t.Kind {
			return now, nil
		}
	}
	return nil, fault.New("reload", t.InfoHash.String(), fault.NoTorrent, nil)
}

// set replaces the torrents.
func (f *fakeSource) set(list ...*object.Torrent) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.torrents = list
}

// reloaded returns how often Reload was called.
func (f *fakeSource) reloaded() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.reloads
}

func (f *fakeSource) fail(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fault = err
}

const (
	testPieces    = 10
	everyone      = `"*"`
	officeOnly    = "office"
	nobody        = ""
	officeNetwork = "198.51.100.0/24"
)

var (
	testHash   = torrent.InfoHash{1, 2, 3}
	testHashV2 = torrent.InfoHashV2{200, 2, 3}
)

// testTorrent is version number n of the test's content, readable by everyone, the office or nobody.
func testTorrent(tb testing.TB, n byte, who string) *object.Torrent {
	tb.Helper()
	b := &object.Bucket{ID: object.BucketID{n}, Name: "bucket", Owner: "owner"}
	condition := ""
	if who == officeOnly {
		condition = fmt.Sprintf(`,"Condition":{"IpAddress":{"aws:SourceIp":%q}}`, officeNetwork)
	}
	if who != nobody {
		policy := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*",`+
			`"Action":"s3:GetObject","Resource":"arn:aws:s3:::bucket/*"%s}]}`, condition)
		var err error
		if b.Config.Policy, err = access.ParsePolicy([]byte(policy), b.Name); err != nil {
			tb.Fatal(err)
		}
	}
	return &object.Torrent{
		Bucket: b, Version: &object.Version{Key: "key", ID: object.VersionID{n}, Owner: access.Owner{ID: "owner"}},
		Current: true, Kind: torrent.Hybrid, Name: "key", Length: testPieces * 4, PieceLength: 4,
		InfoHash: testHash, InfoHashV2: testHashV2,
	}
}

// newTestRegistry returns a registry over one torrent.
func newTestRegistry(tb testing.TB, who string, o Options) (*Registry, *fakeSource) {
	tb.Helper()
	src := &fakeSource{}
	src.set(testTorrent(tb, 1, who))
	return New(src, o), src
}

// fakeConn records why it was closed.
type fakeConn struct {
	addr   netip.AddrPort
	mu     sync.Mutex
	reason error
}

func (c *fakeConn) RemoteAddr() netip.AddrPort { return c.addr }
func (c *fakeConn) Wake()                      {}

func (c *fakeConn) Close(reason error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reason = reason
}

func (c *fakeConn) closed() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.reason
}

// join connects a member, which must succeed.
func join(tb testing.TB, r *Registry, addr string) (*Member, *fakeConn) {
	tb.Helper()
	c := &fakeConn{addr: netip.MustParseAddrPort(addr)}
	s, err := r.Swarm(context.Background(), testHash, c.addr.Addr())
	if err != nil {
		tb.Fatalf("swarm for %s: %v", addr, err)
	}
	m, err := s.Join(c)
	if err != nil {
		tb.Fatalf("join of %s: %v", addr, err)
	}
	return m, c
}

// wantKind fails unless err is of kind.
func wantKind(tb testing.TB, what string, err error, kind fault.Kind) {
	tb.Helper()
	if !fault.Is(err, kind) {
		tb.Errorf("%s: got %v, want kind %v", what, err, kind)
	}
}
