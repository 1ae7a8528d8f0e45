package object

import (
	"bytes"
	"context"
	"io"
	"slices"
	"testing"
	"time"

	"shoal/storage/blob"
	"shoal/storage/kv"
	"shoal/storage/kv/tuple"
	"shoal/wire/torrent"
)

// commit applies raw writes, past every rule.
func (s *testStore) commit(t testing.TB, writes ...kv.Write) {
	t.Helper()
	c := kv.Commit{Writes: writes}
	id := blob.NewID()
	copy(c.ID[:], id[:])
	if err := s.engine.Commit(context.Background(), c); err != nil {
		t.Fatalf("commit: %v", err)
	}
}

// rows returns the rows of one kind.
func (s *testStore) rows(t testing.TB, kind byte) []kv.Row {
	t.Helper()
	rows, _, err := s.engine.Scan(context.Background(), []byte{kind}, []byte{kind + 1}, kv.ScanOptions{})
	if err != nil {
		t.Fatalf("scan: %v", err)
	}
	return rows
}

func (s *testStore) fsck(t testing.TB, o FsckOptions) []FindingKind {
	t.Helper()
	o.Recheck = time.Millisecond
	report, err := s.Fsck(context.Background(), o)
	if err != nil {
		t.Fatalf("fsck: %v", err)
	}
	var kinds []FindingKind
	for _, f := range report.Findings {
		kinds = append(kinds, f.Kind)
	}
	slices.Sort(kinds)
	return slices.Compact(kinds)
}

