package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

const versionSize = 3_000_000 // bytes

// putVersion puts a public version of p with awscli and returns its id.
func putVersion(t *testing.T, do func(...string) string, p *published, seed uint64) string {
	t.Helper()
	p.sha256 = writeContent(t, p.path, seed, p.size)
	var out struct{ VersionID string }
	text := do("s3api", "put-object", "--bucket", p.bucket, "--key", p.key, "--body", p.path, "--acl", "public-read")
	if err := json.Unmarshal([]byte(text), &out); err != nil || out.VersionID == "" {
		t.Fatalf("put-object printed %s: %v", text, err)
	}
	return out.VersionID
}

// TestVersions: each public version has its torrent. An old one comes down over BitTorrent, also while the object is
// hidden by a delete marker, until that version is deleted.
func TestVersions(t *testing.T) {
	program := findClient(t, "aws", "awscli")
	s := start(t, options{flags: []string{"--no-utp"}}) // connections are counted
	do := func(args ...string) string {
		t.Helper()
		return runClient(t, clientIn, program, append([]string{"--endpoint-url", s.url("")}, args...)...)
	}
	do("s3", "mb", "s3://history")
	do("s3api", "put-bucket-versioning", "--bucket", "history", "--versioning-configuration", "Status=Enabled")
	dir := t.TempDir()
	old := published{bucket: "history", key: "film.bin", path: filepath.Join(dir, "old"), size: versionSize}
	oldID := putVersion(t, do, &old, 1)
	current := published{bucket: "history", key: "film.bin", path: filepath.Join(dir, "current"), size: versionSize}
	currentID := putVersion(t, do, &current, 2)

	t.Run("old and current", func(t *testing.T) {
		s := s.in(t)
		checkVersion(t, s, old, oldID)
		checkVersion(t, s, current, currentID)
	})
	t.Run("list-object-versions", func(t *testing.T) { checkListed(t, do, oldID, currentID) })
	t.Run("hidden", func(t *testing.T) {
		s := s.in(t)
		do("s3api", "delete-object", "--bucket", old.bucket, "--key", old.key)
		if a := anonymous(t, http.MethodGet, s.objectURL("", old.bucket, old.key)+"?torrent"); a.status != http.StatusForbidden {
			t.Errorf("?torrent of a hidden object, for who may not list: status %d, want 403", a.status)
		}
		_, err := s.sdk().GetObjectTorrent(t.Context(), &s3.GetObjectTorrentInput{Bucket: &old.bucket, Key: &old.key})
		if statusOf(err) != http.StatusNotFound {
			t.Errorf("?torrent of a hidden object, for its owner: %v, want 404", err)
		}
		checkVersion(t, s, old, oldID)
	})
	t.Run("restored", func(t *testing.T) {
		restored := filepath.Join(dir, "restored")
		do("s3api", "copy-object", "--bucket", old.bucket, "--key", old.key, "--copy-source", old.bucket+"/"+old.key+"?versionId="+oldID)
		do("s3api", "get-object", "--bucket", old.bucket, "--key", old.key, restored)
		if got := hashFile(t, restored); got != old.sha256 {
			t.Errorf("the restored object has SHA-256 %s, want %s", got, old.sha256)
		}
	})
}

// checkVersion downloads a version by its torrent with each client.
func checkVersion(t *testing.T, s *server, p published, id string) {
	t.Helper()
	file := saveTorrent(t, s.torrentAt("", p.bucket, p.key, "?torrent&versionId="+id).body)
	for i, c := range btClients()[:2] {
		d := c.start(t, source{link: file, host: fmt.Sprintf("127.0.0.%d", 71+i)})
		d.await(downloadIn)
		checkFile(t, d, p)
	}
}

// checkListed holds what awscli lists, a page for each version.
func checkListed(t *testing.T, do func(...string) string, oldID, currentID string) {
	t.Helper()
	var listed struct {
		Versions []struct {
			Key       string
			VersionID string
			IsLatest  bool
		}
	}
	text := do("s3api", "list-object-versions", "--bucket", "history", "--page-size", "1")
	if err := json.Unmarshal([]byte(text), &listed); err != nil {
		t.Fatalf("list-object-versions printed %s: %v", text, err)
	}
	v := listed.Versions
	if len(v) != 2 || v[0].VersionID != currentID || !v[0].IsLatest || v[1].VersionID != oldID || v[1].IsLatest {
		t.Errorf("list-object-versions printed %s, want %s and %s", text, currentID, oldID)
	}
}

// TestDeletedVersionInMidDownload deletes an old version while peers are fetching it: they are gone within a second.
func TestDeletedVersionInMidDownload(t *testing.T) {
	s := start(t, options{flags: []string{"--seeding", "speed", "--no-utp"}}) // a peer of ours is served at once
	ctx, c, bucket, key := t.Context(), s.sdk(), "history", "film.bin"
	s.makeBucket(bucket, false)
	_, err := c.PutBucketVersioning(ctx, &s3.PutBucketVersioningInput{
		Bucket: &bucket, VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled},
	})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "film")
	writeContent(t, path, 3, versionSize)
	putFile(t, s, path, &s3.PutObjectInput{Bucket: &bucket, Key: &key, ACL: types.ObjectCannedACLPublicRead})
	head, err := c.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &bucket, Key: &key})
	if err != nil || head.VersionId == nil {
		t.Fatalf("head: %+v, %v", head, err)
	}
	query := "?torrent&versionId=" + *head.VersionId
	m, hybrid := parseTorrent(t, s.torrentOf("", bucket, key).body), parseTorrent(t, s.torrentAt("", bucket, key, query+"&v=hybrid").body)
	peer := startPeer(t, s.peer, m)
	eventually(t, midDownload, "the peer is in mid-download", func() bool { return peer.payload.Load() > 1<<20 })
	if err := os.WriteFile(path, []byte("the next version"), 0o600); err != nil {
		t.Fatal(err)
	}
	putFile(t, s, path, &s3.PutObjectInput{Bucket: &bucket, Key: &key})
	before := peer.payload.Load()
	eventually(t, midDownload, "the old version is still seeded", func() bool { return peer.payload.Load() > before+3<<20 })
	if _, err := c.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &bucket, Key: &key, VersionId: head.VersionId}); err != nil {
		t.Fatal(err)
	}
	checkPeersGone(t, s, peer, time.Now())
	if a := anonymous(t, http.MethodGet, s.objectURL("", bucket, key)+query); a.status != http.StatusForbidden {
		t.Errorf("?torrent of a version that is gone: status %d, want 403", a.status)
	}
	checkClosedToAll(t, s, m, hybrid, s.objectURL("", bucket, key), http.StatusForbidden)
}
