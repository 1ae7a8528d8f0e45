package object

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"shoal/core/access"
)

// storedKey names what the model counts apart.
type storedKey struct {
	bucket, class string
	parts         bool
}

type hourKey struct {
	storedKey
	hour int64
}

// modelThing is a version or a part that is stored.
type modelThing struct {
	storedKey
	held
}

// modelPending is an upload of the model.
type modelPending struct {
	u     *Upload
	etags map[int]ETag
}

// storedModel is a store beside what is in it, as a list, and the sum of that list over every second there was.
type storedModel struct {
	t       *testing.T
	rng     *rand.Rand
	disk    *vfs.MemFS
	cut     *cutter
	s       *Store
	close   func()
	now     time.Time
	begin   time.Time
	buckets map[string]*Bucket
	things  map[string]modelThing   // by an own name; "bucket/key" of what a PUT without versioning replaces
	version map[string]VersionRef   // of the things that are versions of a bucket with versioning
	uploads map[string]modelPending // by bucket
	count   int

	objectSeconds, byteSeconds map[hourKey]int64
}

// cutter takes, when it is armed, the disk as a power cut would leave it, in the middle of what is done.
type cutter struct {
	disk *vfs.MemFS
	rng  *rand.Rand

	mu    sync.Mutex // Pebble removes files on a goroutine of its own; guards what follows, and rng while the cutter is armed
	after int        // writing disk operations until the cut; 0 is not armed
	taken *vfs.MemFS
}

func (c *cutter) arm(after int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.after, c.taken = after, nil
}

// disarm returns what was taken, nil when it did not come to that.
func (c *cutter) disarm() *vfs.MemFS {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.after = 0
	return c.taken
}

func (c *cutter) MaybeError(op errorfs.Op) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.after > 0 && op.Kind.ReadOrWrite() != errorfs.OpIsRead {
		if c.after--; c.after == 0 {
			c.taken = c.clone()
		}
	}
	return nil
}

func (c *cutter) clone() *vfs.MemFS {
	return c.disk.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: []int{0, 50, 100}[c.rng.IntN(3)], RNG: c.rng})
}

func (c *cutter) String() string { return "power cut" }

func newStoredModel(t *testing.T, seed uint64) *storedModel {
	m := &storedModel{
		t: t, rng: rand.New(rand.NewPCG(seed, 0)), disk: vfs.NewCrashableMem(), now: time.Unix(1_700_000_000, 0),
		buckets: map[string]*Bucket{}, things: map[string]modelThing{}, version: map[string]VersionRef{}, uploads: map[string]modelPending{},
		objectSeconds: map[hourKey]int64{}, byteSeconds: map[hourKey]int64{},
	}
	m.begin = m.now
	m.open()
	for _, name := range []string{"plain", "versioned", "passing"} {
		m.createBucket(name)
	}
	err := m.s.UpdateBucket(t.Context(), "versioned", func(c *BucketConfig) error { c.Versioning = VersioningEnabled; return nil })
	m.must("enable versioning", err)
	return m
}

func (m *storedModel) open() {
	m.cut = &cutter{disk: m.disk, rng: m.rng}
	m.s, m.close = openDiskWith(m.t, errorfs.Wrap(m.disk, m.cut), Options{Clock: func() time.Time { return m.now }, Grace: time.Minute})
}

func (m *storedModel) must(what string, err error) {
	m.t.Helper()
	if err != nil {
		m.t.Fatalf("%s: %v", what, err)
	}
}

func (m *storedModel) createBucket(name string) {
	b, err := m.s.CreateBucket(m.t.Context(), NewBucket{Name: name, Owner: testOwner, Ownership: access.ObjectWriter})
	m.must("create bucket", err)
	m.buckets[name] = b
}

// pass lets time pass, second by second.
func (m *storedModel) pass(seconds int) {
	state := map[storedKey]held{}
	for _, thing := range m.things {
		state[thing.storedKey] = state[thing.storedKey].plus(thing.held)
	}
	for range seconds {
		for k, h := range state {
			m.objectSeconds[hourKey{k, m.now.Unix() / 3600}] += h.objects
			m.byteSeconds[hourKey{k, m.now.Unix() / 3600}] += h.bytes
		}
		m.now = m.now.Add(time.Second)
	}
}

func (m *storedModel) pick() *Bucket {
	return m.buckets[[]string{"plain", "versioned", "passing"}[m.rng.IntN(3)]]
}

func (m *storedModel) class() string {
	return append(StorageClasses(), "")[m.rng.IntN(len(storageClasses)+1)]
}

