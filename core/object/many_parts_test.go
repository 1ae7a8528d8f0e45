package object

import (
	"bytes"
	"crypto/md5"
	"encoding/base64"
	"fmt"
	"sync"
	"testing"

	"shoal/storage/blob"
	"shoal/storage/kv"
	"shoal/wire/torrent"
)

// TestTenThousandParts: an upload of as many parts as there may be, in any order, is one object.
func TestTenThousandParts(t *testing.T) {
	count := MaxParts
	if testing.Short() {
		count = MaxParts / 10
	}
	const size = 7 // bytes of a part; the last has one less
	s := newTestStore(t)
	s.o.minPart = size
	b := s.bucket(t, "bucket")
	u := s.upload(t, b, "key", CRC64NVME, FullObject)
	whole := randomContent(1, count*size-1)
	list := make([]CompletePart, count)
	var workers sync.WaitGroup
	for w := range 8 {
		workers.Go(func() {
			for i := count - 1 - w; i >= 0; i -= 8 {
				list[i] = s.part(t, u, i+1, whole[i*size:min((i+1)*size, len(whole))])
			}
		})
	}
	workers.Wait()
	if page, err := s.ListParts(t.Context(), u, count-2, 1000); err != nil || len(page.Parts) != 2 || page.More {
		t.Errorf("last parts: %+v, %v", page, err)
	}
	v, err := s.complete(t, b, u, list...)
	if err != nil {
		t.Fatal(err)
	}
	if want := base64.StdEncoding.EncodeToString(CRC64NVME.Sum(whole)); v.PartCount != count || v.Size != int64(len(whole)) || v.Checksum.Value != want {
		t.Errorf("got %d parts of %d bytes, checksum %s, want %s", v.PartCount, v.Size, v.Checksum.Value, want)
	}
	s.collect(t)
	v = s.lookup(t, b, "key")
	if got := s.read(t, v, 0, v.Size); !bytes.Equal(got, whole) {
		t.Error("content differs")
	}
	for _, number := range []int{1, 2, count / 2, count - 1, count} {
		off, n, err := s.PartRange(t.Context(), v, number)
		if err != nil || off != int64((number-1)*size) || !bytes.Equal(s.read(t, v, off, n), whole[off:min(int(off)+size, len(whole))]) {
			t.Errorf("part %d: %d bytes from %d, %v", number, n, off, err)
		}
	}
	seen := 0
	for {
		page, err := s.ObjectParts(t.Context(), v, seen, 1000)
		if err != nil {
			t.Fatal(err)
		}
		if seen += len(page.Parts); !page.More {
			break
		}
	}
	if seen != count {
		t.Errorf("%d parts are listed, want %d", seen, count)
	}
}

// TestLargestObject: the arithmetic of 10,000 parts of 5 GiB, which are the 50 TB of S3 (user guide, "Amazon S3 objects
// overview"), without their content.
func TestLargestObject(t *testing.T) {
	const part = 5 << 30
	zeros := crcOfZeros(part)
	u := &uploadRecord{Upload: Upload{Key: "key", Algorithm: CRC64NVME, Type: FullObject}}
	r := CompleteRequest{Bucket: &Bucket{Name: "bucket"}, Upload: &u.Upload, Size: MaxObject}
	all := map[int]partRecord{}
	for i := range MaxParts {
		sum := md5.Sum(fmt.Append(nil, i))
		p := partRecord{
			Part:    Part{Number: i + 1, Size: part, ETag: ETag(fmt.Sprintf("%x", sum)), Checksum: newChecksum(CRC64NVME, FullObject, beBytes(zeros, 8))},
			Extents: []Extent{{Blob: blob.ID(sum), Length: part}},
		}
		all[p.Number] = p
		r.Parts = append(r.Parts, CompletePart{Number: p.Number, ETag: p.ETag})
	}
	a, err := assemble("complete upload", r, u, all, MinPart)
	if err != nil {
		t.Fatal(err)
	}
	if want := newChecksum(CRC64NVME, FullObject, beBytes(crcOfZeros(MaxObject), 8)); a.size != MaxObject || a.checksum != want {
		t.Errorf("got %d bytes, checksum %v, want %d and %v", a.size, a.checksum, int64(MaxObject), want)
	}

	s := newTestStore(t)
	rows, starts := encodeManifest(a.parts)
	v := &Version{Key: "key", Size: a.size, PartCount: len(a.parts), Content: Content{Chunks: len(rows), ChunkStarts: starts, ExtentCount: a.extents}}
	write := func(put func(tx *kv.Tx, i int)) {
		for i := range rows {
			if err := kv.Update(t.Context(), s.kv, func(tx *kv.Tx) error { put(tx, i); return nil }); err != nil {
				t.Fatal(err)
			}
		}
	}
	write(func(tx *kv.Tx, i int) { tx.Put(manifestKey(v.Content.Manifest, uint16(i)), rows[i]) })
	for _, at := range []struct {
		off, n int64
		blobs  int
	}{
		{0, 1, 1}, {part - 1, 2, 2}, {1 << 45, 3 * part, 4}, {MaxObject - part, part, 1}, {MaxObject - 1, 1, 1},
	} {
		got, err := s.extents(t.Context(), v, at.off, at.n)
		if err != nil || len(got) != at.blobs {
			t.Fatalf("%d bytes from %d: %d extents, %v, want %d", at.n, at.off, len(got), err, at.blobs)
		}
		first := a.parts[at.off/part].Extents[0]
		if got[0].Blob != first.Blob || got[0].Offset != at.off%part {
			t.Errorf("%d bytes from %d begin at %d of blob %x, want %d of %x", at.n, at.off, got[0].Offset, got[0].Blob, at.off%part, first.Blob)
		}
	}
	if off, n, err := s.PartRange(t.Context(), v, MaxParts); err != nil || off != MaxObject-part || n != part {
		t.Errorf("last part: %d bytes from %d, %v", n, off, err)
	}
	write(func(tx *kv.Tx, i int) { tx.Delete(manifestKey(v.Content.Manifest, uint16(i))) })
	if n := torrent.PieceLength(MaxObject); (MaxObject+n-1)/n > torrent.MaxPieces {
		t.Errorf("pieces of %d bytes are more than %d", n, torrent.MaxPieces)
	}
}

// crcOfZeros is the CRC64NVME of n zero bytes, n over 0, put together by halves.
func crcOfZeros(n int64) uint64 {
	if n == 1 {
		return beUint(CRC64NVME.Sum([]byte{0}))
	}
	half := crcOfZeros(n / 2)
	whole := CRC64NVME.combineCRC(half, half, n/2)
	if n%2 == 1 {
		whole = CRC64NVME.combineCRC(whole, beUint(CRC64NVME.Sum([]byte{0})), 1)
	}
	return whole
}
