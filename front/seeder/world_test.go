package seeder

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"net"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"shoal/core/access"
	"shoal/core/meter"
	"shoal/core/object"
	"shoal/core/savings"
	"shoal/core/swarm"
	"shoal/storage/blob/fileblob"
	"shoal/storage/kv/pebblekv"
	"shoal/wire/torrent"
)

// patience is how long a test waits for what must happen.
const patience = 10 * time.Second

var testOwner = access.Owner{ID: "owner-1", DisplayName: "owner"}

// maxRemembered is how many events a ledger keeps.
const maxRemembered = 10_000

// ledger is a meter.Recorder that adds up.
type ledger struct {
	mu              sync.Mutex
	events          int
	requests, bytes int64
	bad             []meter.Event
	all             []meter.Event
	spared          savings.Counts // what savings were told
}

func (l *ledger) Record(e meter.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.events++
	if l.events < maxRemembered {
		e.Log.Lines = bytes.Clone(e.Log.Lines) // they are the caller's
		l.all = append(l.all, e)
	}
	l.requests += e.Requests
	l.bytes += e.BytesOut
	if e.Account != string(testOwner.ID) || e.Bucket != "public" || e.Operation != meter.GetObject ||
		e.Tier != meter.Tier2 || e.Source != meter.BitTorrent || e.BytesIn != 0 {
		l.bad = append(l.bad, e)
	}
}

// count takes what savings are told.
func (l *ledger) count(t *object.Torrent, at time.Time, c savings.Counts) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.spared.OriginPieces += c.OriginPieces
	l.spared.OriginBytes += c.OriginBytes
	if t.Bucket.Owner != string(testOwner.ID) || t.Bucket.Name != "public" || at.IsZero() {
		l.bad = append(l.bad, meter.Event{At: at, Account: t.Bucket.Owner, Bucket: t.Bucket.Name})
	}
}

func (l *ledger) sums() (requests, payload int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.requests, l.bytes
}

// world is a seeder over a real store in memory.
type world struct {
	store  *object.Store
	bucket *object.Bucket
	meter  *ledger
	swarms *swarm.Registry
	seeder *Seeder
	addr   string
}

// worldOptions change the parts of a world; the zero value is the usual one.
type worldOptions struct {
	seeder Options
	swarm  swarm.Options
	wrap   func(content) content
	meter  func(meter.Recorder) meter.Recorder // what the seeder tells, which tells the ledger
	dir    string                              // on the real disk; "" is in memory

	governed bool // pieces are offered one by one
}

