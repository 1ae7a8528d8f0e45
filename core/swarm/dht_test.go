package swarm

import (
	"errors"
	"testing"
	"time"

	"shoal/wire/torrent"
	"shoal/wire/tracker"
)

// newTestDHT returns the DHT side of a registry over one hybrid torrent, with a clock that advance moves.
func newTestDHT(t *testing.T, who string) (d *DHT, src *fakeSource, advance func(time.Duration)) {
	t.Helper()
	now := dhtStart()
	r, src := newTestRegistry(t, who, Options{Now: func() time.Time { return now }})
	return r.NewDHT(DHTOptions{}), src, func(by time.Duration) { now = now.Add(by) }
}

// wantNext fails unless the next lookup is of that infohash; the zero one means that there is none.
func wantNext(t *testing.T, what string, d *DHT, want torrent.InfoHash) {
	t.Helper()
	l, ok := d.Next(t.Context())
	if ok != !want.IsZero() || ok && l.InfoHash != want {
		t.Errorf("%s: next is %v, %v, want %v", what, l.InfoHash, ok, want)
	}
}

func TestDHTOfLiveSwarms(t *testing.T) {
	d, _, advance := newTestDHT(t, everyone)
	wantNext(t, "nothing live", d, torrent.InfoHash{})
	if _, err := announce(d.r, "203.0.113.1:1", 40, tracker.Started); err != nil {
		t.Fatal(err)
	}
	wantNext(t, "before the next look", d, torrent.InfoHash{})
	advance(dhtLookEvery)
	wantNext(t, "with a peer", d, testHash)
	advance(time.Second)
	wantNext(t, "the other hash of the hybrid torrent", d, testHashV2.Truncate())
	advance(time.Second)
	wantNext(t, "both announced", d, torrent.InfoHash{})
	if _, err := announce(d.r, "203.0.113.1:1", 40, tracker.Stopped); err != nil {
		t.Fatal(err)
	}
	advance(30 * time.Minute)
	wantNext(t, "left half an hour ago", d, testHash)
	if got := d.Stats(); got != (DHTStats{Torrents: 1, Late: 1}) {
		t.Errorf("stats %+v, want one torrent, of which one hash is to be announced", got)
	}
}

func TestDHTOfConnectedPeers(t *testing.T) {
	d, _, _ := newTestDHT(t, everyone)
	join(t, d.r, "203.0.113.1:1")
	wantNext(t, "with a member", d, testHash)
}

// TestDHTNamesPublicTorrentsAlone: what is not open to everybody whatever the address is not announced.
func TestDHTNamesPublicTorrentsAlone(t *testing.T) {
	private := testTorrent(t, 1, everyone)
	private.Private = true
	for _, tt := range []struct {
		name   string
		before string
		after  func(*testing.T, *fakeSource)
		want   torrent.InfoHash
	}{
		{"public", everyone, func(*testing.T, *fakeSource) {}, testHash},
		{"restricted to addresses", officeOnly, func(*testing.T, *fakeSource) {}, torrent.InfoHash{}},
		{"made private", everyone, func(t *testing.T, f *fakeSource) { f.set(testTorrent(t, 1, nobody)) }, torrent.InfoHash{}},
		{"restricted since", everyone, func(t *testing.T, f *fakeSource) { f.set(testTorrent(t, 1, officeOnly)) }, torrent.InfoHash{}},
		{"deleted", everyone, func(_ *testing.T, f *fakeSource) { f.set() }, torrent.InfoHash{}},
		{"private torrent", everyone, func(_ *testing.T, f *fakeSource) { f.set(private) }, torrent.InfoHash{}},
		{"not known just now", everyone, func(_ *testing.T, f *fakeSource) { f.fail(errors.New("disk")) }, torrent.InfoHash{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d, src, advance := newTestDHT(t, tt.before)
			join(t, d.r, "198.51.100.7:1")
			d.Asked(testTorrent(t, 1, tt.before))
			tt.after(t, src)
			wantNext(t, "after the change", d, tt.want)
			if tt.name != "not known just now" || d.Stats().Torrents != 1 {
				return
			}
			src.fail(nil)
			advance(time.Second)
			wantNext(t, "known again", d, testHashV2.Truncate())
		})
	}
}

// TestDHTAsked: who asked for a .torrent makes it hot without being in its swarm.
func TestDHTAsked(t *testing.T) {
	d, src, advance := newTestDHT(t, everyone)
	private := testTorrent(t, 2, everyone)
	private.Private, private.InfoHash = true, torrent.InfoHash{9}
	d.Asked(private)
	wantNext(t, "a private torrent", d, torrent.InfoHash{})
	d.Asked(testTorrent(t, 1, everyone))
	l, ok := d.Next(t.Context())
	if !ok || l.InfoHash != testHash || !d.MayAnnounce(t.Context(), l) {
		t.Fatalf("next %v, %v, want %v, which may be announced", l, ok, testHash)
	}
	src.set(testTorrent(t, 1, nobody))
	if d.MayAnnounce(t.Context(), l) {
		t.Error("made private while the lookup went on, and still announced")
	}
	src.set(testTorrent(t, 1, everyone))
	advance(time.Second)
	wantNext(t, "public again within the interval", d, torrent.InfoHash{})
	if d.r.Stats().Swarms != 0 {
		t.Error("being asked for made a swarm")
	}
}
