package swarm

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"shoal/core/fault"
	"shoal/core/object"
	"shoal/wire/tracker"
)

// TestSpentQuotaLeavesPeersToEachOther: within a second after the quota of a bucket is used up its peers are let go and none
// gets in, while announces name peers and not the origin; with a new quota all is as before.
func TestSpentQuotaLeavesPeersToEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var answer atomic.Pointer[error]
		say := func(err error) { answer.Store(&err) }
		say(errors.New("not known")) // which says nothing
		r, _ := newTestRegistry(t, everyone, Options{MayServe: func(_ context.Context, tor *object.Torrent) error {
			if tor.Bucket.Name == "" {
				t.Error("asked for no bucket")
			}
			return *answer.Load()
		}})
		running(t, r)
		_, conn := join(t, r, "203.0.113.1:1000")
		origin := netip.MustParseAddrPort("192.0.2.9:6881")
		ask := func(from string) []string {
			reply, err := r.Announce(t.Context(), testHash, Announce{
				Peer: netip.MustParseAddrPort(from), Left: 1, Event: tracker.None, NumWant: tracker.NumWantDefault, Origin: []netip.AddrPort{origin},
			}, nil)
			if err != nil {
				t.Fatal(err)
			}
			return named(reply)
		}
		if got := ask("203.0.113.2:2000"); !slices.Contains(got, origin.String()) {
			t.Errorf("named %v, want the origin among them", got)
		}
		say(fault.New("send", "b", fault.QuotaExceeded, nil))
		time.Sleep(time.Second)
		wantKind(t, "reason of the close", conn.closed(), fault.QuotaExceeded)
		if got := ask("203.0.113.3:3000"); !slices.Equal(got, []string{"203.0.113.2:2000"}) {
			t.Errorf("named %v, want the other peer alone", got)
		}
		s, err := r.Swarm(t.Context(), testHash, conn.addr.Addr())
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.Join(&fakeConn{addr: conn.addr})
		wantKind(t, "join", err, fault.QuotaExceeded)
		if got := r.Stats(); got.Members != 0 || got.Peers != 2 {
			t.Errorf("stats %+v, want two peers and no member", got)
		}
		say(nil)
		time.Sleep(2 * time.Second)
		join(t, r, "203.0.113.1:1000")
		if got := ask("203.0.113.4:4000"); !slices.Contains(got, origin.String()) {
			t.Errorf("named %v, want the origin among them", got)
		}
	})
}

// TestSpentQuotaOpensNoSwarm: also the first peer is not served.
func TestSpentQuotaOpensNoSwarm(t *testing.T) {
	r, _ := newTestRegistry(t, everyone, Options{MayServe: func(context.Context, *object.Torrent) error {
		return fault.New("send", "b", fault.QuotaExceeded, nil)
	}})
	c := &fakeConn{addr: netip.MustParseAddrPort("203.0.113.1:1000")}
	s, err := r.Swarm(t.Context(), testHash, c.addr.Addr())
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Join(c)
	wantKind(t, "join", err, fault.QuotaExceeded)
}

// TestServeChanged: what MayServe says anew counts at once, not at the next recheck.
func TestServeChanged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var spent atomic.Bool
		changed := make(chan struct{}, 1)
		r, _ := newTestRegistry(t, everyone, Options{
			Recheck: time.Hour, ServeChanged: changed,
			MayServe: func(context.Context, *object.Torrent) error {
				if spent.Load() {
					return fault.New("send", "b", fault.QuotaExceeded, nil)
				}
				return nil
			},
		})
		running(t, r)
		_, conn := join(t, r, "203.0.113.1:1000")
		spent.Store(true)
		changed <- struct{}{}
		synctest.Wait()
		wantKind(t, "reason of the close", conn.closed(), fault.QuotaExceeded)
		spent.Store(false)
		changed <- struct{}{}
		synctest.Wait()
		join(t, r, "203.0.113.1:1000")
	})
}
