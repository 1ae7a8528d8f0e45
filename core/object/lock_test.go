package object

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"shoal/core/fault"
	"shoal/storage/kv"
)

func TestRetentionYields(t *testing.T) {
	now := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	until := func(m RetentionMode, d time.Duration) Retention { return Retention{m, now.Add(d)} }
	none := Retention{}
	tests := []struct {
		name         string
		have, to     Retention
		plain, force bool // whether it yields without and with a bypass
	}{
		{"nothing", none, until(Compliance, time.Hour), true, true},
		{"nothing to nothing", none, none, true, true},
		{"governance away", until(Governance, 1), none, false, true},
		{"governance longer", until(Governance, 5), until(Governance, 6), true, true},
		{"governance the same", until(Governance, 5), until(Governance, 5), true, true},
		{"governance shorter", until(Governance, 5), until(Governance, 4), false, true},
		{"governance to compliance", until(Governance, 5), until(Compliance, 6), false, true},
		{"governance over", until(Governance, 0), none, true, true},
		{"compliance away", until(Compliance, 1), none, false, false},
		{"compliance longer", until(Compliance, 5), until(Compliance, 6), true, true},
		{"compliance the same", until(Compliance, 5), until(Compliance, 5), true, true},
		{"compliance shorter", until(Compliance, 5), until(Compliance, 4), false, false},
		{"compliance to governance", until(Compliance, 5), until(Governance, 6), false, false},
		{"compliance over", until(Compliance, 0), none, true, true},
		{"a mode of a later program", until(Compliance+1, -1), none, false, false},
	}
	for _, tt := range tests {
		for bypass, want := range map[bool]bool{false: tt.plain, true: tt.force} {
			if got := tt.have.yields(tt.to, now, bypass); got != want {
				t.Errorf("%s, bypass %t: got %t, want %t", tt.name, bypass, got, want)
			}
			if tt.to != none {
				continue
			}
			for hold, free := range map[LegalHold]bool{NoLegalHold: true, LegalHoldOff: true, LegalHoldOn: false, LegalHoldOn + 1: false} {
				if got := (Lock{tt.have, hold}).removable(now, bypass); got != (want && free) {
					t.Errorf("%s, bypass %t, hold %d: removable %t", tt.name, bypass, hold, got)
				}
			}
		}
		// A clock that was reset frees nothing.
		if tt.have.Mode == Compliance && tt.have.yields(none, time.Time{}, true) {
			t.Errorf("%s yields to a clock at zero", tt.name)
		}
	}
}

func TestDefaultRetentionFrom(t *testing.T) {
	now := time.Date(2028, 2, 29, 12, 0, 0, 1, time.UTC)
	for _, tt := range []struct {
		d    DefaultRetention
		want time.Time
	}{
		{DefaultRetention{}, time.Time{}},
		{DefaultRetention{Mode: Governance, Days: 1}, time.Date(2028, 3, 1, 12, 0, 0, 1_000_000, time.UTC)},
		{DefaultRetention{Mode: Compliance, Years: 4}, time.Date(2032, 2, 29, 12, 0, 0, 1_000_000, time.UTC)},
	} {
		if got := tt.d.from(now); !got.Until.Equal(tt.want) || got.Mode != tt.d.Mode {
			t.Errorf("%+v: got %+v, want %v", tt.d, got, tt.want)
		}
	}
}

// TestRetentionDates: what cannot be kept is refused, and nothing is kept for less than was asked.
func TestRetentionDates(t *testing.T) {
	s := newTestStore(t)
	b := s.lockedBucket(t, "bucket", DefaultRetention{})
	last := time.UnixMilli(maxLockTime).UTC()
	put := func(until time.Time) (*Version, error) {
		return s.Put(t.Context(), PutRequest{Bucket: b, Key: "k", Body: bytes.NewReader(nil), Owner: testOwner, Lock: Lock{Retention: Retention{Compliance, until}}})
	}
	for _, until := range []time.Time{last.Add(1), last.Add(time.Hour), s.clock, {}} {
		_, err := put(until)
		wantKind(t, err, fault.InvalidArgument)
		wantKind(t, s.SetRetention(t.Context(), b, "k", VersionRef{}, Retention{Compliance, until}, true), fault.InvalidArgument)
	}
	for _, until := range []time.Time{last, s.clock.Add(1), s.clock.Add(time.Hour + 999_999)} {
		if _, err := put(until); err != nil {
			t.Fatal(err)
		}
		if got := s.lookup(t, b, "k").Lock.Retention.Until; got.Before(until) || got.Sub(until) >= time.Millisecond {
			t.Errorf("asked for %v, got %v", until, got)
		}
	}
}

