package s3api

import (
	"testing"

	"shoal/wire/torrent"
)

// frogTorrent returns what anybody gets as /pond/frog?torrent.
func frogTorrent(t *testing.T, s *testServer) *torrent.Metainfo {
	t.Helper()
	m, err := torrent.ParseMetainfo([]byte(s.must(t, anonymous, "GET", "/pond/frog?torrent", "").body))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestSimilarTorrent: the torrent of an object that was put over another names the other's, also when one
// without a torrent came between.
func TestSimilarTorrent(t *testing.T) {
	s := newTestServer(t, Options{})
	s.must(t, owner, "PUT", "/pond", "")
	put := func(body string) {
		t.Helper()
		s.must(t, owner, "PUT", "/pond/frog", body, "x-amz-acl: public-read")
	}
	get := func() *torrent.Metainfo { t.Helper(); return frogTorrent(t, s) }
	put("spawn")
	first := get()
	if len(first.Similar) != 0 {
		t.Errorf("the first is similar to %v", first.Similar)
	}
	put("tadpole")
	put("froglet")
	second := get()
	if len(second.Similar) != 1 || second.Similar[0] != first.InfoHash() {
		t.Errorf("got %v, want %v", second.Similar, first.InfoHash())
	}
	put("frog")
	if third := get(); len(third.Similar) != 1 || third.Similar[0] != second.InfoHash() {
		t.Errorf("got %v, want %v", third.Similar, second.InfoHash())
	}
}

// TestSimilarTorrentOfPrivate: an infohash tells who sees it what to look for, so that of an object that not everybody
// could read is named in no .torrent, and the public one before it is.
func TestSimilarTorrentOfPrivate(t *testing.T) {
	s := newTestServer(t, Options{})
	s.must(t, owner, "PUT", "/pond", "")
	get := func() *torrent.Metainfo { t.Helper(); return frogTorrent(t, s) }
	s.must(t, owner, "PUT", "/pond/frog", "spawn", "x-amz-acl: public-read")
	public := get().InfoHash()
	s.must(t, owner, "PUT", "/pond/frog", "secret", "x-amz-acl: private")
	s.must(t, owner, "GET", "/pond/frog?torrent", "") // it has a torrent record now
	s.must(t, owner, "PUT", "/pond/frog", "frog", "x-amz-acl: public-read")
	if got := get().Similar; len(got) != 1 || got[0] != public {
		t.Errorf("over a private object: got %v, want %v", got, public)
	}
	s.must(t, owner, "PUT", "/pond/frog?acl", "", "x-amz-acl: private")
	s.must(t, owner, "PUT", "/pond/frog", "toad", "x-amz-acl: public-read")
	if got := get().Similar; len(got) != 1 || got[0] != public {
		t.Errorf("over one that was made private: got %v, want %v", got, public)
	}
}
