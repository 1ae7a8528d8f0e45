package seeder

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"shoal/core/access"
	"shoal/core/accesslog"
	"shoal/core/meter"
	"shoal/core/object"
	"shoal/wire/peer"
	"shoal/wire/torrent"
)

// logs has a world's bucket keep an access log from now on, or none.
func (w *world) logs(t *testing.T, on bool) {
	t.Helper()
	err := w.store.UpdateBucket(t.Context(), w.bucket.Name, func(cfg *object.BucketConfig) error {
		if cfg.Logging = nil; on {
			cfg.Logging = &accesslog.Target{Bucket: "logs"}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// untilLogged waits until the swarm of h knows whether there is an access log.
func (w *world) untilLogged(t *testing.T, h torrent.InfoHash, on bool) {
	t.Helper()
	eventually(t, "the swarm knows of the access log", func() bool {
		s, err := w.swarms.Swarm(t.Context(), h, elsewhere().AddrPort().Addr())
		if err != nil {
			t.Fatal(err)
		}
		return (s.Torrent().Bucket.Config.Logging != nil) == on
	})
}

// recount checks every event against its own lines (docs/protocol/access-log.md) and returns all records. The events
// without lines, which a bucket without a log makes, add up to plain.
func (l *ledger) recount(t *testing.T) (all []accesslog.Record, plain meter.Event) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range l.all {
		if e.Log.Lines == nil {
			plain.Requests += e.Requests
			plain.BytesOut += e.BytesOut
			continue
		}
		var requests, sent int64
		for line := range strings.Lines(string(e.Log.Lines)) {
			r, err := accesslog.ParseLine(line)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(r.Request.URI, "&x-continued=1") {
				requests++
			}
			sent += r.BytesSent
			if r.Time.Unix() != e.At.Unix() || r.ChargedTo != e.Account || r.Bucket != e.Bucket || r.Operation != "REST.GET.OBJECT" || r.Status != 206 || r.HostID != "" {
				t.Errorf("%+v in event %+v", r, e)
			}
			all = append(all, r)
		}
		if requests != e.Requests || sent != e.BytesOut || e.Log.Target == nil {
			t.Errorf("%d requests and %d bytes in the records of %+v", requests, sent, e)
		}
	}
	return all, plain
}

// sums adds records up by request id.
func sums(all []accesslog.Record) map[string]int64 {
	byID := map[string]int64{}
	for _, r := range all {
		byID[r.RequestID] += r.BytesSent
	}
	return byID
}

// TestAccessLog: all that a peer is sent of one piece is one request, whatever the order of the blocks.
func TestAccessLog(t *testing.T) {
	w := newWorld(t, worldOptions{})
	w.logs(t, true)
	data := random(1, 3*mib+12345)
	to := w.put(t, "lily pads/é", data)
	from := elsewhere()
	c := openFrom(t, from, w, to.InfoHash, allReserved)
	c.send(peer.AppendExtendedHandshake(nil, peer.ExtendedHandshake{Client: "Heron/1.0 \"x\""}))
	order := blocks(to, 16*kib)
	slices.SortStableFunc(order, func(a, b peer.Block) int { return int(a.Begin/kib%32) - int(b.Begin/kib%32) })
	if got := c.fetch(to, order, 20); !bytes.Equal(got, data) {
		t.Error("the content differs")
	}
	again := order[len(order)-1]
	c.fetch(to, []peer.Block{again}, 1)
	c.nc.Close()
	eventually(t, "the download is recorded", func() bool {
		r, p := w.meter.sums()
		return r == to.NumPieces() && p == c.got
	})
	all, plain := w.meter.recount(t)
	byID := sums(all)
	if int64(len(byID)) != to.NumPieces() || plain.BytesOut != 0 {
		t.Errorf("%d requests of %d pieces, %d bytes without a record", len(byID), to.NumPieces(), plain.BytesOut)
	}
	for _, r := range all {
		want := fmt.Sprintf("/public/lily%%20pads/%%C3%%A9?x-bittorrent=%v&x-piece=", to.InfoHash)
		if r.Key != to.Version.Key || r.UserAgent != "Heron/1.0 %22x%22" || r.RemoteIP != from.AddrPort().Addr().Unmap() || r.ObjectSize != int64(len(data)) ||
			r.Requester != "" || r.VersionID != "" || !strings.HasPrefix(r.Request.URI, want) || r.Region != "us-east-1" {
			t.Errorf("record %+v", r)
		}
	}
}

// TestAccessLogComesAndGoes: the log is switched on and off while a peer downloads; each byte is counted, and in the log
// when there is one.
func TestAccessLogComesAndGoes(t *testing.T) {
	w := newWorld(t, worldOptions{})
	to := w.put(t, "object", random(1, 6*256*kib))
	all := blocks(to, 16*kib)
	c := open(t, w, to.InfoHash, allReserved)
	const each = 24 // blocks: one piece and a half
	recorded := func() {
		t.Helper()
		eventually(t, "what came is recorded", func() bool { _, p := w.meter.sums(); return p == c.got })
	}
	for i, on := range []bool{false, true, false, true} {
		w.logs(t, on)
		w.untilLogged(t, to.InfoHash, on)
		c.fetch(to, all[each*i:each*(i+1)], 4)
		recorded()
	}
	c.nc.Close()
	lines, plain := w.meter.recount(t)
	if requests, _ := w.meter.sums(); requests != 6 || plain.BytesOut != 2*each*16*kib || plain.Requests != 4 {
		t.Errorf("%d requests; %d of them with %d bytes in no log", requests, plain.Requests, plain.BytesOut)
	}
	continued := 0
	for _, r := range lines {
		if strings.Contains(r.Request.URI, "x-continued") {
			continued++
		}
	}
	if continued < 2 {
		t.Errorf("%d records go on with a request that is not in the log, want 2 pieces of such", continued)
	}
}

// TestAccessLogOfAVersion: the request names a version that is not current.
func TestAccessLogOfAVersion(t *testing.T) {
	w := newWorld(t, worldOptions{})
	err := w.store.UpdateBucket(t.Context(), "public", func(cfg *object.BucketConfig) error {
		cfg.Versioning = object.VersioningEnabled
		cfg.Ownership = access.BucketOwnerPreferred
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	w.logs(t, true)
	old := w.put(t, "k", random(1, 1000))
	w.put(t, "k", random(2, 1000))
	c := open(t, w, old.InfoHash, allReserved)
	c.fetch(old, blocks(old, 16*kib), 1)
	eventually(t, "the piece is recorded", func() bool { r, _ := w.meter.sums(); return r == 1 })
	all, _ := w.meter.recount(t)
	id := old.Version.ClientID()
	if len(all) != 1 || all[0].VersionID != id || !strings.HasPrefix(all[0].Request.URI, "/public/k?versionId="+id+"&x-bittorrent=") {
		t.Errorf("records %+v, want one of version %s", all, id)
	}
}

// TestAccessLogOfAPrefix: a piece that is of several objects has a record for each, and is one request; padding is
// the object's before it.
func TestAccessLogOfAPrefix(t *testing.T) {
	w := newWorld(t, worldOptions{})
	w.logs(t, true)
	sizes := map[string]int64{"dir/a": 100*kib + 1, "dir/b": 0, "dir/c": 300 * kib, "dir/d": 5}
	for key, n := range sizes {
		w.put(t, key, random(uint64(n), int(n)))
	}
	b, err := w.store.Bucket(t.Context(), "public")
	if err != nil {
		t.Fatal(err)
	}
	to, err := w.store.PrefixTorrent(t.Context(), b, "dir/", torrent.Hybrid, nil)
	if err != nil {
		t.Fatal(err)
	}
	c := open(t, w, to.InfoHash, allReserved)
	c.fetch(to, blocks(to, 16*kib), 8)
	c.nc.Close()
	eventually(t, "the download is recorded", func() bool {
		r, p := w.meter.sums()
		return r == to.NumPieces() && p == to.Length
	})
	all, _ := w.meter.recount(t)
	byKey := map[string]int64{}
	for _, r := range all {
		byKey[r.Key] += r.BytesSent
		if r.ObjectSize != sizes[r.Key] {
			t.Errorf("%s has %d bytes in the log", r.Key, r.ObjectSize)
		}
	}
	padded := int64(0)
	for key, n := range byKey {
		if n < sizes[key] {
			t.Errorf("%d bytes of %s, want %d", n, key, sizes[key])
		}
		padded += n
	}
	if padded != to.Length || len(byKey) != 3 || int64(len(sums(all))) != to.NumPieces() {
		t.Errorf("%d of %d bytes of %d objects in %d requests", padded, to.Length, len(byKey), len(sums(all)))
	}
}

// TestAccessLogHoldsForAMoment: a piece of which no more is asked for is recorded all the same.
func TestAccessLogHoldsForAMoment(t *testing.T) {
	w := newWorld(t, worldOptions{})
	w.logs(t, true)
	to := w.put(t, "object", random(1, 40*256*kib))
	c := open(t, w, to.InfoHash, allReserved)
	for i := range uint32(2 * maxHeld) {
		c.fetch(to, []peer.Block{{Piece: i, Length: 1000}}, 1)
	}
	eventually(t, "the pieces are recorded while the connection stays", func() bool {
		r, p := w.meter.sums()
		return r == 2*maxHeld && p == 2*maxHeld*1000
	})
	w.meter.recount(t)
}
