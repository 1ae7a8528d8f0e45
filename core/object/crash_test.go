package object

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"shoal/core/access"
	"shoal/core/fault"
	"shoal/storage/blob"
	"shoal/storage/blob/fileblob"
	"shoal/storage/kv/pebblekv"
	"shoal/storage/kv/tuple"
	"shoal/wire/torrent"
)

// promise is what a key may hold after a power cut: what was acknowledged, or what the operation under way
// was about to make it. nil is no object.
type promise struct {
	acknowledged, underway []byte
	changing               bool
}

// powerCut is the disk as a crash would have left it, with what was promised at that moment.
type powerCut struct {
	disk     *vfs.MemFS
	promises map[string]promise
	torrents map[torrent.InfoHash]string // key; acknowledged, of objects that are not changing
	op       string
}

// crashDisk lies under both halves of a store and takes clones in the middle of operations.
type crashDisk struct {
	mem *vfs.MemFS
	rng *rand.Rand

	mu       sync.Mutex // guards what follows
	next     int        // disk operations until the next cut
	cuts     []powerCut
	promises map[string]promise
	torrents map[torrent.InfoHash]string
	op       string
}

// cutEvery is the mean number of writing disk operations between two cuts, beside those at each sync.
const cutEvery = 5

// MaybeError is called before each operation of the disk. It injects no error: it takes the cut, at every
// sync point and at random ones between them.
func (d *crashDisk) MaybeError(op errorfs.Op) error {
	if op.Kind.ReadOrWrite() == errorfs.OpIsRead {
		return nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.op == "" {
		return nil
	}
	if d.next--; d.next > 0 && !isSync(op.Kind) {
		return nil
	}
	d.next = 1 + d.rng.IntN(2*cutEvery)
	d.cuts = append(d.cuts, powerCut{
		disk:     d.mem.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: []int{0, 50, 100}[d.rng.IntN(3)], RNG: d.rng}),
		promises: maps.Clone(d.promises), torrents: maps.Clone(d.torrents), op: d.op,
	})
	return nil
}

func isSync(k errorfs.OpKind) bool {
	return k == errorfs.OpFileSync || k == errorfs.OpFileSyncData || k == errorfs.OpFileSyncTo
}

func (d *crashDisk) String() string { return "power cut" }

// begin says that an operation on key may make it content.
func (d *crashDisk) begin(op, key string, content []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	p := d.promises[key]
	p.underway, p.changing = content, true
	d.promises[key] = p
	maps.DeleteFunc(d.torrents, func(_ torrent.InfoHash, k string) bool { return k == key })
	d.op = op
}

// end says that the operation was acknowledged.
func (d *crashDisk) end() []powerCut {
	d.mu.Lock()
	defer d.mu.Unlock()
	for key, p := range d.promises {
		if p.changing {
			d.promises[key] = promise{acknowledged: p.underway}
		}
	}
	cuts := d.cuts
	d.cuts = nil
	return cuts
}

// openDisk opens a store on a disk. The caller closes it by the function returned.
func openDisk(t testing.TB, fs vfs.FS) (*Store, func()) {
	t.Helper()
	return openDiskWith(t, fs, Options{Grace: time.Nanosecond})
}

func openDiskWith(t testing.TB, fs vfs.FS, o Options) (*Store, func()) {
	t.Helper()
	engine, err := pebblekv.Open("kv", pebblekv.Options{FS: fs, ReserveBytes: -1, BallastBytes: -1, MemtableBytes: 256 << 10})
	if err != nil {
		t.Fatalf("open engine: %v", err)
	}
	blobs, err := fileblob.Open("blobs", fileblob.Options{FS: fs, ReserveBytes: -1})
	if err != nil {
		t.Fatalf("open blobs: %v", err)
	}
	s, err := New(engine, blobs, o)
	if err != nil {
		t.Fatalf("open store: %v", err)
	}
	return s, func() {
		s.Close()
		if err := errors.Join(blobs.Close(), engine.Close()); err != nil {
			t.Errorf("close: %v", err)
		}
	}
}

