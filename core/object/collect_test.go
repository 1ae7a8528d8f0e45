package object

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"shoal/core/fault"
	"shoal/storage/blob"
	"shoal/wire/torrent"
)

// TestDeadIntents: what a process left behind is collected by the next one, at once.
func TestDeadIntents(t *testing.T) {
	s := newTestStore(t)
	b := s.bucket(t, "bucket")
	live := s.put(t, b, "live", randomContent(1, 50_000))
	id, err := s.takeIntent(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.blobs.Put(t.Context(), id, strings.NewReader("half an upload")); err != nil {
		t.Fatal(err)
	}
	if c, err := s.CollectOnce(t.Context(), s.clock); err != nil || c.Intents+c.Blobs != 0 {
		t.Errorf("the living process: got %+v, error %v, want nothing collected", c, err)
	}
	next, err := New(s.engine, s.blobs, Options{Clock: s.o.Clock})
	if err != nil {
		t.Fatal(err)
	}
	c, err := next.CollectOnce(t.Context(), s.clock)
	if err != nil || c.Intents != intentBatch-1 || c.Blobs != c.Intents {
		t.Errorf("the next process: got %+v, error %v, want %d intents and blobs", c, err, intentBatch-1)
	}
	if _, err := s.blobs.Stat(t.Context(), id); !errors.Is(err, blob.ErrGone) {
		t.Errorf("stat of the abandoned blob: got %v, want gone", err)
	}
	if got := s.read(t, live, 0, live.Size); len(got) != 50_000 {
		t.Errorf("the live object has %d bytes", len(got))
	}
	if n := len(s.rows(t, kindIntent)) + len(s.rows(t, kindQueue)); n != 0 {
		t.Errorf("%d intent and queue rows are left", n)
	}
}

// slowBody calls during once, in the middle of a body.
type slowBody struct {
	io.Reader
	during func()
	once   sync.Once
}

func (b *slowBody) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if err == io.EOF {
		b.once.Do(b.during)
	}
	return n, err
}

// TestSlowPut: an upload that outlives its intent fails its commit and shows nothing.
func TestSlowPut(t *testing.T) {
	s := newTestStore(t)
	b := s.bucket(t, "bucket")
	s.put(t, b, "key", []byte("old"))
	body := &slowBody{Reader: bytes.NewReader(randomContent(1, 5_000_000)), during: func() {
		s.clock = s.clock.Add(intentLife + time.Hour)
		if c, err := s.CollectOnce(t.Context(), s.clock); err != nil || c.Intents == 0 {
			t.Errorf("collect: got %+v, error %v", c, err)
		}
	}}
	_, err := s.Put(t.Context(), PutRequest{Bucket: b, Key: "key", Body: body, Size: -1, Owner: testOwner})
	wantKind(t, err, fault.SlowDown)
	v := s.lookup(t, b, "key")
	if got := s.read(t, v, 0, v.Size); string(got) != "old" {
		t.Errorf("got %q, want the old content", got)
	}
}

// TestCopyKeepsBlob: content goes only with the last version that has it.
func TestCopyKeepsBlob(t *testing.T) {
	s := newTestStore(t)
	b := s.bucket(t, "bucket")
	content := randomContent(1, 100_000)
	v := s.put(t, b, "source", content)
	m, mContent := s.uploadParts(t, b, "parts", 5<<20, 10)
	for source, key := range map[*Version]string{v: "copy", m: "parts copy"} {
		if _, err := s.Copy(t.Context(), CopyRequest{Source: source, Bucket: b, Key: key, Owner: testOwner}); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Delete(t.Context(), DeleteRequest{Bucket: b, Key: source.Key}); err != nil {
			t.Fatal(err)
		}
	}
	if c := s.collect(t); c.Blobs != 0 {
		t.Errorf("collected %d blobs that copies have", c.Blobs)
	}
	for key, want := range map[string][]byte{"copy": content, "parts copy": mContent} {
		v := s.lookup(t, b, key)
		if got := s.read(t, v, 0, v.Size); !bytes.Equal(got, want) {
			t.Errorf("%q differs after its source went", key)
		}
		if _, err := s.Delete(t.Context(), DeleteRequest{Bucket: b, Key: key}); err != nil {
			t.Fatal(err)
		}
	}
	s.collect(t)
	if left, err := s.blobs.List(t.Context(), blob.ID{}, 10); err != nil || len(left) != 0 {
		t.Errorf("got %d blobs at the end, error %v, want none", len(left), err)
	}
	for _, kind := range []byte{kindManifest, kindPart, kindUpload, kindRef, kindQueue} {
		if n := len(s.rows(t, kind)); n != 0 {
			t.Errorf("%d rows of kind %q are left", n, kind)
		}
	}
}

