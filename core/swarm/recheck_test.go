package swarm

import (
	"context"
	"errors"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"shoal/core/fault"
	"shoal/core/object"
	"shoal/wire/tracker"
)

// running runs r until the test ends.
func running(t *testing.T, r *Registry) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- r.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run = %v, want nil", err)
		}
	})
}

func TestSwarmClosesWithinASecond(t *testing.T) {
	tests := []struct {
		name  string
		after func(t *testing.T) []*object.Torrent
	}{
		{"deleted", func(*testing.T) []*object.Torrent { return nil }},
		{"made private", func(t *testing.T) []*object.Torrent { return []*object.Torrent{testTorrent(t, 1, nobody)} }},
		{"other private copy", func(t *testing.T) []*object.Torrent { return []*object.Torrent{testTorrent(t, 2, nobody)} }},
		{"office only", func(t *testing.T) []*object.Torrent { return []*object.Torrent{testTorrent(t, 1, officeOnly)} }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, src := newTestRegistry(t, everyone, Options{})
				running(t, r)
				m, conn := join(t, r, "203.0.113.1:1000")
				if _, err := announce(r, "203.0.113.2:2000", 1, tracker.Started); err != nil {
					t.Fatal(err)
				}
				time.Sleep(10 * time.Second)
				if err := conn.closed(); err != nil {
					t.Fatalf("closed while public: %v", err)
				}
				src.set(tt.after(t)...)
				time.Sleep(time.Second)
				wantKind(t, "reason of the close", conn.closed(), fault.NoTorrent)
				_, err := announce(r, "203.0.113.2:2000", 1, tracker.None)
				wantKind(t, "announce", err, fault.NoTorrent)
				_, err = r.Swarm(t.Context(), testHash, netip.MustParseAddr("203.0.113.1"))
				wantKind(t, "lookup", err, fault.NoTorrent)
				_, err = r.Scrape(t.Context(), testHash, netip.MustParseAddr("203.0.113.1"))
				wantKind(t, "scrape", err, fault.NoTorrent)
				_, err = m.s.Join(&fakeConn{addr: conn.addr})
				wantKind(t, "join of the old swarm", err, fault.NoTorrent)
				m.Leave()
				if got := r.Stats(); got.Members != 0 || got.Peers != 0 {
					t.Errorf("Stats = %+v, want nobody", got)
				}
			})
		})
	}
}

// TestAskedSwarmIsRechecked: a swarm of announced peers alone costs no reads while nobody asks, and whoever
// asks learns the truth of at most a second ago.
func TestAskedSwarmIsRechecked(t *testing.T) {
	tests := []struct {
		name string
		ask  func(*Registry) error
	}{
		{"announce", func(r *Registry) error {
			_, err := announce(r, "203.0.113.2:2000", 1, tracker.None)
			return err
		}},
		{"scrape", func(r *Registry) error {
			_, err := r.Scrape(context.Background(), testHash, netip.MustParseAddr("203.0.113.1"))
			return err
		}},
		{"connect", func(r *Registry) error {
			_, err := r.Swarm(context.Background(), testHash, netip.MustParseAddr("203.0.113.1"))
			return err
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, src := newTestRegistry(t, everyone, Options{})
				running(t, r)
				if _, err := announce(r, "203.0.113.2:2000", 1, tracker.Started); err != nil {
					t.Fatal(err)
				}
				time.Sleep(minPeerTTL/2 + expireEvery/2)
				if got, most := src.reloaded(), int(minPeerTTL/2/expireEvery)+1; got > most {
					t.Errorf("reloads while nobody asked: got %d, want at most %d", got, most)
				}
				src.fail(errors.New("disk"))
				wantKind(t, "while the source fails", tt.ask(r), fault.Internal)
				src.fail(nil)
				if err := tt.ask(r); err != nil || r.Stats().Peers != 1 {
					t.Errorf("after a hiccup: %v and %d peers, want the peer still known", err, r.Stats().Peers)
				}
				src.set(testTorrent(t, 1, nobody))
				time.Sleep(time.Second)
				wantKind(t, "made private", tt.ask(r), fault.NoTorrent)
				if got := r.Stats().Peers; got != 0 {
					t.Errorf("%d peers kept, want 0", got)
				}
			})
		})
	}
}

// TestDeletedSwarmIsForgotten: also when nobody asks for it any more.
func TestDeletedSwarmIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, src := newTestRegistry(t, everyone, Options{})
		running(t, r)
		if _, err := announce(r, "203.0.113.2:2000", 1, tracker.Started); err != nil {
			t.Fatal(err)
		}
		src.set()
		time.Sleep(expireEvery + time.Second)
		if got := r.Stats(); got != (Stats{}) {
			t.Errorf("Stats = %+v, want nothing", got)
		}
	})
}