// TestPowerCuts runs random operations and cuts the power in the middle of them. After each cut everything
// acknowledged is there and whole, nothing is half there, the check is clean, and the collector leaves no
// blob without an owner. With versioning all versions are promised.
func TestPowerCuts(t *testing.T) {
	t.Run("unversioned", func(t *testing.T) { testPowerCuts(t, VersioningOff) })
	t.Run("versioned", func(t *testing.T) { testPowerCuts(t, VersioningEnabled) })
}

func testPowerCuts(t *testing.T, versioning Versioning) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	mem := vfs.NewCrashableMem()
	d := &crashDisk{
		mem: mem, rng: rand.New(rand.NewPCG(seed, 1)), next: cutEvery,
		promises: map[string]promise{}, torrents: map[torrent.InfoHash]string{},
	}
	s, closeStore := openDisk(t, errorfs.Wrap(mem, d))
	defer closeStore()
	b := crashBucket(t, s, versioning)
	steps := 150
	if testing.Short() {
		steps = 30
	}
	cuts := 0
	for range steps {
		key := fmt.Sprint("key", rng.IntN(6))
		if versioning != VersioningOff && rng.IntN(6) == 0 {
			crashDeleteVersion(t, s, b, d, rng, key)
		} else {
			crashStep(t, s, b, d, rng, key)
		}
		taken := d.end()
		if versioning != VersioningOff {
			d.promiseVersions(t, s, b)
		}
		for _, cut := range taken {
			cuts++
			checkCut(t, cut)
			if t.Failed() {
				t.Fatalf("seed %d: after cut %d, in %s", seed, cuts, cut.op)
			}
		}
	}
	if cuts < steps/2 {
		t.Errorf("got %d cuts in %d operations: the test sees too little", cuts, steps)
	}
	t.Logf("%d power cuts", cuts)
}