func newWorld(t testing.TB, o worldOptions) *world {
	t.Helper()
	w := &world{meter: new(ledger)}
	o.seeder.Count = w.meter.count
	w.openStore(t, o.dir)
	if !o.governed {
		o.swarm.Policy = swarm.Speed
	}
	w.swarms = swarm.New(w.store, o.swarm)
	var c content = stored{w.store}
	if o.wrap != nil {
		c = o.wrap(c)
	}
	var recorder meter.Recorder = w.meter
	if o.meter != nil {
		recorder = o.meter(recorder)
	}
	w.seeder = newSeeder(w.swarms, c, recorder, o.seeder)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w.addr = l.Addr().String()
	ctx, cancel := context.WithCancel(t.Context())
	var parts sync.WaitGroup
	parts.Go(func() {
		if err := w.swarms.Run(ctx); err != nil && ctx.Err() == nil {
			t.Errorf("swarms: %v", err)
		}
	})
	parts.Go(func() {
		if err := w.seeder.Serve(ctx, l); err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	t.Cleanup(func() {
		cancel()
		parts.Wait()
		if n := w.seeder.Stats().Conns; n != 0 {
			t.Errorf("%d connections are left after Serve returned", n)
		}
		requests, payload := w.meter.sums()
		if want := (savings.Counts{OriginPieces: requests, OriginBytes: payload}); w.meter.spared != want {
			t.Errorf("savings were told of %+v, the meter of %+v", w.meter.spared, want)
		}
		w.seeder.seeds.mu.Lock()
		defer w.seeder.seeds.mu.Unlock()
		if n := len(w.seeder.seeds.byID); n != 0 {
			t.Errorf("%d seeds are left after Serve returned", n)
		}
		for _, e := range w.meter.bad {
			t.Errorf("recorded %+v", e)
		}
	})
	return w
}

func (w *world) openStore(t testing.TB, dir string) {
	t.Helper()
	disk := vfs.Default
	if dir == "" {
		disk = vfs.NewMem()
	}
	engine, err := pebblekv.Open(filepath.Join(dir, "meta"), pebblekv.Options{FS: disk, ReserveBytes: -1, BallastBytes: -1})
	if err != nil {
		t.Fatal(err)
	}
	blobs, err := fileblob.Open(filepath.Join(dir, "blobs"), fileblob.Options{FS: disk, ReserveBytes: -1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := blobs.Close(); err != nil {
			t.Error(err)
		}
		if err := engine.Close(); err != nil {
			t.Error(err)
		}
	})
	if w.store, err = object.New(engine, blobs, object.Options{}); err != nil {
		t.Fatal(err)
	}
	if w.bucket, err = w.store.CreateBucket(t.Context(), object.NewBucket{Name: "public", Owner: testOwner}); err != nil {
		t.Fatal(err)
	}
}

// acl is the ACL of an object that everyone or nobody else may read.
func acl(t testing.TB, name access.CannedACL) access.ACL {
	t.Helper()
	a, err := access.ObjectACL(name, testOwner, testOwner)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// put stores content in one piece, public, and makes its torrents: the hybrid one is returned.
func (w *world) put(t testing.TB, key string, data []byte) *object.Torrent {
	t.Helper()
	v, err := w.store.Put(t.Context(), object.PutRequest{
		Bucket: w.bucket, Key: key, Body: bytes.NewReader(data), Size: int64(len(data)), Owner: testOwner,
		ACL: acl(t, access.CannedPublicRead),
	})
	if err != nil {
		t.Fatal(err)
	}
	return w.torrent(t, v)
}

// putParts stores content as a multipart upload.
func (w *world) putParts(t testing.TB, key string, parts ...[]byte) *object.Torrent {
	t.Helper()
	ctx := t.Context()
	u, err := w.store.CreateUpload(ctx, object.NewUpload{Bucket: w.bucket, Key: key, Owner: testOwner, ACL: acl(t, access.CannedPublicRead)})
	if err != nil {
		t.Fatal(err)
	}
	var done []object.CompletePart
	for i, data := range parts {
		p, err := w.store.PutPart(ctx, object.PutPartRequest{Upload: u, Number: i + 1, Body: bytes.NewReader(data), Size: int64(len(data))})
		if err != nil {
			t.Fatal(err)
		}
		done = append(done, object.CompletePart{Number: p.Number, ETag: p.ETag})
	}
	v, err := w.store.CompleteUpload(ctx, object.CompleteRequest{Bucket: w.bucket, Upload: u, Parts: done, Size: -1})
	if err != nil {
		t.Fatal(err)
	}
	return w.torrent(t, v)
}

func (w *world) torrent(t testing.TB, v *object.Version) *object.Torrent {
	t.Helper()
	to, err := w.store.Torrent(t.Context(), w.bucket, v, torrent.Hybrid, nil)
	if err != nil {
		t.Fatal(err)
	}
	return to
}

// random returns n bytes that depend on seed.
func random(seed uint64, n int) []byte {
	var key [32]byte
	key[0] = byte(seed)
	data := make([]byte, n)
	if _, err := io.ReadFull(rand.NewChaCha8(key), data); err != nil {
		panic(err)
	}
	return data
}

// eventually waits until what holds.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !holds(); {
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %s", patience, what)
		}
		<-time.After(time.Millisecond)
	}
}

// closedFor waits until a connection was ended for a reason.
func (w *world) closedFor(t testing.TB, want Reason) {
	t.Helper()
	eventually(t, "a connection closed for "+want.String(), func() bool { return w.seeder.Stats().Closed[want] > 0 })
}
