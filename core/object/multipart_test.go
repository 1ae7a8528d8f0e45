package object

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
	"testing"
	"time"

	"shoal/core/fault"
	"shoal/storage/kv"
)

func (s *testStore) upload(t testing.TB, b *Bucket, key string, a ChecksumAlgorithm, ct ChecksumType) *Upload {
	t.Helper()
	u, err := s.CreateUpload(t.Context(), NewUpload{Bucket: b, Key: key, Owner: testOwner, Algorithm: a, Type: ct})
	if err != nil {
		t.Fatalf("create upload: %v", err)
	}
	return u
}

func (s *testStore) part(t testing.TB, u *Upload, number int, content []byte) CompletePart {
	t.Helper()
	p, err := s.PutPart(t.Context(), PutPartRequest{Upload: u, Number: number, Body: bytes.NewReader(content), Size: int64(len(content))})
	if err != nil {
		t.Fatalf("put part %d: %v", number, err)
	}
	return CompletePart{Number: number, ETag: p.ETag, Checksum: p.Checksum.Value}
}

func (s *testStore) complete(t testing.TB, b *Bucket, u *Upload, parts ...CompletePart) (*Version, error) {
	return s.CompleteUpload(t.Context(), CompleteRequest{Bucket: b, Upload: u, Parts: parts, Size: -1})
}

func TestCompleteUpload(t *testing.T) {
	algorithms := []struct {
		a  ChecksumAlgorithm
		ct ChecksumType
	}{
		{NoChecksum, FullObject},
		{CRC32, FullObject},
		{CRC32C, FullObject},
		{CRC64NVME, FullObject},
		{CRC32, Composite},
		{CRC32C, Composite},
		{SHA1, Composite},
		{SHA256, Composite},
		{SHA512, Composite},
		{MD5, Composite},
		{XXHash64, Composite},
		{XXHash3, Composite},
		{XXHash128, Composite},
	}
	for _, tt := range algorithms {
		t.Run(fmt.Sprint(tt.a, tt.ct), func(t *testing.T) {
			s := newTestStore(t)
			b := s.bucket(t, "bucket")
			u := s.upload(t, b, "key", tt.a, tt.ct)
			parts := [][]byte{randomContent(1, MinPart+3), randomContent(2, MinPart), randomContent(3, 5)}
			s.part(t, u, 2, []byte("replaced later"))
			s.part(t, u, 1000, []byte("left out"))
			var list []CompletePart
			sums := md5.New()
			for i, p := range parts {
				list = append(list, s.part(t, u, 2*i+2, p))
				d := md5.Sum(p)
				sums.Write(d[:])
			}
			v, err := s.complete(t, b, u, list...)
			if err != nil {
				t.Fatalf("complete: %v", err)
			}
			whole := bytes.Join(parts, nil)
			if want := ETag(fmt.Sprintf("%x-3", sums.Sum(nil))); v.ETag != want || v.Size != int64(len(whole)) || v.PartCount != 3 {
				t.Errorf("got %s of %d bytes, want %s of %d", v.ETag, v.Size, want, len(whole))
			}
			if tt.a == NoChecksum {
				tt.a = CRC64NVME // of an upload that names none (AWS)
			}
			if want := wantChecksum(tt.a, tt.ct, parts); v.Checksum.Value != want {
				t.Errorf("got checksum %q, want %q", v.Checksum.Value, want)
			}
			v = s.lookup(t, b, "key")
			for _, at := range [][2]int64{{0, v.Size}, {MinPart, 10}, {v.Size - 6, 6}, {MinPart + 3, MinPart}, {7, 0}} {
				if got := s.read(t, v, at[0], at[1]); !bytes.Equal(got, whole[at[0]:at[0]+at[1]]) {
					t.Errorf("range %v differs", at)
				}
			}
			if again, err := s.complete(t, b, u, list...); err != nil || again.ID != v.ID {
				t.Errorf("complete again: got %v, %v, want the same version", again, err)
			}
			s.collect(t)
			if got := s.read(t, v, 0, v.Size); !bytes.Equal(got, whole) {
				t.Errorf("content differs after the collector")
			}
			if off, n, err := s.PartRange(t.Context(), v, 3); err != nil || off != 2*MinPart+3 || n != 5 {
				t.Errorf("part 3: got %d, %d, %v", off, n, err)
			}
			_, err = s.complete(t, b, u, list...)
			wantKind(t, err, fault.NoSuchUpload)
		})
	}
}

