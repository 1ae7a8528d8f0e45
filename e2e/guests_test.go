package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"shoal/wire/torrent"
)

const (
	guestKey    = "SHOALGUEST00"
	guestSecret = "not-a-secret-of-a-guest"
	guestSize   = 20_000_000 // bytes

	refusal = "sent a failure message" // libtorrent of a tracker
)

// TestPrivateSwarm: a private object comes down over BitTorrent for those who may read it, and for nobody else.
func TestPrivateSwarm(t *testing.T) {
	s := start(t, options{})
	p := published{bucket: "private", key: "for guests.bin", path: filepath.Join(t.TempDir(), "object"), size: guestSize}
	p.sha256 = writeContent(t, p.path, 21, p.size)
	s.makeBucket(p.bucket, false)
	s.addGuest(p.bucket)
	s.put(p.bucket, p.key, contentBytes(21, guestSize))
	if a := anonymous(t, http.MethodGet, s.objectURL("", p.bucket, p.key)+"?torrent"); a.status != http.StatusForbidden {
		t.Errorf("?torrent by nobody: status %d, want 403", a.status)
	}
	file := s.privateTorrent(p.bucket, p.key, "")
	m := parseTorrent(t, file)
	if !m.Info.Private || !strings.Contains(m.Announce, "/announce/") {
		t.Fatalf("private: %t, announce to %q", m.Info.Private, m.Announce)
	}
	for i, c := range []struct {
		name   string
		start  func(testing.TB, source) *download
		scheme string // of the tracker
		query  string
	}{
		{"aria2c by HTTP", aria2, "http", ""},
		{"libtorrent by HTTP", libtorrent, "http", ""},
		{"libtorrent by UDP", libtorrent, "udp", ""},
		{"libtorrent with the hybrid torrent", libtorrent, "http", "hybrid"},
		{"libtorrent with the v2 torrent", libtorrent, "udp", "2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			link := saveTorrent(t, onlyTracker(t, s.in(t).privateTorrent(p.bucket, p.key, c.query), c.scheme, ""))
			d := c.start(t, source{link: link, host: fmt.Sprintf("127.0.0.%d", 81+i)})
			d.await(downloadIn)
			checkFile(t, d, p)
		})
	}
	t.Run("strangers", func(t *testing.T) { checkStrangers(t, s.in(t), m, file) })
}

// checkStrangers: who knows all of a private torrent but the token gets nothing.
func checkStrangers(t *testing.T, s *server, m *torrent.Metainfo, file []byte) {
	guest := libtorrent(t, source{link: saveTorrent(t, file), host: "127.0.0.91", limit: revokedRate})
	eventually(t, midDownload, "a guest is in mid-download", func() bool { return guest.status().Done > 0 })
	for i, scheme := range []string{"http", "udp"} {
		d := libtorrent(t, source{link: saveTorrent(t, onlyTracker(t, file, scheme, "/announce")), host: fmt.Sprintf("127.0.0.%d", 92+i)})
		eventually(t, midDownload, "the tracker refuses by "+scheme, func() bool { return strings.Contains(d.stderr.String(), refusal) })
		if got := d.status(); got.Payload != 0 || got.Peers != 0 {
			t.Errorf("without a token by %s: got %+v, want nothing", scheme, got)
		}
	}
	if failure, _ := announceHTTP(t, s.tracker, m.InfoHash()); failure == "" {
		t.Error("announce without a token succeeded")
	}
	if _, err := dialPeer(t, s.peer, m.InfoHash()); err == nil {
		t.Error("the seeder shook hands with another address than those of guests")
	}
}

