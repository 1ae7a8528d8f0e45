package object

import (
	"bytes"
	"crypto/sha1"
	"slices"
	"sync"
	"testing"

	"shoal/core/access"
	"shoal/core/fault"
	"shoal/wire/torrent"
)

func TestPrivateTorrent(t *testing.T) {
	for _, tt := range []struct {
		name    string
		content []byte
	}{
		{"empty", nil},
		{"inline", randomContent(1, 5000)},
		{"blob", randomContent(2, 3*testPiece+1)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newTestStore(t)
			b := s.bucket(t, "bucket")
			v := s.put(t, b, "a/file", tt.content)
			seen := map[torrent.InfoHash]bool{}
			for _, kind := range everyKind {
				private, err := s.PrivateTorrent(t.Context(), b, v, kind)
				if err != nil {
					t.Fatal(err)
				}
				public, err := s.Torrent(t.Context(), b, v, kind, nil)
				if err != nil {
					t.Fatal(err)
				}
				again, err := s.PrivateTorrent(t.Context(), b, v, kind)
				if err != nil || again.InfoHash != private.InfoHash || again.InfoHashV2 != private.InfoHashV2 {
					t.Errorf("%v: the second time %s, error %v, want %s", kind, again.InfoHash, err, private.InfoHash)
				}
				if !private.Private || public.Private || private.InfoHash == public.InfoHash || private.InfoHash != private.As(torrent.V1).As(kind).InfoHash {
					t.Errorf("%v: private %t, public %t, infohashes %s and %s", kind, private.Private, public.Private, private.InfoHash, public.InfoHash)
				}
				s.checkPrivate(t, private)
				for _, h := range private.InfoHashes() {
					seen[h], seen[sha1.Sum(append([]byte("req2"), h[:]...))] = true, true
				}
			}
			if len(seen) != 8 {
				t.Errorf("got %d names, want 8", len(seen))
			}
			for h := range seen {
				got, err := s.Resolve(t.Context(), h, access.Context{})
				if err != nil || !got.Private || !slices.Contains(everyKind, got.Kind) || got.OpenTo(access.Context{}) {
					t.Errorf("%s resolved: got %+v, error %v, want the private torrent", h, got, err)
					continue
				}
				if again, err := s.Reload(t.Context(), got); err != nil || !again.Private || again.InfoHash != got.InfoHash {
					t.Errorf("%s reloaded: got %+v, error %v", h, again, err)
				}
			}
			if got := s.fsck(t, FsckOptions{Deep: true}); len(got) > 0 {
				t.Errorf("fsck: %q", got)
			}
			if _, err := s.Delete(t.Context(), DeleteRequest{Bucket: b, Key: "a/file"}); err != nil {
				t.Fatal(err)
			}
			for h := range seen {
				_, err := s.Resolve(t.Context(), h, access.Context{})
				wantKind(t, err, fault.NoTorrent)
			}
			if rows := s.rows(t, kindInfohash); len(rows) != 0 {
				t.Errorf("%d infohash rows of a deleted object", len(rows))
			}
		})
	}
}

// checkPrivate holds what tor answers against what its info dictionary says.
func (s *testStore) checkPrivate(t *testing.T, tor *Torrent) {
	t.Helper()
	dict, err := s.Info(t.Context(), tor)
	if err != nil || int64(len(dict)) != tor.InfoSize {
		t.Fatalf("info dictionary: %d bytes, error %v, want %d", len(dict), err, tor.InfoSize)
	}
	info, err := torrent.ParseInfo(dict)
	if err != nil || !info.Private || len(info.Source) != 32 || info.Kind != tor.Kind {
		t.Errorf("info dictionary: got %+v, error %v, want it private", info, err)
	}
	again, err := info.AppendInfo(nil)
	if err != nil || !bytes.Equal(again, dict) {
		t.Errorf("written again: %v, other bytes: %t", err, !bytes.Equal(again, dict))
	}
	if tor.Kind.HasV1() && tor.InfoHash != torrent.HashInfo(dict) || tor.Kind.HasV2() && tor.InfoHashV2 != torrent.HashInfoV2(dict) {
		t.Errorf("infohashes %s and %s are not those of the info dictionary", tor.InfoHash, tor.InfoHashV2)
	}
	layer, err := s.PieceLayer(t.Context(), tor)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := (&torrent.Metainfo{InfoRaw: dict, Info: tor.Outline(), PieceLayer: layer}).Append(nil); err != nil {
		t.Errorf("metainfo: %v", err)
	}
}

// TestPrivateTorrentsDiffer: equal objects have equal torrents, and private torrents that nothing connects.
func TestPrivateTorrentsDiffer(t *testing.T) {
	s := newTestStore(t)
	b := s.bucket(t, "bucket")
	content := randomContent(3, 20_000)
	var hashes []torrent.InfoHash
	for _, key := range []string{"a/file", "b/file"} {
		private, err := s.PrivateTorrent(t.Context(), b, s.put(t, b, key, content), torrent.V1)
		if err != nil {
			t.Fatal(err)
		}
		hashes = append(hashes, private.InfoHash)
	}
	if hashes[0] == hashes[1] {
		t.Errorf("equal objects have the same private infohash %s", hashes[0])
	}
}

// TestPrivateTorrentAtOnce: who asks at the same time gets the same torrent, and a version that goes meanwhile
// leaves no rows.
func TestPrivateTorrentAtOnce(t *testing.T) {
	for _, deleted := range []bool{false, true} {
		s := newTestStore(t)
		b := s.bucket(t, "bucket")
		v := s.put(t, b, "file", randomContent(4, 20_000))
		var wg sync.WaitGroup
		hashes := make([]torrent.InfoHash, 8)
		for i := range hashes {
			wg.Go(func() {
				tor, err := s.PrivateTorrent(t.Context(), b, v, torrent.V1)
				switch {
				case err == nil:
					hashes[i] = tor.InfoHash
				case !deleted || !fault.Is(err, fault.NoSuchVersion) && !fault.Is(err, fault.NoTorrent):
					t.Errorf("deleted %t: %v", deleted, err)
				}
			})
		}
		if deleted {
			if _, err := s.Delete(t.Context(), DeleteRequest{Bucket: b, Key: "file"}); err != nil {
				t.Error(err)
			}
		}
		wg.Wait()
		if !deleted && slices.ContainsFunc(hashes, func(h torrent.InfoHash) bool { return h != hashes[0] }) {
			t.Errorf("got %v, want the same infohash", hashes)
		}
		if rows := s.rows(t, kindInfohash); deleted && len(rows) != 0 {
			t.Errorf("%d infohash rows of a deleted object", len(rows))
		}
		if got := s.fsck(t, FsckOptions{}); len(got) > 0 {
			t.Errorf("deleted %t: fsck: %q", deleted, got)
		}
	}
}
