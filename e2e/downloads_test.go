package e2e

import (
	"net/http"
	"net/url"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"shoal/wire/bencode"
	"shoal/wire/torrent"
)

// keptWithin is more than the time after which a completed download is durable.
const keptWithin = 4 * time.Second

// TestDownloadsOverRestart: a download that a peer has completed is in a scrape after the server was stopped, and after it
// was killed, also while nobody is in the swarm.
func TestDownloadsOverRestart(t *testing.T) {
	s := start(t, options{})
	bucket, key := "counted", "object.bin"
	s.makeBucket(bucket, false)
	path := filepath.Join(t.TempDir(), "file")
	writeContent(t, path, 5, 1<<20)
	putFile(t, s, path, &s3.PutObjectInput{Bucket: &bucket, Key: &key, ACL: types.ObjectCannedACLPublicRead})
	hash := parseTorrent(t, s.torrentOf("", bucket, key).body).InfoHash()

	complete(t, s, hash, "6101")
	s.stop()
	s.run()
	if got := downloaded(t, s, hash); got != 1 {
		t.Errorf("after a stop: %d downloads, want 1", got)
	}
	complete(t, s, hash, "6102")
	if got := downloaded(t, s, hash); got != 2 {
		t.Errorf("of a live swarm: %d downloads, want 2", got)
	}
	<-time.After(keptWithin)
	s.kill()
	s.run()
	if got := downloaded(t, s, hash); got != 2 {
		t.Errorf("after a kill: %d downloads, want 2", got)
	}
}

// complete announces as a peer on that port that has got everything.
func complete(t testing.TB, s *server, hash torrent.InfoHash, port string) {
	t.Helper()
	q := url.Values{
		"info_hash": {string(hash[:])}, "peer_id": {testPeerID}, "port": {port},
		"uploaded": {"0"}, "downloaded": {"1"}, "left": {"0"}, "compact": {"1"}, "event": {"completed"},
	}
	if a := anonymous(t, http.MethodGet, "http://"+at("", s.tracker)+"/announce?"+q.Encode()); a.status != http.StatusOK {
		t.Fatalf("announce: status %d", a.status)
	}
}

// downloaded returns what a scrape of one torrent says.
func downloaded(t testing.TB, s *server, hash torrent.InfoHash) int64 {
	t.Helper()
	q := url.Values{"info_hash": {string(hash[:])}}
	a := anonymous(t, http.MethodGet, "http://"+at("", s.tracker)+"/scrape?"+q.Encode())
	v, err := bencode.Parse(a.body, bencode.Options{})
	if err != nil {
		t.Fatalf("scrape answered %q: %v", a.body, err)
	}
	n, ok := v.Get("files").Get(string(hash[:])).Get("downloaded").Int()
	if !ok {
		t.Fatalf("scrape answered %q: no downloaded", a.body)
	}
	return n
}
