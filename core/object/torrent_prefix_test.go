package object

import (
	"bytes"
	"context"
	"crypto/sha1"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"shoal/core/access"
	"shoal/core/fault"
	"shoal/storage/kv"
	"shoal/wire/torrent"
)

// publicBucket makes a bucket whose objects everybody may read but those whose names end with ".secret".
func (s *testStore) publicBucket(t testing.TB, name string) *Bucket {
	t.Helper()
	s.bucket(t, name)
	return s.setPolicy(t, name, `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::`+name+`/*"},
		{"Effect":"Deny","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::`+name+`/*.secret"}]}`)
}

func (s *testStore) setPolicy(t testing.TB, name, policy string) *Bucket {
	t.Helper()
	err := s.UpdateBucket(t.Context(), name, func(c *BucketConfig) error { c.PolicyJSON = []byte(policy); return nil })
	if err != nil {
		t.Fatalf("set policy: %v", err)
	}
	b, err := s.Bucket(t.Context(), name)
	if err != nil {
		t.Fatalf("bucket: %v", err)
	}
	return b
}

func (s *testStore) prefixTorrent(t testing.TB, b *Bucket, prefix string) *Torrent {
	t.Helper()
	tor, err := s.PrefixTorrent(t.Context(), b, prefix, torrent.Hybrid, nil)
	if err != nil {
		t.Fatalf("torrent of %q: %v", prefix, err)
	}
	return tor
}

// folder puts objects of odd sizes under dir/ and returns their content by path, in the order of a torrent.
func (s *testStore) folder(t testing.TB, b *Bucket) (paths []string, content map[string][]byte) {
	t.Helper()
	content = make(map[string][]byte)
	for name, size := range map[string]int{
		"a/b": testPiece, "a-b": 1, "a.secret": 7, "empty": 0, "z/last": 0, "sub/x": 2*testPiece + 12345, "twin": 70000, "u": InlineMax,
	} {
		body := randomContent(uint64(size), size)
		s.put(t, b, "dir/"+name, body)
		content[name] = body
	}
	s.put(t, b, "dir/sub/", nil)
	s.put(t, b, "other", []byte("x"))
	return []string{"a/b", "a-b", "empty", "sub/x", "twin", "u", "z/last"}, content
}

func TestPrefixTorrent(t *testing.T) {
	s := newTestStore(t)
	b := s.publicBucket(t, "bucket")
	paths, content := s.folder(t, b)
	tor := s.prefixTorrent(t, b, "dir/")
	var whole []byte
	var files []torrent.File
	for _, path := range paths {
		c := content[path]
		whole = append(whole, make([]byte, torrent.Padding(int64(len(whole)), int64(len(c)), tor.PieceLength))...)
		whole = append(whole, c...)
		h := torrent.NewLayerHasher(tor.PieceLength)
		h.Write(c)
		root, layer := h.Finish()
		files = append(files, torrent.File{Path: strings.Split(path, "/"), Length: int64(len(c)), Root: root})
		s.checkPrefixFile(t, tor, root, layer, c)
	}
	if tor.Name != "dir" || tor.Length != int64(len(whole)) || !tor.IsPrefix() || !tor.OpenTo(access.Context{}) {
		t.Errorf("got %+v", tor)
	}
	h := torrent.NewPieceHasher(tor.PieceLength)
	h.Write(whole)
	pieces := h.Finish()
	for _, kind := range everyKind {
		want := torrent.Info{Kind: kind, Name: "dir", Length: int64(len(whole)), PieceLength: tor.PieceLength, Files: slices.Clone(files)}
		if kind.HasV1() {
			want.Pieces = pieces
		}
		for i := range want.Files {
			if !kind.HasV2() {
				want.Files[i].Root = torrent.Hash{}
			}
		}
		dict, err := want.AppendInfo(nil)
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.Info(t.Context(), tor.As(kind))
		if err != nil || !bytes.Equal(got, dict) || tor.As(kind).InfoSize != int64(len(dict)) {
			t.Errorf("kind %v: got %q, error %v, want %q", kind, got, err, dict)
		}
		if kind.HasV1() && tor.As(kind).InfoHash != sha1.Sum(dict) {
			t.Errorf("kind %v: infohash %v", kind, tor.As(kind).InfoHash)
		}
		for _, hash := range tor.As(kind).InfoHashes() {
			found, err := s.Resolve(t.Context(), hash, access.Context{})
			if err != nil || found.Kind != kind || found.Version.ID != tor.Version.ID {
				t.Errorf("resolve %v: got %+v, error %v", kind, found, err)
			}
		}
	}
	s.checkPrefixReads(t, tor, whole)
}

