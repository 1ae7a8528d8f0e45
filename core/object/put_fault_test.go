package object

import (
	"bytes"
	"context"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"shoal/core/fault"
	"shoal/storage/blob"
	"shoal/storage/kv"
)

// faultyBlobs fails Put after some bytes.
type faultyBlobs struct {
	blob.Store
	after int64
	err   error
}

func (f *faultyBlobs) Put(ctx context.Context, id blob.ID, r io.Reader) (blob.Info, error) {
	if f.err == nil {
		return f.Store.Put(ctx, id, r)
	}
	io.CopyN(io.Discard, r, f.after)
	return blob.Info{}, f.err
}

// endless is a body that ends only when it is stopped.
type endless struct{ stop context.Context }

func (e endless) Read(p []byte) (int, error) { return len(p), e.stop.Err() }

// waitGoroutines waits until no more than n run.
func waitGoroutines(t *testing.T, n int) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > n; runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines, want at most %d", runtime.NumGoroutine(), n)
		}
	}
}

// TestPutStops holds that every failing stage ends the whole pipeline.
func TestPutStops(t *testing.T) {
	s := newTestStore(t)
	b := s.bucket(t, "bucket")
	s.put(t, b, "warm", randomContent(1, 100_000))
	faulty := &faultyBlobs{Store: s.blobs}
	s.blobs = faulty
	before := runtime.NumGoroutine()

	for _, after := range []int64{0, 1, blockSize, 20 * blockSize} {
		faulty.after, faulty.err = after, blob.ErrNoSpace
		_, err := s.Put(t.Context(), PutRequest{Bucket: b, Key: "key", Body: endless{t.Context()}, Size: -1, Integrity: Integrity{Algorithm: SHA256}})
		wantKind(t, err, fault.NoSpace)
		waitGoroutines(t, before)
	}
	faulty.err = nil
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.Put(ctx, PutRequest{Bucket: b, Key: "key", Body: endless{t.Context()}, Size: -1})
	wantKind(t, err, fault.Canceled)
	waitGoroutines(t, before)

	cause := errors.New("connection reset")
	body := io.MultiReader(bytes.NewReader(make([]byte, 9*blockSize)), errReader{cause})
	_, err = s.Put(t.Context(), PutRequest{Bucket: b, Key: "key", Body: body, Size: -1})
	if !errors.Is(err, cause) {
		t.Errorf("got %v, want it to wrap the error of the body", err)
	}
	body = io.MultiReader(bytes.NewReader(make([]byte, 9*blockSize)), errReader{io.ErrUnexpectedEOF})
	_, err = s.Put(t.Context(), PutRequest{Bucket: b, Key: "key", Body: body, Size: -1})
	wantKind(t, err, fault.IncompleteBody)
	waitGoroutines(t, before)
	s.collect(t)
	if got, err := s.blobs.List(t.Context(), blob.ID{}, 10); err != nil || len(got) != 1 {
		t.Errorf("got %d blobs, error %v, want 1", len(got), err)
	}
}

type errReader struct{ err error }

func (r errReader) Read([]byte) (int, error) { return 0, r.err }

// refusing is an engine whose commits fail while err is set.
type refusing struct {
	kv.Engine
	err error
}

func (r *refusing) Commit(ctx context.Context, c kv.Commit) error {
	if r.err != nil && !c.Reserve && !c.OnlyDeletes() {
		return r.err
	}
	return r.Engine.Commit(ctx, c)
}

// TestFullDisk holds that deletes and aborts go on, and that a refused put leaves nothing.
func TestFullDisk(t *testing.T) {
	s := newTestStore(t)
	b := s.bucket(t, "bucket")
	content := randomContent(1, 100_000)
	s.put(t, b, "key", content)
	u := s.upload(t, b, "key", NoChecksum, FullObject)
	s.part(t, u, 1, content)
	engine := &refusing{Engine: s.kv}
	s.kv = engine
	engine.err = kv.ErrNoSpace
	_, err := s.Put(t.Context(), PutRequest{Bucket: b, Key: "other", Body: bytes.NewReader(content), Size: -1})
	wantKind(t, err, fault.NoSpace)
	if _, err := s.Delete(t.Context(), DeleteRequest{Bucket: b, Key: "key"}); err != nil {
		t.Errorf("delete: %v", err)
	}
	if err := s.AbortUpload(t.Context(), u, time.Time{}); err != nil {
		t.Errorf("abort: %v", err)
	}
	s.collect(t)
	if got, err := s.blobs.List(t.Context(), blob.ID{}, 10); err != nil || len(got) != 0 {
		t.Errorf("got %d blobs, error %v, want none", len(got), err)
	}
	if err := s.DeleteBucket(t.Context(), "bucket"); err != nil {
		t.Errorf("delete bucket: %v", err)
	}
	engine.err = nil
}