// wantChecksum computes it from the content.
func wantChecksum(a ChecksumAlgorithm, ct ChecksumType, parts [][]byte) string {
	if a == NoChecksum {
		return ""
	}
	sum := func(h hash.Hash, p []byte) []byte { h.Write(p); return h.Sum(nil) }
	if ct == FullObject {
		return base64.StdEncoding.EncodeToString(sum(a.newHash(), bytes.Join(parts, nil)))
	}
	outer := a.newHash()
	for _, p := range parts {
		outer.Write(sum(a.newHash(), p))
	}
	return fmt.Sprintf("%s-%d", base64.StdEncoding.EncodeToString(outer.Sum(nil)), len(parts))
}

func TestCompleteRefused(t *testing.T) {
	s := newTestStore(t)
	b := s.bucket(t, "bucket")
	u := s.upload(t, b, "key", CRC32, Composite)
	one, two := s.part(t, u, 1, []byte("small")), s.part(t, u, 2, []byte("last"))
	wrong := one
	wrong.ETag = two.ETag
	wrongSum := two
	wrongSum.Checksum = one.Checksum
	tests := []struct {
		name string
		r    CompleteRequest
		want fault.Kind
	}{
		{"no parts", CompleteRequest{}, fault.InvalidRequest},
		{"order", CompleteRequest{Parts: []CompletePart{two, one}}, fault.InvalidPartOrder},
		{"twice", CompleteRequest{Parts: []CompletePart{one, one}}, fault.InvalidPartOrder},
		{"unknown", CompleteRequest{Parts: []CompletePart{{Number: 3, ETag: one.ETag}}}, fault.InvalidPart},
		{"etag", CompleteRequest{Parts: []CompletePart{wrong}}, fault.InvalidPart},
		{"part checksum", CompleteRequest{Parts: []CompletePart{wrongSum}}, fault.InvalidPart},
		{"small", CompleteRequest{Parts: []CompletePart{one, two}}, fault.EntityTooSmall},
		{"size", CompleteRequest{Parts: []CompletePart{one}, Size: 4}, fault.InvalidRequest},
		{"checksum", CompleteRequest{Parts: []CompletePart{one}, Size: -1, Checksum: "AAAA"}, fault.ChecksumMismatch},
		{"condition", CompleteRequest{Parts: []CompletePart{one}, Size: -1, Condition: WriteCondition{IfMatch: "x"}}, fault.NoSuchKey},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.r.Bucket, tt.r.Upload = b, u
			if tt.r.Size == 0 {
				tt.r.Size = -1
			}
			_, err := s.CompleteUpload(t.Context(), tt.r)
			wantKind(t, err, tt.want)
		})
	}
	if err := s.AbortUpload(t.Context(), u, time.Time{}); err != nil {
		t.Fatalf("abort: %v", err)
	}
	wantKind(t, s.AbortUpload(t.Context(), u, time.Time{}), fault.NoSuchUpload)
	_, err := s.PutPart(t.Context(), PutPartRequest{Upload: u, Number: 1, Body: bytes.NewReader(nil), Size: 0})
	wantKind(t, err, fault.NoSuchUpload)
	if c := s.collect(t); c.Blobs != 2 {
		t.Errorf("got %d blobs collected after the abort, want 2", c.Blobs)
	}
}

// dying is an engine that takes armed more commits; negative: any number.
type dying struct {
	kv.Engine
	left, armed int
}

var errDied = errors.New("died")

func (d *dying) Commit(ctx context.Context, c kv.Commit) error {
	if d.armed == 0 {
		return errDied
	}
	d.armed--
	return d.Engine.Commit(ctx, c)
}