// checkPrefixFile holds what hash requests are answered from against the content of a file.
func (s *testStore) checkPrefixFile(t *testing.T, tor *Torrent, root torrent.Hash, layer, content []byte) {
	t.Helper()
	f, ok := tor.FileOf(root)
	if ok != (len(content) > 0) {
		t.Errorf("file of root %x: got %v", root, ok)
	}
	if !ok {
		return
	}
	got, err := s.FileLayer(t.Context(), tor, f)
	if err != nil || !bytes.Equal(got, layer) {
		t.Errorf("layer of %d bytes: got %d bytes, error %v", len(content), len(got), err)
	}
	leaves, err := s.Leaves(t.Context(), tor, f, 0, leafCount(int64(len(content))))
	if err != nil || torrent.Hash(leaves[0]) != torrent.HashLeaf(content[:min(len(content), torrent.BlockSize)]) {
		t.Errorf("leaves of %d bytes: error %v", len(content), err)
	}
	if _, ok := tor.As(torrent.V1).FileOf(root); ok {
		t.Error("a v1 torrent has a file by its root")
	}
}

func (s *testStore) checkPrefixReads(t *testing.T, tor *Torrent, whole []byte) {
	t.Helper()
	r := s.OpenPrefixAt(tor)
	defer r.Close()
	var wg sync.WaitGroup
	for _, step := range []int{1000, 16384, testPiece, 300001} {
		wg.Go(func() {
			p := make([]byte, step)
			for off := 0; off < len(whole); off += step {
				n, err := r.ReadAt(p, int64(off))
				want := whole[off:min(off+step, len(whole))]
				if !bytes.Equal(p[:n], want) || err != nil && (err != io.EOF || n == step) {
					t.Errorf("read %d at %d: got %d bytes, error %v", step, off, n, err)
				}
			}
		})
	}
	wg.Wait()
	if _, err := r.ReadAt(make([]byte, 1), int64(len(whole))); err != io.EOF {
		t.Errorf("read behind the end: got %v", err)
	}
}

func TestPrefixTorrentIsLookedUp(t *testing.T) {
	s := newTestStore(t)
	b := s.publicBucket(t, "bucket")
	s.folder(t, b)
	first := s.prefixTorrent(t, b, "dir/")
	hashed := func(done, total int64) { t.Errorf("hashed %d of %d again", done, total) }
	again, err := s.PrefixTorrent(t.Context(), b, "dir/", torrent.V1, hashed)
	if err != nil || again.Version.ID != first.Version.ID || again.Kind != torrent.V1 {
		t.Errorf("second: got %+v, error %v", again, err)
	}
	// Another bucket, equal content and names: the same infohash.
	other := s.publicBucket(t, "other")
	s.folder(t, other)
	if got := s.prefixTorrent(t, other, "dir/"); got.InfoHash != first.InfoHash || got.Version.ID == first.Version.ID {
		t.Errorf("of equal objects: infohash %v, want %v", got.InfoHash, first.InfoHash)
	}
	s.put(t, b, "dir/u", []byte("new"))
	if got := s.prefixTorrent(t, b, "dir/"); got.InfoHash == first.InfoHash {
		t.Error("another content has the same infohash")
	}
	// The other bucket's stands in.
	if got, err := s.Resolve(t.Context(), first.InfoHash, access.Context{}); err != nil || got.Bucket.Name != "other" {
		t.Errorf("resolve: got %+v, error %v", got, err)
	}
}

