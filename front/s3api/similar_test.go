package s3api

import (
	"testing"

	"shoal/wire/torrent"
)

// TestSimilarTorrent: the torrent of an object that was put over another names the other's, also when one
// without a torrent came between.
func TestSimilarTorrent(t *testing.T) {
	s := newTestServer(t, Options{})
	s.must(t, owner, "PUT", "/pond", "")
	put := func(body string) {
		t.Helper()
		s.must(t, owner, "PUT", "/pond/frog", body, "x-amz-acl: public-read")
	}
	get := func() *torrent.Metainfo {
		t.Helper()
		m, err := torrent.ParseMetainfo([]byte(s.must(t, anonymous, "GET", "/pond/frog?torrent", "").body))
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
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