func TestOfficeMembersStay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, src := newTestRegistry(t, everyone, Options{})
		running(t, r)
		_, office := join(t, r, "198.51.100.7:1000")
		_, stranger := join(t, r, "203.0.113.1:1000")
		src.set(testTorrent(t, 1, officeOnly))
		time.Sleep(time.Second)
		if err := office.closed(); err != nil {
			t.Errorf("office: closed for %v, want open", err)
		}
		wantKind(t, "stranger", stranger.closed(), fault.NoTorrent)
		// Another bucket has the same content for everyone: the swarm goes over to it.
		src.set(testTorrent(t, 1, officeOnly), testTorrent(t, 2, everyone))
		time.Sleep(time.Second) // a recheck of this very moment puts the first one back
		m, _ := join(t, r, "203.0.113.1:1001")
		if got := m.s.Torrent().Version.ID; got != (object.VersionID{2}) {
			t.Errorf("version = %x, want the one open to all", got[0])
		}
	})
}

func TestEqualObjectTakesOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, src := newTestRegistry(t, everyone, Options{})
		running(t, r)
		m, conn := join(t, r, "203.0.113.1:1000")
		src.set(testTorrent(t, 2, everyone))
		time.Sleep(time.Second)
		if err := conn.closed(); err != nil {
			t.Errorf("closed for %v, want open", err)
		}
		if got := m.s.Torrent().Version.ID; got != (object.VersionID{2}) {
			t.Errorf("version = %x, want 2", got[0])
		}
	})
}

func TestSwarmOutlivesAHiccup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, src := newTestRegistry(t, everyone, Options{})
		running(t, r)
		_, conn := join(t, r, "203.0.113.1:1000")
		src.fail(errors.New("disk"))
		time.Sleep(2 * time.Second)
		src.fail(nil)
		time.Sleep(10 * time.Second)
		if err := conn.closed(); err != nil {
			t.Errorf("after a hiccup: closed for %v, want open", err)
		}
		src.fail(errors.New("disk"))
		time.Sleep(maxUnverified + 2*time.Second)
		wantKind(t, "after a long fault", conn.closed(), fault.NoTorrent)
	})
}

func TestIdleSwarmIsDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, _ := newTestRegistry(t, everyone, Options{})
		running(t, r)
		m, _ := join(t, r, "203.0.113.1:1000")
		time.Sleep(time.Hour)
		m.Leave()
		time.Sleep(89 * time.Second)
		if got := r.Stats().Swarms; got != 1 {
			t.Errorf("after 89 s: %d swarms, want 1", got)
		}
		time.Sleep(2 * time.Second)
		if got := r.Stats().Swarms; got != 0 {
			t.Errorf("after 91 s: %d swarms, want 0", got)
		}
		if r.live(testHash) != nil || r.live(testHashV2.Truncate()) != nil {
			t.Error("a dropped swarm is still found")
		}
		join(t, r, "203.0.113.1:1000")
	})
}

func TestPeersExpire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, _ := newTestRegistry(t, everyone, Options{})
		running(t, r)
		reply, err := announce(r, "203.0.113.2:2000", 1, tracker.Started)
		if err != nil {
			t.Fatal(err)
		}
		if reply.Interval < crowdMin || reply.Interval > crowdMax {
			t.Errorf("interval of a young swarm = %v, want %v to %v", reply.Interval, crowdMin, crowdMax)
		}
		time.Sleep(minPeerTTL - time.Second)
		reply, err = announce(r, "203.0.113.3:3000", 1, tracker.Started)
		if err != nil || len(reply.Peers) != 1 {
			t.Errorf("before expiry: %v, %v; want the other peer", reply.Peers, err)
		}
		time.Sleep(2 * time.Second) // before the sweep: not named any more all the same
		reply, err = announce(r, "203.0.113.3:3000", 1, tracker.None)
		if err != nil || len(reply.Peers) != 0 {
			t.Errorf("after expiry: %v, %v; want none", reply.Peers, err)
		}
		time.Sleep(expireEvery)
		if got := r.Stats().Peers; got != 1 {
			t.Errorf("%d peers, want 1", got)
		}
		time.Sleep(3 * time.Hour)
		if got := r.Stats(); got != (Stats{}) {
			t.Errorf("Stats = %+v, want nothing", got)
		}
	})
}

// TestDroppedSwarmIsMadeAnew: a dropped swarm takes nobody in, and is no longer found.
func TestDroppedSwarmIsMadeAnew(t *testing.T) {
	r, _ := newTestRegistry(t, everyone, Options{})
	old, err := r.Swarm(t.Context(), testHash, netip.MustParseAddr("203.0.113.1"))
	if err != nil {
		t.Fatal(err)
	}
	old.closeIfEmpty(0)
	_, err = old.announce(testHash, &Announce{Peer: netip.MustParseAddrPort("203.0.113.1:1"), Left: 1}, nil)
	if !errors.Is(err, errIdle) {
		t.Fatalf("the dropped swarm: got %v, want %v", err, errIdle)
	}
	reply, err := announce(r, "203.0.113.1:1", 1, tracker.Started)
	if err != nil || reply.Incomplete != 1 || r.Stats().Swarms != 1 {
		t.Errorf("got %+v, %v and %d swarms, want one new swarm", reply, err, r.Stats().Swarms)
	}
}