func (s *testStore) lockedBucket(t testing.TB, name string, d DefaultRetention) *Bucket {
	t.Helper()
	if _, err := s.CreateBucket(t.Context(), NewBucket{Name: name, Owner: testOwner, ObjectLock: true}); err != nil {
		t.Fatal(err)
	}
	s.setObjectLock(t, name, ObjectLock{Enabled: true, Default: d})
	b, err := s.Bucket(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (s *testStore) setObjectLock(t testing.TB, name string, o ObjectLock) {
	t.Helper()
	if err := s.UpdateBucket(t.Context(), name, func(c *BucketConfig) error { c.ObjectLock = o; return nil }); err != nil {
		t.Fatalf("set object lock: %v", err)
	}
}

// TestLockOverTime: a version goes when its retention is over and not before, whatever else happens to its key.
func TestLockOverTime(t *testing.T) {
	s := newTestStore(t)
	b := s.lockedBucket(t, "bucket", DefaultRetention{Mode: Compliance, Days: 2})
	first := s.put(t, b, "key", []byte("first"))
	if want := first.Modified.AddDate(0, 0, 2); first.Lock.Retention != (Retention{Compliance, want}) {
		t.Fatalf("got %+v, want compliance until %v", first.Lock, want)
	}
	s.put(t, b, "key", randomContent(1, 20_000))
	marker := s.delete(t, b, "key", VersionRef{})
	remove := func() error {
		_, err := s.Delete(t.Context(), DeleteRequest{Bucket: b, Key: "key", Ref: VersionRef{ID: first.ID, Set: true}, Bypass: true})
		return err
	}
	wantKind(t, remove(), fault.ObjectLocked)
	s.clock = first.Lock.Retention.Until.Add(-1)
	wantKind(t, remove(), fault.ObjectLocked)
	s.clock = first.Modified.Add(-time.Hour) // it was set back
	wantKind(t, remove(), fault.ObjectLocked)
	s.clock = first.Lock.Retention.Until
	if err := s.SetLegalHold(t.Context(), b, "key", VersionRef{ID: first.ID, Set: true}, LegalHoldOn); err != nil {
		t.Fatal(err)
	}
	wantKind(t, remove(), fault.ObjectLocked)
	if err := s.SetLegalHold(t.Context(), b, "key", VersionRef{ID: first.ID, Set: true}, LegalHoldOff); err != nil {
		t.Fatal(err)
	}
	if err := remove(); err != nil {
		t.Errorf("after its retention: %v", err)
	}
	s.delete(t, b, "key", VersionRef{ID: marker.VersionID, Set: true})
	wantKind(t, s.DeleteBucket(t.Context(), "bucket"), fault.BucketNotEmpty)
}

// TestDefaultRetentionBinds: what is committed after a default was set has it, whichever bucket its caller holds.
func TestDefaultRetentionBinds(t *testing.T) {
	s := newTestStore(t)
	old := s.versionedBucket(t, "bucket")
	u, err := s.CreateUpload(t.Context(), NewUpload{Bucket: old, Key: "parts", Owner: testOwner})
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.PutPart(t.Context(), PutPartRequest{Upload: u, Number: 1, Body: bytes.NewReader([]byte("x")), Size: 1})
	if err != nil {
		t.Fatal(err)
	}
	s.setObjectLock(t, "bucket", ObjectLock{true, DefaultRetention{Mode: Governance, Years: 1}})
	v := s.put(t, old, "key", []byte("x"))
	c, err := s.Copy(t.Context(), CopyRequest{Source: v, Bucket: old, Key: "copy", Owner: testOwner})
	if err != nil {
		t.Fatal(err)
	}
	m, err := s.CompleteUpload(t.Context(), CompleteRequest{Bucket: old, Upload: u, Parts: []CompletePart{{Number: 1, ETag: p.ETag}}, Size: -1})
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []*Version{v, c, m} {
		_, got, err := s.Lookup(t.Context(), "bucket", v.Key, VersionRef{})
		if want := (Retention{Governance, v.Modified.AddDate(1, 0, 0)}); err != nil || got.Lock.Retention != want {
			t.Errorf("%s: got %+v, %v, want %+v", v.Key, got.Lock, err, want)
		}
	}
}

// TestNullVersionKept: a null version from before there was versioning is locked like any other.
func TestNullVersionKept(t *testing.T) {
	s := newTestStore(t)
	b := s.bucket(t, "bucket")
	s.put(t, b, "key", []byte("old"))
	s.setVersioning(t, "bucket", VersioningEnabled)
	s.setObjectLock(t, "bucket", ObjectLock{Enabled: true})
	b, err := s.Bucket(t.Context(), "bucket")
	if err != nil {
		t.Fatal(err)
	}
	null := VersionRef{Null: true, Set: true}
	r := Retention{Governance, s.clock.Add(time.Hour)}
	if err := s.SetRetention(t.Context(), b, "key", null, r, false); err != nil {
		t.Fatal(err)
	}
	s.put(t, b, "key", []byte("new"))
	remove := DeleteRequest{Bucket: b, Key: "key", Ref: null}
	_, err = s.Delete(t.Context(), remove)
	wantKind(t, err, fault.ObjectLocked)
	r.Until = s.clock.Add(time.Minute)
	wantKind(t, s.SetRetention(t.Context(), b, "key", null, r, false), fault.ObjectLocked)
	if err := s.SetRetention(t.Context(), b, "key", null, r, true); err != nil {
		t.Fatal(err)
	}
	remove.Bypass = true
	if _, err := s.Delete(t.Context(), remove); err != nil {
		t.Fatal(err)
	}
}

func TestObjectLockStates(t *testing.T) {
	s := newTestStore(t)
	s.bucket(t, "plain")
	locked := s.lockedBucket(t, "locked", DefaultRetention{})
	s.versionedBucket(t, "versioned")
	update := func(name string, change func(*BucketConfig)) error {
		return s.UpdateBucket(t.Context(), name, func(c *BucketConfig) error { change(c); return nil })
	}
	on := func(c *BucketConfig) { c.ObjectLock.Enabled = true }
	wantKind(t, update("plain", on), fault.BadBucketState)
	wantKind(t, update("locked", func(c *BucketConfig) { c.ObjectLock = ObjectLock{} }), fault.BadBucketState)
	wantKind(t, update("locked", func(c *BucketConfig) { c.Versioning = VersioningSuspended }), fault.BadBucketState)
	wantKind(t, update("versioned", func(c *BucketConfig) { c.ObjectLock.Default = DefaultRetention{Mode: Governance, Days: 1} }), fault.BadBucketState)
	for _, d := range []DefaultRetention{
		{Mode: Governance},
		{Days: 1},
		{Mode: Compliance + 1, Days: 1},
		{Mode: Governance, Days: 1, Years: 1},
		{Mode: Governance, Days: -1},
		{Mode: Governance, Days: MaxRetentionDays + 1},
		{Mode: Governance, Years: MaxRetentionYears + 1},
	} {
		wantKind(t, update("locked", func(c *BucketConfig) { c.ObjectLock.Default = d }), fault.InvalidArgument)
	}
	plain, err := s.Bucket(t.Context(), "plain")
	if err != nil {
		t.Fatal(err)
	}
	future := Lock{Retention: Retention{Governance, s.clock.Add(time.Hour)}}
	for _, tt := range []struct {
		b    *Bucket
		lock Lock
		want fault.Kind
	}{
		{plain, future, fault.InvalidRequest},
		{plain, Lock{LegalHold: LegalHoldOff}, fault.InvalidRequest},
		{locked, Lock{Retention: Retention{Compliance, s.clock}}, fault.InvalidArgument},
	} {
		_, err := s.Put(t.Context(), PutRequest{Bucket: tt.b, Key: "k", Body: bytes.NewReader(nil), Owner: testOwner, Lock: tt.lock})
		wantKind(t, err, tt.want)
		_, err = s.CreateUpload(t.Context(), NewUpload{Bucket: tt.b, Key: "k", Owner: testOwner, Lock: tt.lock})
		wantKind(t, err, tt.want)
	}
}

// TestUnreadableLock: a version whose lock this program cannot read is not removed.
func TestUnreadableLock(t *testing.T) {
	s := newTestStore(t)
	b := s.lockedBucket(t, "bucket", DefaultRetention{})
	v := s.put(t, b, "key", []byte("x"))
	whole := encodeVersion(v)
	for name, record := range map[string][]byte{
		"mode":         appendUint(whole, versionFieldRetentionMode, uint64(Compliance)+1),
		"no date":      appendUint(whole, versionFieldRetentionMode, uint64(Compliance)),
		"no mode":      appendUint(whole, versionFieldRetainUntil, 1),
		"date too big": appendUint(appendUint(whole, versionFieldRetentionMode, uint64(Compliance)), versionFieldRetainUntil, 1<<63),
		"legal hold":   appendUint(whole, versionFieldLegalHold, uint64(LegalHoldOn)+1),
	} {
		s.commit(t, kv.Write{Key: headKey(b.ID, "key"), Value: record})
		_, err := s.Delete(t.Context(), DeleteRequest{Bucket: b, Key: "key", Ref: VersionRef{ID: v.ID, Set: true}, Bypass: true})
		if !errors.Is(err, errRecord) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	s.commit(t, kv.Write{Key: headKey(b.ID, "key"), Value: whole})
}