// A folder with nothing in it but a file of its name is the torrent of that file.
func TestPrefixOfOneFile(t *testing.T) {
	s := newTestStore(t)
	b := s.publicBucket(t, "bucket")
	v := s.put(t, b, "x/x", randomContent(3, 300000))
	alone, err := s.Torrent(t.Context(), b, v, torrent.Hybrid, nil)
	if err != nil {
		t.Fatal(err)
	}
	tor := s.prefixTorrent(t, b, "x/")
	for _, kind := range everyKind {
		if got, want := tor.As(kind).InfoHash, alone.As(kind).InfoHash; got != want {
			t.Errorf("kind %v: got %v, want %v", kind, got, want)
		}
	}
	if named := s.prefixTorrent(t, b, ""); named.Name != "bucket" || named.InfoHash == tor.InfoHash {
		t.Errorf("of the whole bucket: got %q", named.Name)
	}
}

func TestPrefixRefused(t *testing.T) {
	s := newTestStore(t)
	b := s.publicBucket(t, "bucket")
	for _, key := range []string{"file", "file/and/folder", "same/a\\b", "same/a_b", "deep/" + strings.Repeat("d/", 60) + "x", "hidden/a.secret"} {
		s.put(t, b, key, []byte("x"))
	}
	s.put(t, b, "marker/", nil)
	for prefix, want := range map[string]fault.Kind{
		"file":    fault.TorrentRefused,
		"same/":   fault.TorrentRefused,
		"deep/":   fault.TorrentRefused,
		"hidden/": fault.AccessDenied,
		"none":    fault.NoSuchKey,
		"marker/": fault.NoSuchKey,
	} {
		_, err := s.PrefixTorrent(t.Context(), b, prefix, torrent.V1, nil)
		if !fault.Is(err, want) {
			t.Errorf("%q: got %v, want %v", prefix, err, want)
		}
	}
}

