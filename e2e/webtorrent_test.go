package e2e

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
)

const (
	webPeersIn = time.Minute
	refusedIn  = 5 * time.Second // the tracker itself takes a second; node is slower
)

// TestWebTorrentPeersMeet: two real WebTorrent peers, who are told of nothing but our WebSocket tracker, find each other
// there and send each other the object by WebRTC. When it is made private, the peer that stays is told so.
func TestWebTorrentPeersMeet(t *testing.T) {
	node, modules := findNPMPackage(t, "@roamhq/wrtc")
	s := start(t, options{flags: []string{"--announce-ws"}})
	s.makeBucket("web", true)
	seedDir, leechDir := t.TempDir(), t.TempDir()
	p := published{bucket: "web", key: "page.bin", path: filepath.Join(seedDir, "page.bin"), size: smallSize}
	p.sha256 = writeContent(t, p.path, 7, p.size)
	putFile(t, s, p.path, &s3.PutObjectInput{Bucket: &p.bucket, Key: &p.key})
	torrentFile := saveTorrent(t, s.torrentOf("", p.bucket, p.key).body)
	script, err := filepath.Abs(filepath.Join("testdata", "webtorrent_peer.mjs"))
	if err != nil {
		t.Fatal(err)
	}
	seed := startProcess(t, "webtorrent seed", client(t, node, script, modules, torrentFile, seedDir, "seed"))
	eventually(t, webPeersIn, "the seeder has announced itself", func() bool { _, ok := seed.stdout.line("ready"); return ok })
	out := runClient(t, webPeersIn, node, script, modules, torrentFile, leechDir, "leech")
	if out != "complete webrtc\n" {
		t.Errorf("the leecher says %q, want a download by WebRTC alone", out)
	}
	if got := hashFile(t, filepath.Join(leechDir, p.name())); got != p.sha256 {
		t.Errorf("SHA-256 of the download = %s, want %s", got, p.sha256)
	}
	if _, err := s.sdk().DeleteBucketPolicy(t.Context(), &s3.DeleteBucketPolicyInput{Bucket: &p.bucket}); err != nil {
		t.Fatal(err)
	}
	eventually(t, refusedIn, "the peer is told that the torrent is gone", func() bool {
		line, ok := seed.stdout.line("warning")
		return ok && line == "warning torrent is not served here"
	})
}
