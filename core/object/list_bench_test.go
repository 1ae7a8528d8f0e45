package object

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"shoal/core/access"
	"shoal/storage/kv"
)

const listBenchKeys = 100_000

// fillListed puts head rows as PUTs would: prefixes folders, as many keys in each, and of each key depth older versions.
func fillListed(b *testing.B, s *Store, bucket *Bucket, prefixes, depth int) {
	b.Helper()
	var writes []kv.Write
	commit := func() {
		if err := s.kv.Commit(b.Context(), kv.Commit{Writes: writes}); err != nil {
			b.Fatal(err)
		}
		writes = writes[:0]
	}
	for i := range listBenchKeys {
		v := &Version{
			Key: fmt.Sprintf("photos/%05d/object-%07d.jpeg", i*prefixes/listBenchKeys, i), Null: depth == 0, Size: int64(i), ETag: "912ec803b2ce49e4a541068d495ab570",
			Modified: time.Unix(1_700_000_000, 0), Owner: access.Owner{ID: access.CanonicalID(strings.Repeat("75aa57f0", 8)), DisplayName: "owner"},
			ACL:      access.ACL{Owner: access.Owner{ID: access.CanonicalID(strings.Repeat("75aa57f0", 8)), DisplayName: "owner"}},
			Checksum: Checksum{Algorithm: CRC64NVME, Value: "AAAAAAAAAAA="}, Header: Header{ContentType: "image/jpeg"},
			Content: Content{Inline: true},
		}
		for n := range depth + 1 {
			v.ID = VersionID{0: byte(n), 15: 1}
			row := headKey(bucket.ID, v.Key)
			if n > 0 {
				row = versionKey(bucket.ID, v.Key, v.ID)
			}
			writes = append(writes, kv.Write{Key: row, Value: encodeVersion(v)})
		}
		if len(writes) > kv.MaxCommitOps-depth-1 {
			commit()
		}
	}
	commit()
}

// BenchmarkList lists a bucket in pages of 1,000, one page an operation; with a delimiter, all of its 1,000 prefixes.
func BenchmarkList(b *testing.B) {
	s, bucket := newDiskStore(b)
	fillListed(b, s, bucket, MaxList, 0)
	b.Run("keys", func(b *testing.B) {
		b.ReportAllocs()
		for r := (ListRequest{Bucket: bucket, Max: MaxList}); b.Loop(); {
			page, err := s.List(b.Context(), r)
			if err != nil || len(page.Entries) != MaxList {
				b.Fatalf("page of %d: %v", len(page.Entries), err)
			}
			r.After = ""
			if page.More {
				r.After = page.Entries[MaxList-1].Version.Key
			}
		}
	})
	b.Run("prefixes", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			page, err := s.List(b.Context(), ListRequest{Bucket: bucket, Prefix: "photos/", Delimiter: "/", Max: MaxList})
			if err != nil || len(page.Entries) != MaxList {
				b.Fatalf("page of %d: %v", len(page.Entries), err)
			}
		}
	})
}

// BenchmarkListVersions lists keys of three versions in pages of 1,000, one page an operation.
func BenchmarkListVersions(b *testing.B) {
	s, bucket := newDiskStore(b)
	bucket.Config.Versioning = VersioningEnabled
	fillListed(b, s, bucket, MaxList, 2)
	b.ReportAllocs()
	for r := (ListVersionsRequest{Bucket: bucket, Max: MaxList}); b.Loop(); {
		page, err := s.ListVersions(b.Context(), r)
		if err != nil || len(page.Entries) == 0 {
			b.Fatalf("page of %d: %v", len(page.Entries), err)
		}
		r.After, r.AfterVersion = "", VersionRef{}
		if page.More {
			last := page.Entries[len(page.Entries)-1].Version
			r.After, r.AfterVersion = last.Key, VersionRef{Set: true, ID: last.ID}
		}
	}
}