func TestPrefixFollowsItsObjects(t *testing.T) {
	allow := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::bucket/*"}]}`
	for _, tc := range []struct {
		name   string
		change func(ctx context.Context, s *testStore, t *testing.T, b *Bucket) error
		gone   bool
		open   bool
	}{
		{"nothing", func(context.Context, *testStore, *testing.T, *Bucket) error { return nil }, false, true},
		{"another object", func(_ context.Context, s *testStore, t *testing.T, b *Bucket) error {
			s.put(t, b, "dir/new", []byte("x"))
			return nil
		}, false, true},
		{"torrent of one", func(ctx context.Context, s *testStore, t *testing.T, b *Bucket) error {
			_, err := s.Torrent(ctx, b, s.lookup(t, b, "dir/u"), torrent.V1, nil)
			return err
		}, false, true},
		{"deleted", func(ctx context.Context, s *testStore, _ *testing.T, b *Bucket) error {
			_, err := s.Delete(ctx, DeleteRequest{Bucket: b, Key: "dir/z/last"})
			return err
		}, true, false},
		{"replaced", func(_ context.Context, s *testStore, t *testing.T, b *Bucket) error {
			s.put(t, b, "dir/a-b", []byte("x"))
			return nil
		}, true, false},
		{"policy", func(_ context.Context, s *testStore, t *testing.T, _ *Bucket) error {
			s.setPolicy(t, "bucket", strings.Replace(allow, "bucket/*", "bucket/dir/u", 1))
			return nil
		}, false, false},
		{"another policy", func(_ context.Context, s *testStore, t *testing.T, _ *Bucket) error {
			s.setPolicy(t, "bucket", allow)
			return nil
		}, false, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := newTestStore(t)
			b := s.publicBucket(t, "bucket")
			s.folder(t, b)
			tor := s.prefixTorrent(t, b, "dir/")
			if err := tc.change(t.Context(), s, t, b); err != nil {
				t.Fatal(err)
			}
			next, err := s.Reload(t.Context(), tor)
			if tc.gone {
				wantKind(t, err, fault.NoTorrent)
			} else if err != nil || next.OpenTo(access.Context{}) != tc.open || next.InfoHash != tor.InfoHash {
				t.Fatalf("reload: got %+v, error %v, want open %v", next, err, tc.open)
			}
			if again, err := s.Reload(t.Context(), tor); tc.name == "nothing" && (again != tor || err != nil) {
				t.Errorf("an unchanged torrent is made anew: %v", err)
			}
			if _, err := s.Resolve(t.Context(), tor.InfoHash, access.Context{}); (err == nil) != tc.open {
				t.Errorf("resolve: got %v, want open %v", err, tc.open)
			}
		})
	}
}

// The collector drops a prefix torrent with an object of it, and no other. newTestStore ends with a check of all rows.
func TestStalePrefixTorrentIsCollected(t *testing.T) {
	s := newTestStore(t)
	b := s.publicBucket(t, "bucket")
	for i := range 600 {
		s.put(t, b, fmt.Sprintf("many/%0200d", i), []byte{byte(i)}) // its data rests in a blob
	}
	s.folder(t, b)
	stale, kept := s.prefixTorrent(t, b, "many/"), s.prefixTorrent(t, b, "dir/")
	s.put(t, b, "many/"+fmt.Sprintf("%0200d", 3), []byte("new"))
	for i := range time.Duration(3) {
		if _, err := s.CollectOnce(t.Context(), s.now().Add((i+1)*2*prefixCheckEvery)); err != nil {
			t.Fatal(err)
		}
	}
	if _, ok, err := s.torrentRecord(t.Context(), b.ID, stale.Version.ID); ok || err != nil {
		t.Errorf("stale torrent: got %v, error %v", ok, err)
	}
	if _, err := s.Resolve(t.Context(), kept.InfoHash, access.Context{}); err != nil {
		t.Errorf("the other one: %v", err)
	}
	rows, _, err := s.kv.Scan(t.Context(), []byte{kindPrefix}, []byte{kindPrefix + 1}, kv.ScanOptions{})
	if err != nil || len(rows) != 1 {
		t.Errorf("got %d prefix torrents, error %v, want 1", len(rows), err)
	}
}

func FuzzDecodeFiles(f *testing.F) {
	f.Add(encodeFiles(4, []File{{key: "dir/a\\b", path: []string{"a_b"}, Length: 5, Root: torrent.Hash{1}}, {key: "dir/", path: []string{"_"}}}))
	f.Fuzz(func(t *testing.T, record []byte) {
		files, err := decodeFiles("dir/", record)
		if err != nil {
			return
		}
		again, err := decodeFiles("dir/", encodeFiles(4, files))
		if err != nil || len(again) != len(files) {
			t.Fatalf("got %d files, error %v, want %d", len(again), err, len(files))
		}
	})
}

// BenchmarkReloadPrefix is what a live swarm of 10,000 files costs twice a second.
func BenchmarkReloadPrefix(b *testing.B) {
	s := newTestStore(b)
	bucket := s.publicBucket(b, "bucket")
	var wg sync.WaitGroup
	for part := range 50 {
		wg.Go(func() {
			for i := range MaxPrefixObjects / 50 {
				s.put(b, bucket, fmt.Sprintf("dir/%02d/%04d", part, i), []byte("x"))
			}
		})
	}
	wg.Wait()
	tor := s.prefixTorrent(b, bucket, "dir/")
	b.ResetTimer()
	for b.Loop() {
		if _, err := s.Reload(b.Context(), tor); err != nil {
			b.Fatal(err)
		}
	}
}
