package s3api

import (
	"encoding/xml"
	"testing"
)

// TestFeed: a reader sees the newest public objects below a prefix, with the infohash of those whose torrent
// was made.
func TestFeed(t *testing.T) {
	s := newTestServer(t, Options{})
	s.must(t, owner, "PUT", "/pond", "")
	const public = "x-amz-acl: public-read"
	s.must(t, owner, "PUT", "/pond/a/old%20%26%20known", "1", public)
	s.must(t, owner, "PUT", "/pond/a/private", "2")
	s.must(t, owner, "PUT", "/pond/a/new", "333", public)
	s.must(t, owner, "PUT", "/pond/b", "4", public)
	known := s.must(t, anonymous, "GET", "/pond/a/old%20%26%20known?torrent", "").header

	s.refused(t, anonymous, "GET", "/pond?rss", "", 403, codeAccessDenied)
	answer := s.must(t, owner, "GET", "/pond?rss&prefix=a/", "")
	if got := answer.header.Get("Content-Type"); got != feedType {
		t.Errorf("Content-Type: got %q", got)
	}
	var feed struct {
		Items []struct {
			Title     string `xml:"title"`
			PubDate   string `xml:"pubDate"`
			Enclosure struct {
				URL  string `xml:"url,attr"`
				Type string `xml:"type,attr"`
			} `xml:"enclosure"`
			Length   int64  `xml:"contentLength"`
			InfoHash string `xml:"infoHash"`
			Magnet   string `xml:"magnetURI"`
		} `xml:"channel>item"`
	}
	if err := xml.Unmarshal([]byte(answer.body), &feed); err != nil {
		t.Fatalf("%v\n%s", err, answer.body)
	}
	if len(feed.Items) != 2 {
		t.Fatalf("got %d items, want 2\n%s", len(feed.Items), answer.body)
	}
	newest, oldest := feed.Items[0], feed.Items[1]
	if newest.Title == "a/old & known" { // put in the same millisecond
		newest, oldest = oldest, newest
	}
	if newest.Title != "a/new" || newest.Length != 3 || newest.InfoHash != "" || newest.Enclosure.URL != s.url+"/pond/a/new?torrent" {
		t.Errorf("newest: got %+v", newest)
	}
	if oldest.Title != "a/old & known" || oldest.InfoHash != known.Get("X-Shoal-Infohash") || oldest.Magnet != known.Get("X-Shoal-Magnet") {
		t.Errorf("oldest: got %+v", oldest)
	}
	if oldest.Enclosure.URL != s.url+"/pond/a/old%20%26%20known?torrent" || oldest.Enclosure.Type != "application/x-bittorrent" || oldest.PubDate == "" {
		t.Errorf("enclosure: got %+v, %q", oldest.Enclosure, oldest.PubDate)
	}
}