// TestCollectorRaces lets writers, copiers, deleters, readers and torrents meet a collector without grace,
// and an online check that must not mistake work under way for damage. A version that is read while it is
// deleted may be gone, but never has other bytes. The full check at the end sees what the races left.
func TestCollectorRaces(t *testing.T) {
	s := newTestStore(t)
	s.o.Grace = time.Nanosecond
	b := s.bucket(t, "bucket")
	const keys, workers, rounds = 4, 4, 120
	ctx, cancel := context.WithCancel(t.Context())
	var collector, work sync.WaitGroup
	collector.Go(func() {
		for ctx.Err() == nil {
			if _, err := s.CollectOnce(t.Context(), s.clock.Add(time.Hour)); err != nil {
				t.Errorf("collect: %v", err)
			}
		}
	})
	collector.Go(func() {
		for ctx.Err() == nil {
			report, err := s.Fsck(t.Context(), FsckOptions{Recheck: 20 * time.Millisecond})
			if err != nil || !report.Clean() {
				t.Errorf("fsck meanwhile: got %+v, error %v, want nothing found", report.Findings, err)
			}
		}
	})
	for w := range workers {
		work.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(w), 1))
			for range rounds {
				raceStep(t, s, b, rng, fmt.Sprint("key", rng.IntN(keys)), fmt.Sprint("key", rng.IntN(keys)))
			}
		})
	}
	work.Wait()
	cancel()
	collector.Wait()
}

// raceContent has its size in its bytes, so that a reader knows what it must get.
func raceContent(n int) []byte { return bytes.Repeat([]byte{byte(n)}, n) }

func raceStep(t *testing.T, s *testStore, b *Bucket, rng *rand.Rand, key, other string) {
	ctx := t.Context()
	if rng.IntN(3) == 0 {
		s.put(t, b, key, raceContent(9000+rng.IntN(200)))
		return
	}
	_, v, err := s.Lookup(ctx, b.Name, key, VersionRef{})
	if err == nil {
		switch rng.IntN(4) {
		case 0:
			_, err = s.Copy(ctx, CopyRequest{Source: v, Bucket: b, Key: other, Owner: testOwner})
		case 1:
			_, err = s.Delete(ctx, DeleteRequest{Bucket: b, Key: key})
		case 2:
			_, err = s.Torrent(ctx, b, v, torrent.Hybrid, nil)
		case 3:
			err = readRace(ctx, s, v)
		}
	}
	switch fault.KindOf(err) {
	case fault.NoSuchKey, fault.NoSuchVersion:
	default:
		if err != nil && !errors.Is(err, blob.ErrGone) {
			t.Errorf("race step: %v", err)
		}
	}
}

func readRace(ctx context.Context, s *testStore, v *Version) error {
	r, err := s.Open(ctx, v, 0, v.Size)
	if err != nil {
		return err
	}
	defer r.Close()
	got, err := io.ReadAll(r)
	if err == nil && !bytes.Equal(got, raceContent(int(v.Size))) {
		return errors.New("other bytes than were put")
	}
	return err
}

// TestRunCollects lets the workers of Run do what is due.
func TestRunCollects(t *testing.T) {
	s := newTestStore(t)
	b := s.bucket(t, "bucket")
	old := s.put(t, b, "key", randomContent(1, 20_000))
	s.put(t, b, "key", nil)
	s.clock = s.clock.Add(2 * s.o.Grace)
	ctx, cancel := context.WithCancel(t.Context())
	ran := make(chan error, 1)
	go func() { ran <- s.Run(ctx) }()
	deadline := time.After(30 * time.Second)
	for gone := false; !gone; {
		select {
		case <-deadline:
			t.Fatal("the blob is still there")
		case <-time.After(20 * time.Millisecond):
			_, err := s.blobs.Stat(t.Context(), old.Content.Extents[0].Blob)
			gone = errors.Is(err, blob.ErrGone)
		}
	}
	cancel()
	if err := <-ran; err != nil {
		t.Errorf("run: %v", err)
	}
}
