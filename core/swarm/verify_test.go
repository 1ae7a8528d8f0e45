package swarm

import (
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"shoal/core/fault"
)

// TestVerify: the answer is at most Options.Recheck old, and nothing is read for one that is younger.
func TestVerify(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, src := newTestRegistry(t, everyone, Options{})
		torrent := testTorrent(t, 1, everyone)
		peer := netip.MustParseAddr("203.0.113.1")
		verify := func() error { return r.Verify(t.Context(), torrent.InfoHash, peer) }
		if err := verify(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(r.o.Recheck - time.Nanosecond)
		before := src.reloaded()
		if err := verify(); err != nil || src.reloaded() != before {
			t.Errorf("young: got %v after %d reads, want none", err, src.reloaded()-before)
		}
		src.set()
		time.Sleep(time.Nanosecond)
		wantKind(t, "deleted", verify(), fault.NoTorrent)
		src.set(testTorrent(t, 1, nobody))
		wantKind(t, "private", verify(), fault.NoTorrent)
		src.set(torrent)
		if err := verify(); err != nil {
			t.Errorf("public again: got %v", err)
		}
	})
}