// keep notes a version that was made.
func (m *storedModel) keep(b *Bucket, v *Version, metaBytes int64) {
	h := held{objects: 1, bytes: v.Size + int64(len(v.Key)) + metaBytes}
	if v.DeleteMarker {
		h.objects = 0
	}
	class := v.StorageClass
	if class == "" {
		class = "STANDARD"
	}
	name := b.Name + "/" + v.Key
	if b.Name == "versioned" {
		m.count++
		name = fmt.Sprint(name, "#", m.count)
		m.version[name] = VersionRef{ID: v.ID, Set: true}
	}
	m.things[name] = modelThing{storedKey{b.Name, class, false}, h}
}

func (m *storedModel) put() {
	b, key := m.pick(), fmt.Sprint("key", m.rng.IntN(4))
	content := make([]byte, []int{0, 10, InlineMax, InlineMax + 1, 100_000}[m.rng.IntN(5)])
	meta, metaBytes := map[string]string(nil), int64(0)
	if m.rng.IntN(2) == 0 {
		meta, metaBytes = map[string]string{"name": "a value"}, int64(len("name")+len("a value"))
	}
	v, err := m.s.Put(m.t.Context(), PutRequest{
		Bucket: b, Key: key, Body: bytes.NewReader(content), Size: int64(len(content)), Owner: testOwner, StorageClass: m.class(), Header: Header{Meta: meta},
	})
	m.must("put", err)
	m.keep(b, v, metaBytes)
}

func (m *storedModel) copy() {
	from, to, key := m.pick(), m.pick(), fmt.Sprint("key", m.rng.IntN(4))
	_, v, err := m.s.Lookup(m.t.Context(), from.Name, key, VersionRef{})
	if err != nil || v.DeleteMarker {
		return
	}
	c, err := m.s.Copy(m.t.Context(), CopyRequest{
		Source: v, Bucket: to, Key: "copy of " + key, Owner: testOwner, StorageClass: m.class(), Header: &Header{},
	})
	m.must("copy", err)
	m.keep(to, c, 0)
}

func (m *storedModel) delete() {
	b, key := m.pick(), fmt.Sprint("key", m.rng.IntN(4))
	r, err := m.s.Delete(m.t.Context(), DeleteRequest{Bucket: b, Key: key, Owner: testOwner})
	m.must("delete", err)
	if b.Name == "versioned" {
		m.keep(b, &Version{ID: r.VersionID, Key: key, DeleteMarker: true}, 0)
		return
	}
	delete(m.things, b.Name+"/"+key)
}

func (m *storedModel) deleteVersion() {
	names := slices.Sorted(maps.Keys(m.version))
	if len(names) == 0 {
		return
	}
	name := names[m.rng.IntN(len(names))]
	key, _, _ := strings.Cut(strings.TrimPrefix(name, "versioned/"), "#")
	_, err := m.s.Delete(m.t.Context(), DeleteRequest{Bucket: m.buckets["versioned"], Key: key, Ref: m.version[name]})
	m.must("delete version", err)
	delete(m.version, name)
	delete(m.things, name)
}

// part puts a part, in place of another with the same number, of the one upload that a bucket has.
func (m *storedModel) part() {
	b := m.pick()
	p, ok := m.uploads[b.Name]
	if !ok {
		u, err := m.s.CreateUpload(m.t.Context(), NewUpload{Bucket: b, Key: "uploaded", Owner: testOwner, StorageClass: m.class()})
		m.must("create upload", err)
		p = modelPending{u, map[int]ETag{}}
		m.uploads[b.Name] = p
	}
	number, size := 1+m.rng.IntN(3), m.rng.IntN(50_000)
	part, err := m.s.PutPart(m.t.Context(), PutPartRequest{Upload: p.u, Number: number, Body: bytes.NewReader(make([]byte, size)), Size: int64(size)})
	m.must("put part", err)
	p.etags[number] = part.ETag
	class := p.u.StorageClass
	if class == "" {
		class = "STANDARD"
	}
	m.things[fmt.Sprint(b.Name, "+part", number)] = modelThing{storedKey{b.Name, class, true}, held{bytes: int64(size)}}
}

func (m *storedModel) dropParts(bucket string) {
	for number := range m.uploads[bucket].etags {
		delete(m.things, fmt.Sprint(bucket, "+part", number))
	}
	delete(m.uploads, bucket)
}

// complete makes an object of one part: the others go.
func (m *storedModel) complete() {
	b := m.pick()
	p := m.uploads[b.Name]
	numbers := slices.Sorted(maps.Keys(p.etags))
	if len(numbers) == 0 {
		return
	}
	n := numbers[m.rng.IntN(len(numbers))]
	v, err := m.s.CompleteUpload(m.t.Context(), CompleteRequest{Bucket: b, Upload: p.u, Parts: []CompletePart{{Number: n, ETag: p.etags[n]}}, Size: -1})
	m.must("complete", err)
	m.dropParts(b.Name)
	m.keep(b, v, 0)
}