// TestGuestIsRevokedInMidDownload takes the right to an object from those who are fetching it.
func TestGuestIsRevokedInMidDownload(t *testing.T) {
	s := start(t, options{})
	path := filepath.Join(t.TempDir(), "file")
	writeContent(t, path, 22, revokedSize)
	for i, c := range []struct {
		name   string
		revoke func(s *server, bucket string) error
	}{
		{"policy", func(s *server, bucket string) error {
			_, err := s.sdk().DeleteBucketPolicy(context.Background(), &s3.DeleteBucketPolicyInput{Bucket: &bucket})
			return err
		}},
		{"user", func(s *server, _ string) error {
			if _, code := s.command("user", "delete", "guest", "--data", s.data); code != 0 {
				return fmt.Errorf("exit code %d", code)
			}
			return nil
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := s.in(t)
			bucket, key := "guests-by-"+c.name, "object"
			s.makeBucket(bucket, false)
			s.addGuest(bucket)
			putFile(t, s, path, &s3.PutObjectInput{Bucket: &bucket, Key: &key})
			file := s.privateTorrent(bucket, key, "")
			link := saveTorrent(t, file)
			aria2(t, source{link: link, host: fmt.Sprintf("127.0.%d.1", 11+i), limit: revokedRate})
			lib := libtorrent(t, source{link: link, host: fmt.Sprintf("127.0.%d.2", 11+i), limit: revokedRate})
			eventually(t, midDownload, "both clients are in mid-download", func() bool {
				return s.metric("shoal_seeder_connections") >= 2 && lib.status().Done > 0
			})
			if err := c.revoke(s, bucket); err != nil {
				t.Fatal(err)
			}
			revoked := time.Now()
			eventually(t, 10*goneWithin, "no peer is connected", func() bool { return s.metric("shoal_seeder_connections") == 0 })
			if took := time.Since(revoked); took > goneWithin {
				t.Errorf("guests were connected for %v after they lost their right, want at most %v", took, goneWithin)
			}
			again := libtorrent(t, source{link: link, host: fmt.Sprintf("127.0.%d.3", 11+i)})
			eventually(t, midDownload, "the tracker refuses", func() bool { return strings.Contains(again.stderr.String(), refusal) })
		})
	}
}

// addGuest makes the user "guest", unless he is there, and lets him read a bucket's objects.
func (s *server) addGuest(bucket string) {
	s.t.Helper()
	if list, _ := s.command("user", "list", "--data", s.data); !strings.Contains(list, "guest") {
		if _, code := s.command("user", "create", "guest", "--data", s.data, "--access-key", guestKey, "--secret-key", guestSecret); code != 0 {
			s.t.Fatalf("user create: exit code %d", code)
		}
	}
	policy, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": []any{map[string]any{
		"Effect": "Allow", "Principal": map[string]string{"AWS": "arn:aws:iam:::user/guest"},
		"Action": "s3:GetObject", "Resource": "arn:aws:s3:::" + bucket + "/*",
	}}})
	if err != nil {
		s.t.Fatal(err)
	}
	text := string(policy)
	if _, err := s.sdk().PutBucketPolicy(s.t.Context(), &s3.PutBucketPolicyInput{Bucket: &bucket, Policy: &text}); err != nil {
		s.t.Fatal(err)
	}
}

// privateTorrent fetches the .torrent of an object, of a version of BitTorrent or the default one, by a presigned URL of
// the guest.
func (s *server) privateTorrent(bucket, key, version string) []byte {
	s.t.Helper()
	c, err := minio.New(at("", s.s3), &minio.Options{
		Creds: credentials.NewStaticV4(guestKey, guestSecret, ""), Region: region, BucketLookup: minio.BucketLookupPath,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	query := url.Values{"torrent": {""}}
	if version != "" {
		query.Set("v", version)
	}
	link, err := c.PresignedGetObject(s.t.Context(), bucket, key, presignedFor, query)
	if err != nil {
		s.t.Fatal(err)
	}
	a := anonymous(s.t, http.MethodGet, link.String())
	if a.status != http.StatusOK {
		s.t.Fatalf("presigned ?torrent: status %d\n%s", a.status, a.body)
	}
	return a.body
}

// onlyTracker leaves the tracker of a scheme in a .torrent, with its path replaced unless path is empty.
func onlyTracker(t testing.TB, file []byte, scheme, path string) []byte {
	t.Helper()
	m := parseTorrent(t, file)
	urls := slices.Concat(m.AnnounceList...)
	i := slices.IndexFunc(urls, func(u string) bool { return strings.HasPrefix(u, scheme+":") })
	if i < 0 {
		t.Fatalf("no %s tracker in %q", scheme, urls)
	}
	u, err := url.Parse(urls[i])
	if err != nil {
		t.Fatal(err)
	}
	if path != "" {
		u.Path = path
	}
	m.Announce, m.AnnounceList = u.String(), nil
	data, err := m.Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
