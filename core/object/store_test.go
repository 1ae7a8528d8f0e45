package object

import (
	"bytes"
	"context"
	"crypto/md5"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"shoal/core/access"
	"shoal/core/fault"
	"shoal/storage/blob/fileblob"
	"shoal/storage/kv/pebblekv"
)

var testOwner = access.Owner{ID: "owner", DisplayName: "Owner"}

// testStore is a Store in memory with its own clock; every test that opened one ends with a full check.
type testStore struct {
	*Store
	engine *pebblekv.Engine
	clock  time.Time
}

func newTestStore(t testing.TB) *testStore {
	t.Helper()
	fs := vfs.NewMem()
	engine, err := pebblekv.Open("kv", pebblekv.Options{FS: fs, ReserveBytes: -1, BallastBytes: -1})
	if err != nil {
		t.Fatalf("open engine: %v", err)
	}
	blobs, err := fileblob.Open("blobs", fileblob.Options{FS: fs, ReserveBytes: -1})
	if err != nil {
		t.Fatalf("open blobs: %v", err)
	}
	ts := &testStore{engine: engine, clock: time.Unix(1_700_000_000, 0)}
	s, err := New(engine, blobs, Options{Clock: func() time.Time { return ts.clock }, Grace: time.Minute})
	if err != nil {
		t.Fatalf("new store: %v", err)
	}
	ts.Store = s
	t.Cleanup(func() {
		checkStore(t, s)
		if err := blobs.Close(); err != nil {
			t.Errorf("close blobs: %v", err)
		}
		if err := engine.Close(); err != nil {
			t.Errorf("close engine: %v", err)
		}
	})
	return ts
}

func (s *testStore) bucket(t testing.TB, name string) *Bucket {
	t.Helper()
	b, err := s.CreateBucket(t.Context(), NewBucket{Name: name, Owner: testOwner, Ownership: access.ObjectWriter})
	if err != nil {
		t.Fatalf("create bucket %q: %v", name, err)
	}
	return b
}

func (s *testStore) put(t testing.TB, b *Bucket, key string, content []byte) *Version {
	t.Helper()
	v, err := s.Put(t.Context(), PutRequest{
		Bucket: b, Key: key, Body: bytes.NewReader(content), Size: int64(len(content)), Owner: testOwner,
	})
	if err != nil {
		t.Fatalf("put %q of %d bytes: %v", key, len(content), err)
	}
	return v
}

func (s *testStore) lookup(t testing.TB, b *Bucket, key string) *Version {
	t.Helper()
	_, v, err := s.Lookup(t.Context(), b.Name, key, VersionRef{})
	if err != nil {
		t.Fatalf("look up %q: %v", key, err)
	}
	return v
}

func (s *testStore) read(t testHelper, v *Version, off, n int64) []byte {
	t.Helper()
	r, err := s.Open(t.Context(), v, off, n)
	if err != nil {
		t.Fatalf("open %q: %v", v.Key, err)
	}
	defer r.Close()
	content, err := io.ReadAll(r)
	if err != nil {
		t.Fatalf("read %q: %v", v.Key, err)
	}
	return content
}

// collect makes everything that is due happen.
func (s *testStore) collect(t testing.TB) Collected {
	t.Helper()
	s.clock = s.clock.Add(2 * s.o.Grace)
	c, err := s.CollectOnce(context.WithoutCancel(t.Context()), s.clock)
	if err != nil {
		t.Fatalf("collect: %v", err)
	}
	return c
}

func randomContent(seed uint64, n int) []byte {
	content := make([]byte, n)
	rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8), byte(seed >> 16)}).Read(content)
	return content
}

func md5ETag(content []byte) ETag { return ETag(fmt.Sprintf("%x", md5.Sum(content))) }

func wantKind(t testing.TB, err error, want fault.Kind) {
	t.Helper()
	if err == nil || fault.KindOf(err) != want {
		t.Errorf("got error %v of kind %q, want kind %q", err, fault.KindOf(err), want)
	}
}

// TestPutReadBack stores bodies around every bound of the pipeline, of known and of unknown size.
func TestPutReadBack(t *testing.T) {
	s := newTestStore(t)
	b := s.bucket(t, "bucket")
	sizes := []int{0, 1, InlineMax - 1, InlineMax, InlineMax + 1, blockSize - 1, blockSize, blockSize + 1, 3*blockSize + 7, (maxBlocks + 2) * blockSize}
	for _, size := range sizes {
		for _, known := range []bool{true, false} {
			content := randomContent(uint64(size), size)
			declared := int64(size)
			if !known {
				declared = -1
			}
			v, err := s.Put(t.Context(), PutRequest{
				Bucket: b, Key: "key", Body: bytes.NewReader(content), Size: declared, Owner: testOwner,
				Integrity: Integrity{Algorithm: CRC64NVME},
			})
			if err != nil {
				t.Fatalf("put %d bytes (known %v): %v", size, known, err)
			}
			if v.ETag != md5ETag(content) || v.Size != int64(size) || v.Content.Inline != (size <= InlineMax) {
				t.Errorf("put %d bytes: got %+v", size, v)
			}
			found := s.lookup(t, b, "key")
			if got := s.read(t, found, 0, found.Size); !bytes.Equal(got, content) {
				t.Errorf("read %d bytes (known %v): content differs, %d bytes", size, known, len(got))
			}
		}
	}
}