func (m *storedModel) abort() {
	b := m.pick()
	if p, ok := m.uploads[b.Name]; ok {
		m.must("abort", m.s.AbortUpload(m.t.Context(), p.u, time.Time{}))
		m.dropParts(b.Name)
	}
}

// replaceBucket deletes a bucket, with its upload, and makes it again.
func (m *storedModel) replaceBucket() {
	b := m.buckets["passing"]
	for name := range maps.Clone(m.things) {
		if key, ok := strings.CutPrefix(name, "passing/"); ok {
			_, err := m.s.Delete(m.t.Context(), DeleteRequest{Bucket: b, Key: key})
			m.must("delete", err)
			delete(m.things, name)
		}
	}
	m.must("delete bucket", m.s.DeleteBucket(m.t.Context(), b.Name))
	m.dropParts(b.Name)
	m.pass(m.rng.IntN(100))
	m.createBucket(b.Name)
}

// work runs one of the workers, and may cut the power in the middle of it, or after it.
func (m *storedModel) work() {
	m.cut.arm(m.rng.IntN(8))
	if m.rng.IntN(2) == 0 {
		m.must("fold", m.s.FoldOnce(m.t.Context()))
	} else {
		_, err := m.s.CollectOnce(m.t.Context(), m.now)
		m.must("collect", err)
	}
	after := m.cut.disarm()
	if m.rng.IntN(3) > 0 {
		return
	}
	if after == nil {
		after = m.cut.clone()
	}
	m.close()
	m.disk = after
	m.pass(m.rng.IntN(4000)) // no server runs
	m.open()
}

// check holds what EachStored tells of some hours, added up by hour, against the model. The collector has come to the parts of
// uploads that ended, which count until then.
func (m *storedModel) check(from, to int64) {
	m.t.Helper()
	for range 3 { // a bucket, its upload, the parts
		_, err := m.s.CollectOnce(m.t.Context(), m.now.Add(time.Hour))
		m.must("collect", err)
	}
	objects, stored := map[hourKey]int64{}, map[hourKey]int64{}
	err := m.s.EachStored(m.t.Context(), StoredQuery{From: unix(from * 3600), To: unix(to * 3600)}, func(s *Stored) error {
		for at := s.From.Unix(); at < s.To.Unix(); {
			next := min((at/3600+1)*3600, s.To.Unix())
			k := hourKey{storedKey{s.Bucket, s.Class, s.Parts}, at / 3600}
			objects[k] += s.Objects*(next-at) + s.ObjectSeconds
			stored[k] += s.Bytes*(next-at) + s.ByteSeconds
			at = next
		}
		return nil
	})
	m.must("read what was stored", err)
	m.compare("object-seconds", objects, m.objectSeconds, from, to)
	m.compare("byte-seconds", stored, m.byteSeconds, from, to)
}

func (m *storedModel) compare(what string, got, want map[hourKey]int64, from, to int64) {
	m.t.Helper()
	for k, n := range want {
		if k.hour >= from && k.hour < to && got[k] != n {
			m.t.Errorf("%s of %+v: got %d, want %d", what, k, got[k], n)
		}
		delete(got, k)
	}
	if len(got) > 0 {
		m.t.Errorf("%s: got %v too much", what, got)
	}
}

// TestStoredAgainstEverySecond does random operations on a clock that jumps, over power cuts, and compares what was stored in
// each hour, to the byte-second, with a list of what there is that is added up every second.
func TestStoredAgainstEverySecond(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	m := newStoredModel(t, seed)
	steps := 600
	if testing.Short() {
		steps = 150
	}
	for range steps {
		[]func(){
			m.put, m.put, m.put, m.copy, m.delete, m.deleteVersion, m.part, m.part, m.complete, m.abort, m.work, m.work,
			m.replaceBucket,
		}[m.rng.IntN(13)]()
		if m.rng.IntN(3) == 0 {
			m.pass([]int{1, 60, 1800, 4000}[m.rng.IntN(4)])
		}
		if m.rng.IntN(20) == 0 {
			first, last := m.begin.Unix()/3600, m.now.Unix()/3600+1
			from := first + m.rng.Int64N(last-first)
			m.check(from, from+1+m.rng.Int64N(last-from))
		}
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
	m.check(m.begin.Unix()/3600, m.now.Unix()/3600+1)
	checkStore(t, m.s)
	m.close()
	t.Logf("%d hours with usage, seed %d", len(m.byteSeconds), seed)
}