// TestPartPutWhileCompleting holds that a completion never shows parts that were replaced meanwhile.
func TestPartPutWhileCompleting(t *testing.T) {
	s := newTestStore(t)
	b := s.bucket(t, "bucket")
	u := s.upload(t, b, "key", NoChecksum, FullObject)
	old := s.part(t, u, 1, []byte("old"))
	sealed, err := s.seal(t.Context(), "test", u)
	if err != nil {
		t.Fatal(err)
	}
	check := func() error {
		return kv.Update(t.Context(), s.kv, func(tx *kv.Tx) error { return checkSeal(tx, "test", sealed) })
	}
	if err := check(); err != nil {
		t.Errorf("an untouched seal: %v", err)
	}
	now := s.part(t, u, 1, []byte("new"))
	if err := check(); !errors.Is(err, errUnsealed) {
		t.Errorf("after a part was put: got %v, want %v", err, errUnsealed)
	}
	_, err = s.complete(t, b, u, old)
	wantKind(t, err, fault.InvalidPart)
	if _, err := s.complete(t, b, u, now); err != nil {
		t.Errorf("complete with the new part: %v", err)
	}
}

// TestManyParts completes an upload whose manifest takes several commits, and copies it by one row.
func TestManyParts(t *testing.T) {
	s := newTestStore(t)
	b := s.bucket(t, "bucket")
	seed := s.put(t, b, "seed", randomContent(9, MinPart+1))
	u := s.upload(t, b, "key", SHA256, Composite)
	// Parts by reference to one blob, written as rows: 10,000 uploads would only take longer.
	p, err := s.CopyPart(t.Context(), CopyPartRequest{Upload: u, Number: 1, Source: seed, Off: 1, N: MinPart})
	if err != nil {
		t.Fatalf("copy part: %v", err)
	}
	list := []CompletePart{{Number: 1, ETag: p.ETag}}
	for n := 2; n <= MaxParts; n++ {
		rec := partRecord{Part: *p, Extents: []Extent{{Blob: seed.Content.Extents[0].Blob, Offset: 1, Length: MinPart}}}
		rec.Number = n
		if err := s.publishPart(t.Context(), "test", u, &rec, nil, nil); err != nil {
			t.Fatalf("part %d: %v", n, err)
		}
		list = append(list, CompletePart{Number: n, ETag: p.ETag})
	}
	// A completion that dies between its commits leaves an upload that can be completed.
	engine := &dying{Engine: s.kv}
	s.kv = engine
	for engine.left = 1; engine.left <= 3; engine.left++ {
		engine.armed = engine.left
		if _, err := s.complete(t, b, u, list...); !errors.Is(err, errDied) {
			t.Fatalf("complete with %d commits: got %v, want %v", engine.left, err, errDied)
		}
		engine.armed = -1
		if _, _, err := s.Lookup(t.Context(), b.Name, "key", VersionRef{}); !fault.Is(err, fault.NoSuchKey) {
			t.Fatalf("a version is visible before its last commit: %v", err)
		}
		checkStore(t, s.Store)
	}
	v, err := s.complete(t, b, u, list...)
	if err != nil {
		t.Fatalf("complete: %v", err)
	}
	if v.Content.Chunks <= manifestRowsPerCommit {
		t.Errorf("got %d manifest rows, want more than one commit holds", v.Content.Chunks)
	}
	c, err := s.Copy(t.Context(), CopyRequest{Source: v, Bucket: b, Key: "copy", Owner: testOwner})
	if err != nil {
		t.Fatalf("copy: %v", err)
	}
	if _, err := s.Delete(t.Context(), DeleteRequest{Bucket: b, Key: "key"}); err != nil {
		t.Fatalf("delete: %v", err)
	}
	s.collect(t)
	want := s.read(t, seed, 1, MinPart)
	const at = 7777*MinPart - 3
	if got := s.read(t, c, at, 6); !bytes.Equal(got, append(want[MinPart-3:len(want):len(want)], want[:3]...)) {
		t.Errorf("range over an edge of parts differs")
	}
	for _, key := range []string{"copy", "seed"} {
		if _, err := s.Delete(t.Context(), DeleteRequest{Bucket: b, Key: key}); err != nil {
			t.Fatalf("delete %q: %v", key, err)
		}
	}
	s.collect(t)
	if got, err := s.blobs.List(t.Context(), [16]byte{}, 10); err != nil || len(got) != 0 {
		t.Errorf("got blobs %v, error %v, want none", got, err)
	}
}
