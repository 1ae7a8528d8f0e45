package e2e

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"shoal/wire/torrent"
)

const (
	revokedSize = 100_000_000     // bytes; at revokedRate no client is done before the object is private
	revokedRate = 1_000_000       // bytes a second
	goneWithin  = 1 * time.Second // from the answer to the request that made it private
	midDownload = 30 * time.Second
	quietFor    = 2 * time.Second
)

// TestMadePrivateInMidDownload takes an object away while clients are fetching it: by its ACL, by its
// bucket's policy, and by deleting it.
func TestMadePrivateInMidDownload(t *testing.T) {
	// Everybody is served at once, and over TCP: connections are counted.
	s := start(t, options{flags: []string{"--seeding", "speed", "--no-utp", "--log-level", "DEBUG"}})
	path := filepath.Join(t.TempDir(), "file")
	writeContent(t, path, 3, revokedSize)
	for _, c := range []struct {
		name   string
		public types.ObjectCannedACL
		policy bool
		take   func(ctx context.Context, c *s3.Client, bucket, key string) error
		status int // of ?torrent afterwards
	}{
		{"acl", types.ObjectCannedACLPublicRead, false, func(ctx context.Context, c *s3.Client, bucket, key string) error {
			_, err := c.PutObjectAcl(ctx, &s3.PutObjectAclInput{Bucket: &bucket, Key: &key, ACL: types.ObjectCannedACLPrivate})
			return err
		}, http.StatusForbidden},
		{"policy", types.ObjectCannedACLPrivate, true, func(ctx context.Context, c *s3.Client, bucket, _ string) error {
			_, err := c.DeleteBucketPolicy(ctx, &s3.DeleteBucketPolicyInput{Bucket: &bucket})
			return err
		}, http.StatusForbidden},
		{"delete", types.ObjectCannedACLPublicRead, false, func(ctx context.Context, c *s3.Client, bucket, key string) error {
			_, err := c.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &bucket, Key: &key})
			return err
		}, http.StatusForbidden}, // whether the key exists is only for those who may list
	} {
		t.Run(c.name, func(t *testing.T) {
			s := s.in(t)
			bucket, key := "revoked-by-"+c.name, c.name+".bin" // another name: another infohash
			s.makeBucket(bucket, c.policy)
			putFile(t, s, path, &s3.PutObjectInput{Bucket: &bucket, Key: &key, ACL: c.public})
			m := parseTorrent(t, s.torrentOf("", bucket, key).body)
			hybrid := parseTorrent(t, s.torrentAt("", bucket, key, hybridTorrent).body)
			peer := fetchSlowly(t, s, bucket, m)

			if err := c.take(t.Context(), s.sdk(), bucket, key); err != nil {
				t.Fatal(err)
			}
			taken := time.Now()
			checkPeersGone(t, s, peer, taken)
			metered, _ := s.usage().got(bucket)
			checkClosedToAll(t, s, m, hybrid, s.objectURL("", bucket, key), c.status)
			for end := time.Now().Add(quietFor); time.Now().Before(end); {
				if now, _ := s.usage().got(bucket); now != metered {
					t.Fatalf("metered %d bytes more after every peer was gone", now-metered)
				}
			}
		})
	}
}

func putFile(t testing.TB, s *server, path string, in *s3.PutObjectInput) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	in.Body = f
	if _, err := s.sdk().PutObject(t.Context(), in); err != nil {
		t.Fatal(err)
	}
}

// fetchSlowly has aria2, libtorrent (where installed) and two peers of our own in mid-download.
func fetchSlowly(t *testing.T, s *server, bucket string, m *torrent.Metainfo) *testPeer {
	t.Helper()
	data, err := m.Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	file := saveTorrent(t, data)
	want := 2 // peers of our own
	if installed(t, "aria2c", func(t *testing.T) { findClient(t, "aria2c", "aria2") }) {
		aria2(t, source{link: file, host: "127.0.0.61", limit: revokedRate})
		want++
	}
	var lib *download
	if installed(t, "libtorrent", func(t *testing.T) { findPython(t, "libtorrent", "python3-libtorrent") }) {
		lib = libtorrent(t, source{link: file, host: "127.0.0.62", limit: revokedRate})
		want++
	}
	startPeer(t, s.peer, m)
	peer := startPeer(t, s.peer, m)
	eventually(t, midDownload, "every client is in mid-download", func() bool {
		return peer.payload.Load() > 1<<20 && connections(t, s.peer) >= want && (lib == nil || lib.status().Done > 0)
	})
	if failure, _ := announceHTTP(t, s.tracker, m.InfoHash()); failure != "" {
		t.Errorf("announce of a public object failed: %s", failure)
	}
	if action, _ := announceUDP(t, s.tracker, m.InfoHash()); action != udpAnnounce {
		t.Errorf("UDP announce of a public object: action %d, want %d", action, udpAnnounce)
	}
	if got, _ := s.usage().got(bucket); got == 0 {
		t.Error("nothing metered in mid-download")
	}
	return peer
}

// checkPeersGone waits until no peer is connected and says when that took too long.
func checkPeersGone(t *testing.T, s *server, peer *testPeer, taken time.Time) {
	t.Helper()
	eventually(t, 10*goneWithin, "no peer is connected", func() bool { return connections(t, s.peer) == 0 })
	if took := time.Since(taken); took > goneWithin {
		t.Errorf("peers were connected for %v after the object was taken away, want at most %v", took, goneWithin)
	}
	select {
	case <-peer.ended:
	case <-time.After(goneWithin):
		t.Fatal("a peer was not told that its connection is over")
	}
	if took := peer.at.Sub(taken); took > goneWithin {
		t.Errorf("a peer was fed for %v, want at most %v", took, goneWithin)
	}
	t.Logf("peers gone after %v", peer.at.Sub(taken))
}

// checkClosedToAll tries every door.
func checkClosedToAll(t *testing.T, s *server, m, hybrid *torrent.Metainfo, url string, status int) {
	t.Helper()
	if a := anonymous(t, http.MethodGet, url+"?torrent"); a.status != status {
		t.Errorf("?torrent: status %d, want %d", a.status, status)
	}
	for _, hash := range []torrent.InfoHash{m.InfoHash(), hybrid.InfoHash(), hybrid.InfoHashV2().Truncate()} {
		if failure, _ := announceHTTP(t, s.tracker, hash); failure == "" {
			t.Errorf("announce of %s succeeded", hash)
		}
		if action, _ := announceUDP(t, s.tracker, hash); action != udpError && action != -1 {
			t.Errorf("UDP announce of %s: action %d, want an error or silence", hash, action)
		}
		if _, err := dialPeer(t, s.peer, hash); err == nil {
			t.Errorf("the seeder shook hands on %s", hash)
		}
	}
}

// connections counts the established TCP connections that the kernel holds at a listening address's port.
func connections(t testing.TB, addr string) int {
	t.Helper()
	const established = "01"
	local := fmt.Sprintf(":%04X", port(t, addr))
	count := 0
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		f, err := os.Open(table)
		if err != nil {
			t.Skipf("connections cannot be counted here: %v", err)
		}
		defer f.Close()
		for lines := bufio.NewScanner(f); lines.Scan(); {
			// sl local_address rem_address st ...
			if c := strings.Fields(lines.Text()); len(c) > 3 && strings.HasSuffix(c[1], local) && c[3] == established {
				count++
			}
		}
	}
	return count
}