func crashBucket(t *testing.T, s *Store, versioning Versioning) *Bucket {
	t.Helper()
	b, err := s.CreateBucket(t.Context(), NewBucket{Name: "bucket", Owner: testOwner, Ownership: access.ObjectWriter})
	if err == nil && versioning != VersioningOff {
		err = s.UpdateBucket(t.Context(), b.Name, func(c *BucketConfig) error { c.Versioning = versioning; return nil })
	}
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// crashStep does one random operation on key.
func crashStep(t *testing.T, s *Store, b *Bucket, d *crashDisk, rng *rand.Rand, key string) {
	t.Helper()
	ctx := t.Context()
	d.mu.Lock()
	current := d.promises[key].acknowledged
	d.mu.Unlock()
	content := randomContent(rng.Uint64(), []int{0, 50, InlineMax, 20_000, 300_000}[rng.IntN(5)])
	var err error
	switch op := rng.IntN(10); {
	case op < 4:
		d.begin("put", key, content)
		_, err = s.Put(ctx, PutRequest{Bucket: b, Key: key, Body: bytes.NewReader(content), Size: int64(len(content)), Owner: testOwner})
	case op == 4:
		d.begin("delete", key, nil)
		_, err = s.Delete(ctx, DeleteRequest{Bucket: b, Key: key})
	case op == 5:
		d.begin("multipart", key, content)
		err = crashUpload(ctx, s, b, key, content)
	case op == 6:
		d.begin("collect", key, current)
		_, err = s.CollectOnce(ctx, s.now().Add(time.Hour))
	case op == 7:
		d.begin("fold", key, current)
		err = s.FoldOnce(ctx)
	case current != nil && op == 8:
		var v *Version
		if _, v, err = s.Lookup(ctx, b.Name, key, VersionRef{}); err == nil {
			to := "copy of " + key
			d.begin("copy", to, current)
			_, err = s.Copy(ctx, CopyRequest{Source: v, Bucket: b, Key: to, Owner: testOwner})
		}
	case current != nil:
		err = crashTorrent(ctx, s, b, d, key, current)
	}
	if err != nil {
		t.Fatalf("operation on %q: %v", key, err)
	}
}

func crashUpload(ctx context.Context, s *Store, b *Bucket, key string, content []byte) error {
	u, err := s.CreateUpload(ctx, NewUpload{Bucket: b, Key: key, Owner: testOwner})
	if err != nil {
		return err
	}
	p, err := s.PutPart(ctx, PutPartRequest{Upload: u, Number: 7, Body: bytes.NewReader(content), Size: int64(len(content))})
	if err != nil {
		return err
	}
	_, err = s.CompleteUpload(ctx, CompleteRequest{Bucket: b, Upload: u, Parts: []CompletePart{{Number: 7, ETag: p.ETag}}, Size: -1})
	return err
}

func crashTorrent(ctx context.Context, s *Store, b *Bucket, d *crashDisk, key string, current []byte) error {
	_, v, err := s.Lookup(ctx, b.Name, key, VersionRef{})
	if err != nil {
		return err
	}
	d.begin("torrent", key, current)
	tor, err := s.Torrent(ctx, b, v, torrent.V1, nil)
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.torrents[tor.InfoHash] = key
	return nil
}

// checkCut opens what a power cut left and holds it against what was promised.
func checkCut(t *testing.T, cut powerCut) {
	t.Helper()
	s, closeStore := openDisk(t, cut.disk)
	defer closeStore()
	checkStore(t, s)
	for key, p := range cut.promises {
		got := readOrNil(t, s, key)
		if !same(got, p.acknowledged) && !(p.changing && same(got, p.underway)) {
			t.Errorf("%q holds %d bytes, want the %d acknowledged (changing %v)", key, len(got), len(p.acknowledged), p.changing)
		}
	}
	for h, key := range cut.torrents {
		rows, _, err := s.kv.Scan(t.Context(), infohashPrefix(h), tuple.PrefixEnd(infohashPrefix(h)), scanAll)
		if err != nil || len(rows) == 0 {
			t.Errorf("torrent of %q is gone, error %v", key, err)
		}
	}
	if _, err := s.CollectOnce(t.Context(), s.now().Add(time.Hour)); err != nil {
		t.Errorf("collect: %v", err)
	}
	checkStore(t, s)
	entries, err := s.blobs.List(t.Context(), blob.ID{}, 1000)
	if err != nil {
		t.Errorf("list blobs: %v", err)
	}
	c := &checker{s: s}
	for _, e := range entries {
		if ok, err := c.hasRef(t.Context(), refPrefix(refBlob, e.ID)); err != nil || !ok {
			t.Errorf("%s is left over after the collector, error %v", blobName(e.ID), err)
		}
	}
}

// readOrNil returns the content of a key or a version, nil without an object.
func readOrNil(t *testing.T, s *Store, key string) []byte {
	t.Helper()
	key, text, named := strings.Cut(key, versionMark)
	ref := VersionRef{Set: named}
	if named {
		id, err := ParseVersionID(text)
		if err != nil {
			t.Fatal(err)
		}
		ref.ID = id
	}
	_, v, err := s.Lookup(t.Context(), "bucket", key, ref)
	if fault.Is(err, fault.NoSuchKey) || fault.Is(err, fault.NoSuchVersion) || err == nil && v.DeleteMarker {
		return nil
	}
	if err != nil {
		t.Fatalf("look up %q: %v", key, err)
	}
	r, err := s.Open(t.Context(), v, 0, v.Size)
	if err != nil {
		t.Fatalf("open %q: %v", key, err)
	}
	defer r.Close()
	content, err := io.ReadAll(r)
	if err != nil {
		t.Fatalf("read %q: %v", key, err)
	}
	return content
}

// same tells an empty object from none.
func same(a, b []byte) bool { return (a == nil) == (b == nil) && bytes.Equal(a, b) }
