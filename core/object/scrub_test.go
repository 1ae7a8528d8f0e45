package object

import (
	"context"
	"math"
	"slices"
	"testing"
	"time"

	"golang.org/x/time/rate"

	"shoal/storage/blob"
)

func TestScrubFindsRot(t *testing.T) {
	s := newTestStore(t)
	b := s.bucket(t, "bucket")
	v := s.put(t, b, "key", randomContent(1, 3_000_000))
	s.put(t, b, "other", randomContent(2, 100_000))
	sound := s.blobs
	rotten := &rottenStore{Store: sound, rotten: v.Content.Extents[0].Blob}
	s.blobs = rotten
	defer func() { s.blobs = sound }()
	var found []Damage
	var read int64
	o := ScrubOptions{Damaged: func(d Damage) { found = append(found, d) }, Read: func(n int64) { read += n }}
	if err := s.ScrubOnce(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	if len(found) != 1 || found[0].Blob != rotten.rotten || len(s.ScrubStatus().Damaged) != 1 {
		t.Errorf("got %+v, want the rotten blob", found)
	}
	if read < 100_000 {
		t.Errorf("got %d bytes read, want the sound blob's at least", read)
	}
	for _, deep := range []bool{false, true} {
		if got, want := s.fsck(t, FsckOptions{Deep: deep}), []FindingKind{DamagedBlob}; !slices.Equal(got, want) {
			t.Errorf("fsck (deep %v): got %q, want %q", deep, got, want)
		}
	}
	rotten.rotten = blob.ID{}
	if err := s.ScrubOnce(t.Context(), o); err != nil || len(s.ScrubStatus().Damaged) != 0 {
		t.Errorf("after the repair: error %v, damaged %+v", err, s.ScrubStatus().Damaged)
	}
}

// TestScrubGoesOn interrupts a pass and finds the position kept.
func TestScrubGoesOn(t *testing.T) {
	s := newTestStore(t)
	b := s.bucket(t, "bucket")
	for i := range 5 {
		s.put(t, b, string(rune('a'+i)), randomContent(uint64(i), 20_000))
	}
	ctx, cancel := context.WithCancel(t.Context())
	reads := 0
	first := ScrubOptions{Read: func(int64) {
		s.clock = s.clock.Add(2 * scrubSaveEvery) // save after each blob
		if reads++; reads == 3 {
			cancel()
		}
	}}
	if err := s.ScrubOnce(ctx, first); err == nil {
		t.Error("interrupted pass: got no error")
	}
	rest := 0
	if err := s.ScrubOnce(t.Context(), ScrubOptions{Read: func(int64) { rest++ }}); err != nil {
		t.Fatal(err)
	}
	if rest != 3 {
		t.Errorf("second pass: got %d blobs read, want 3", rest)
	}
}

// TestScrubRests ends a pass and finds what is left of the rest kept, but not of a rest that a clock set back would
// make longer.
func TestScrubRests(t *testing.T) {
	s := newTestStore(t)
	sc := &scrubber{store: s.Store, o: ScrubOptions{Rest: time.Hour}}
	left := func() time.Duration {
		t.Helper()
		d, err := sc.restLeft(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return d.Round(time.Second)
	}
	if got := left(); got > 0 {
		t.Errorf("never scrubbed: got %v of rest", got)
	}
	if err := s.ScrubOnce(t.Context(), ScrubOptions{}); err != nil {
		t.Fatal(err)
	}
	ended := s.clock
	for after, want := range map[time.Duration]time.Duration{
		20 * time.Minute: 40 * time.Minute,
		2 * time.Hour:    -time.Hour,
		-time.Hour:       time.Hour,
	} {
		s.clock = ended.Add(after)
		if got := left(); got != want {
			t.Errorf("%v after a pass: got %v of rest, want %v", after, got, want)
		}
	}
	if err := sc.save(t.Context(), blob.NewID()); err != nil {
		t.Fatal(err)
	}
	if got := left(); got != 0 {
		t.Errorf("amid a pass: got %v of rest", got)
	}
}

// TestScrubReadsCost has a read of a small blob cost as much of the rate as finding it costs a disk.
func TestScrubReadsCost(t *testing.T) {
	sc := &scrubber{limit: rate.NewLimiter(1, scrubBurst)} // a byte a second: nothing comes back in this test's time
	for n, cost := range map[int]float64{1: scrubSeek, scrubSeek + 1: scrubSeek + 1} {
		before := sc.limit.Tokens()
		if err := sc.pace(t.Context(), n); err != nil {
			t.Fatal(err)
		}
		if got := before - sc.limit.Tokens(); math.Abs(got-cost) > 1000 {
			t.Errorf("a read of %d bytes: costs %.0f, want %.0f", n, got, cost)
		}
	}
}