// TestLateWriter holds the order of commit.go: a writer whose intent was collected publishes nothing.
func TestLateWriter(t *testing.T) {
	s := newTestStore(t)
	b := s.bucket(t, "bucket")
	body := io.MultiReader(bytes.NewReader(make([]byte, 100_000)), callReader(func() {
		s.clock = s.clock.Add(2 * intentLife)
		s.collect(t)
	}))
	_, err := s.Put(t.Context(), PutRequest{Bucket: b, Key: "key", Body: body, Size: -1})
	wantKind(t, err, fault.SlowDown)
	s.collect(t)
	if got, err := s.blobs.List(t.Context(), blob.ID{}, 10); err != nil || len(got) != 0 {
		t.Errorf("got %d blobs, error %v, want none", len(got), err)
	}
	s.put(t, b, "key", randomContent(2, 100_000)) // with an intent of a fresh batch
}

type callReader func()

func (f callReader) Read([]byte) (int, error) { f(); return 0, io.EOF }

// TestCopySourceGone holds that content that is going away gets no new reference.
func TestCopySourceGone(t *testing.T) {
	s := newTestStore(t)
	b := s.bucket(t, "bucket")
	old := s.put(t, b, "key", randomContent(1, 100_000))
	s.put(t, b, "key", randomContent(2, 100_000))
	_, err := s.Copy(t.Context(), CopyRequest{Source: old, Bucket: b, Key: "copy"})
	wantKind(t, err, fault.NoSuchKey)
	u := s.upload(t, b, "key", NoChecksum, FullObject)
	_, err = s.CopyPart(t.Context(), CopyPartRequest{Upload: u, Number: 1, Source: old, N: 10})
	wantKind(t, err, fault.NoSuchKey)
}

func TestVersionRefs(t *testing.T) {
	s := newTestStore(t)
	b := s.bucket(t, "bucket")
	v := s.put(t, b, "key", []byte("x"))
	tests := []struct {
		key  string
		ref  VersionRef
		want fault.Kind // Internal: found
	}{
		{"key", VersionRef{}, fault.Internal},
		{"key", VersionRef{Null: true, Set: true}, fault.Internal},
		{"key", VersionRef{ID: v.ID, Set: true}, fault.NoSuchVersion}, // it is called null
		{"other", VersionRef{}, fault.NoSuchKey},
		{"other", VersionRef{Null: true, Set: true}, fault.NoSuchVersion},
	}
	for _, tt := range tests {
		got, found, err := s.Lookup(t.Context(), "bucket", tt.key, tt.ref)
		if got == nil || got.ID != b.ID {
			t.Errorf("look up %+v: got bucket %v", tt, got)
		}
		if tt.want != fault.Internal {
			wantKind(t, err, tt.want)
		} else if err != nil || found.ID != v.ID {
			t.Errorf("look up %+v: got %v, %v", tt, found, err)
		}
	}
	next := s.put(t, b, "key", []byte("y"))
	if bytes.Compare(next.ID[:], v.ID[:]) >= 0 {
		t.Errorf("version %x of the same moment does not sort before %x", next.ID, v.ID)
	}
}

func TestFormatIsChecked(t *testing.T) {
	s := newTestStore(t)
	err := kv.Update(t.Context(), s.kv, func(tx *kv.Tx) error { tx.Put(formatKey(), []byte{99}); return nil })
	if err != nil {
		t.Fatal(err)
	}
	if _, err := New(s.kv, s.blobs, Options{}); err == nil || !strings.Contains(err.Error(), "format") {
		t.Errorf("got %v, want a refusal that names the format", err)
	}
	if err := kv.Update(t.Context(), s.kv, func(tx *kv.Tx) error { tx.Put(formatKey(), []byte{storeFormat}); return nil }); err != nil {
		t.Fatal(err)
	}
}