// TestFsckFinds breaks each promise by hand, one at a time, and mends it.
func TestFsckFinds(t *testing.T) {
	s := newTestStore(t)
	b := s.bucket(t, "bucket")
	inline := s.put(t, b, "inline", []byte("body"))
	whole := s.put(t, b, "whole", randomContent(1, 400_000))
	parts, _ := s.uploadParts(t, b, "parts", 5<<20, 1000)
	known, err := s.Torrent(t.Context(), b, whole, torrent.V1, nil)
	if err != nil {
		t.Fatal(err)
	}
	private, err := s.PrivateTorrent(t.Context(), b, whole, torrent.V1)
	if err != nil {
		t.Fatal(err)
	}
	u, err := s.CreateUpload(t.Context(), NewUpload{Bucket: b, Key: "open", Owner: testOwner})
	if err != nil {
		t.Fatal(err)
	}
	body := randomContent(2, 50_000)
	if _, err := s.PutPart(t.Context(), PutPartRequest{Upload: u, Number: 3, Body: bytes.NewReader(body), Size: int64(len(body))}); err != nil {
		t.Fatal(err)
	}
	if got := s.fsck(t, FsckOptions{Deep: true}); len(got) > 0 {
		t.Fatalf("before anything is broken: got %q", got)
	}
	ghost := VersionID{9}
	locked := new(Version)
	*locked = *inline
	locked.Lock.LegalHold = LegalHoldOff
	wholeBlob := whole.Content.Extents[0].Blob
	tests := []struct {
		name  string
		write kv.Write
		want  []FindingKind
	}{
		{"reference gone", kv.Write{Key: versionRefKey(refBlob, wholeBlob, whole.ID), Delete: true}, []FindingKind{OrphanBlob, MissingReference}},
		{"reference of nobody", kv.Write{Key: versionRefKey(refBlob, wholeBlob, ghost), Value: encodeRef(b.ID, "x")}, []FindingKind{DanglingReference}},
		{"part reference of nobody", kv.Write{Key: partRefKey(wholeBlob, UploadID(ghost), 1), Value: encodeRef(b.ID, "x")}, []FindingKind{DanglingReference}},
		{"torrent reference of nobody", kv.Write{Key: torrentRefKey(wholeBlob, whole.ID), Value: encodeRef(b.ID, "whole")}, []FindingKind{DanglingReference}},
		{"manifest reference gone", kv.Write{Key: versionRefKey(refManifest, parts.Content.Manifest, parts.ID), Delete: true}, []FindingKind{MissingReference}},
		{"manifest gone", kv.Write{Key: manifestKey(parts.Content.Manifest, 0), Delete: true}, []FindingKind{WrongContent}},
		{"body gone", kv.Write{Key: bodyKey(b.ID, "inline", inline.ID), Delete: true}, []FindingKind{MissingBody}},
		{"body short", kv.Write{Key: bodyKey(b.ID, "inline", inline.ID), Value: []byte("bod")}, []FindingKind{MissingBody}},
		{"body of nobody", kv.Write{Key: bodyKey(b.ID, "inline", ghost), Value: []byte("body")}, []FindingKind{OrphanBody}},
		{"torrent gone", kv.Write{Key: torrentKey(b.ID, whole.ID), Delete: true}, []FindingKind{MissingTorrent, OrphanInfohash, OrphanTorrent}},
		{"torrent data gone", kv.Write{Key: torrentDataKey(b.ID, whole.ID), Delete: true}, []FindingKind{MissingTorrent}},
		{"infohash gone", kv.Write{Key: s.rows(t, kindInfohash)[0].Key, Delete: true}, []FindingKind{MissingInfohash}},
		{"infohash of nobody", kv.Write{Key: infohashKey([20]byte{1}, b.ID, whole.ID), Value: encodeInfohash(infohashRecord{"whole", torrentForm{kind: torrent.V1}, false})}, []FindingKind{OrphanInfohash}},
		{"infohash of another kind", kv.Write{Key: infohashKey(known.InfoHash, b.ID, whole.ID), Value: encodeInfohash(infohashRecord{"whole", torrentForm{kind: torrent.V2}, false})}, []FindingKind{OrphanInfohash}},
		{"private infohash gone", kv.Write{Key: infohashKey(private.InfoHash, b.ID, whole.ID), Delete: true}, []FindingKind{MissingInfohash}},
		{"private infohash made public", kv.Write{Key: infohashKey(private.InfoHash, b.ID, whole.ID), Value: encodeInfohash(infohashRecord{"whole", torrentForm{}, false})}, []FindingKind{OrphanInfohash}},
		{"prefix torrent of nobody", kv.Write{Key: prefixKey(b.ID, whole.ID), Value: []byte{}}, []FindingKind{OrphanTorrent}},
		{"usage", kv.Write{Key: newDeltaKey(b.ID), Value: encodeUsage(usageRow{usage: usage{0: {1, 1}}})}, []FindingKind{WrongUsage}},
		{"change without usage", kv.Write{Key: historyKey(b.ID, 1), Value: encodeHistory(&history{0: {held: held{1, 1}}})}, []FindingKind{WrongHistory}},
		{"history not read", kv.Write{Key: historyKey(b.ID, 1), Value: []byte{99}}, []FindingKind{BadRow}},
		{"deleted bucket not read", kv.Write{Key: deletedKey(1, b.ID), Value: []byte{99}}, []FindingKind{BadRow}},
		{"upload gone", kv.Write{Key: uploadKey(b.ID, "open", u.ID), Delete: true}, []FindingKind{OrphanPart, WrongUsage}},
		{"head not read", kv.Write{Key: headKey(b.ID, "inline"), Value: []byte{99}}, []FindingKind{BadRow, WrongUsage}},
		{"older is newer", kv.Write{Key: versionKey(b.ID, "inline", VersionID{}), Value: encodeVersion(&Version{Content: Content{Inline: true}})}, []FindingKind{NotNewest, WrongUsage}},
		{"null version elsewhere", kv.Write{Key: nullKey(b.ID, "inline"), Value: inline.ID[:]}, []FindingKind{WrongNull}},
		{"guard gone", kv.Write{Key: guardKey(b.ID, 3), Delete: true}, []FindingKind{WrongGuard}},
		{"guard of another state", kv.Write{Key: guardKey(b.ID, 3), Value: guard{versioning: VersioningEnabled}.encode()}, []FindingKind{WrongGuard}},
		{"guard of another lock", kv.Write{Key: guardKey(b.ID, 3), Value: guard{versioning: VersioningEnabled, locked: true}.encode()}, []FindingKind{WrongGuard}},
		{"lock without object lock", kv.Write{Key: headKey(b.ID, "inline"), Value: encodeVersion(locked)}, []FindingKind{WrongLock}},
		{"bucket id gone", kv.Write{Key: bucketIDKey(b.ID), Delete: true}, []FindingKind{NoBucketRow}},
		{"intent not read", kv.Write{Key: intentKey(blob.NewID()), Value: []byte("?")}, []FindingKind{BadRow}},
		{"access log row not read", kv.Write{Key: []byte{kindAccessLog, 'r'}, Value: []byte("?")}, []FindingKind{BadAccessLog}},
		{"task not read", kv.Write{Key: tuple.AppendUint64([]byte{kindQueue, 0}, 1<<62), Value: []byte("?")}, []FindingKind{BadRow}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before, err := s.engine.Get(t.Context(), tt.write.Key)
			if err != nil {
				t.Fatal(err)
			}
			s.commit(t, tt.write)
			got := s.fsck(t, FsckOptions{})
			s.commit(t, kv.Write{Key: tt.write.Key, Value: before[0].Value, Delete: !before[0].Exists()})
			slices.Sort(tt.want)
			if !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestFsckFindsBlobs(t *testing.T) {
	s := newTestStore(t)
	b := s.bucket(t, "bucket")
	content := randomContent(1, 400_000)
	v := s.put(t, b, "key", content)
	id := v.Content.Extents[0].Blob
	ctx := t.Context()
	replace := func(content []byte) {
		t.Helper()
		if err := s.blobs.Delete(ctx, id); err != nil {
			t.Fatal(err)
		}
		if content == nil {
			return
		}
		if _, err := s.blobs.Put(ctx, id, bytes.NewReader(content)); err != nil {
			t.Fatal(err)
		}
	}
	replace(nil)
	if got, want := s.fsck(t, FsckOptions{}), []FindingKind{MissingBlob}; !slices.Equal(got, want) {
		t.Errorf("blob gone: got %q, want %q", got, want)
	}
	replace(content[:399_999])
	if got, want := s.fsck(t, FsckOptions{}), []FindingKind{ShortBlob}; !slices.Equal(got, want) {
		t.Errorf("blob short: got %q, want %q", got, want)
	}
	replace(content)
	extra := blob.NewID()
	if _, err := s.blobs.Put(ctx, extra, bytes.NewReader(content)); err != nil {
		t.Fatal(err)
	}
	if got, want := s.fsck(t, FsckOptions{}), []FindingKind{OrphanBlob}; !slices.Equal(got, want) {
		t.Errorf("blob of nobody: got %q, want %q", got, want)
	}
	if err := s.blobs.Delete(ctx, extra); err != nil {
		t.Fatal(err)
	}
}

// rottenStore flips a bit of one blob.
type rottenStore struct {
	blob.Store
	rotten blob.ID
}

func (r *rottenStore) Open(ctx context.Context, id blob.ID, off, n int64) (io.ReadCloser, error) {
	rc, err := r.Store.Open(ctx, id, off, n)
	if err != nil || id != r.rotten {
		return rc, err
	}
	defer rc.Close()
	b, err := io.ReadAll(rc)
	if err != nil {
		return nil, err
	}
	b[len(b)/2] ^= 1
	return io.NopCloser(bytes.NewReader(b)), nil
}