// TestKeysRoundTrip holds that no key is cleaned or taken for a path.
func TestKeysRoundTrip(t *testing.T) {
	s := newTestStore(t)
	b := s.bucket(t, "bucket")
	keys := []string{
		".", "..", "a/../b", "//", "/lead", "trail/", "a//b", "\x00", "a\x00b", "\x01\x02\x1f\x7f", "a b+c%20", "ü/日本/🐟",
		strings.Repeat("k", MaxKey), strings.Repeat("\x00", MaxKey), "a", "a\x00", "a/",
	}
	for i, key := range keys {
		s.put(t, b, key, []byte{byte(i)})
	}
	for i, key := range keys {
		v := s.lookup(t, b, key)
		if got := s.read(t, v, 0, v.Size); len(got) != 1 || got[0] != byte(i) {
			t.Errorf("key %q: got content %v, want %d", key, got, i)
		}
	}
}

func TestPutRefused(t *testing.T) {
	s := newTestStore(t)
	b := s.bucket(t, "bucket")
	s.put(t, b, "there", []byte("x"))
	big := randomContent(1, 3*blockSize)
	short := func(n int64) PutRequest { return PutRequest{Key: "k", Body: bytes.NewReader(big[:10]), Size: n} }
	tests := []struct {
		name string
		r    PutRequest
		want fault.Kind
	}{
		{"empty key", PutRequest{Key: ""}, fault.InvalidArgument},
		{"long key", PutRequest{Key: strings.Repeat("k", MaxKey+1)}, fault.KeyTooLong},
		{"not utf-8", PutRequest{Key: "\xff"}, fault.InvalidArgument},
		{"metadata", PutRequest{Key: "k", Header: Header{Meta: map[string]string{"n": strings.Repeat("v", MaxMeta)}}}, fault.MetadataTooLarge},
		{"shorter", short(11), fault.IncompleteBody},
		{"longer", short(9), fault.IncompleteBody},
		{"shorter blob", PutRequest{Key: "k", Body: bytes.NewReader(big), Size: int64(len(big)) + 1}, fault.IncompleteBody},
		{"longer blob", PutRequest{Key: "k", Body: bytes.NewReader(big), Size: int64(len(big)) - 1}, fault.IncompleteBody},
		{"md5", PutRequest{Key: "k", Body: bytes.NewReader(big), Size: -1, Integrity: Integrity{MD5: make([]byte, 16)}}, fault.BadDigest},
		{"md5 length", PutRequest{Key: "k", Integrity: Integrity{MD5: make([]byte, 15)}}, fault.InvalidDigest},
		{"sha256", PutRequest{Key: "k", Body: bytes.NewReader(big), Size: -1, Integrity: Integrity{SHA256: make([]byte, 32)}}, fault.ContentSHA256Mismatch},
		{"checksum", PutRequest{Key: "k", Integrity: Integrity{Algorithm: CRC32, Value: "AAAAAQ=="}}, fault.ChecksumMismatch},
		{"trailer", PutRequest{Key: "k", Body: bytes.NewReader(big), Size: -1, Integrity: Integrity{
			Algorithm: SHA1, Trailer: func() (string, error) { return "AAAA", nil },
		}}, fault.ChecksumMismatch},
		{"if absent", PutRequest{Key: "there", Condition: WriteCondition{IfAbsent: true}}, fault.PreconditionFailed},
		{"if match", PutRequest{Key: "there", Condition: WriteCondition{IfMatch: "other"}}, fault.PreconditionFailed},
		{"if match of nothing", PutRequest{Key: "k", Condition: WriteCondition{IfMatch: "*"}}, fault.NoSuchKey},
		{"body fails", PutRequest{Key: "k", Size: -1, Body: io.MultiReader(bytes.NewReader(big), failingReader{})}, fault.AccessDenied},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.r.Bucket = b
			if tt.r.Body == nil {
				tt.r.Body = strings.NewReader("")
			}
			_, err := s.Put(t.Context(), tt.r)
			wantKind(t, err, tt.want)
		})
	}
	page, err := s.List(t.Context(), ListRequest{Bucket: b, Max: 10})
	if err != nil || len(page.Entries) != 1 {
		t.Errorf("after refused puts: got %d entries, error %v, want 1", len(page.Entries), err)
	}
}

type failingReader struct{}

func (failingReader) Read([]byte) (int, error) {
	return 0, fault.New("check signature", "chunk", fault.AccessDenied, nil)
}

func TestReplacedContentIsCollected(t *testing.T) {
	s := newTestStore(t)
	b := s.bucket(t, "bucket")
	content := randomContent(1, 100_000)
	old := s.put(t, b, "key", content)
	s.put(t, b, "key", []byte("new"))
	if got := s.read(t, old, 10, 20); !bytes.Equal(got, content[10:30]) {
		t.Errorf("a reader in flight got other bytes")
	}
	if c := s.collect(t); c.Blobs != 1 {
		t.Errorf("got %d blobs collected, want 1", c.Blobs)
	}
	_, err := s.Open(t.Context(), old, 0, old.Size)
	wantKind(t, err, fault.NoSuchKey)
}

// testHelper is what testing.TB and rapid.T have in common here.
type testHelper interface {
	Helper()
	Context() context.Context
	Fatalf(format string, args ...any)
}
