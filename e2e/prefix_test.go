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

	"shoal/wire/torrent"
)

const (
	folderBucket = "library"
	folderName   = "2024"
	folderPrefix = "music/" + folderName + "/"
	folderQuery  = "&prefix=" + folderPrefix
)

// folderFiles are the public objects under folderPrefix, with their sizes in bytes.
func folderFiles() map[string]int64 {
	return map[string]int64{
		"empty.txt":        0,
		"one.byte":         1,
		"exactly/a.piece":  256 << 10,
		"exactly-more.bin": 3_000_001,
		"deep/er/still/x":  70_000,
		"with ünïcode.txt": 9_000,
	}
}

// publishFolder makes a bucket that anyone may list, with the files in it and one object that nobody may read, and returns
// a folder with what has to come down.
func publishFolder(t *testing.T, s *server) string {
	t.Helper()
	bucket, ctx := folderBucket, t.Context()
	if _, err := s.sdk().CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &bucket, ACL: types.BucketCannedACLPublicRead}); err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(t.TempDir(), folderName)
	seed := uint64(50)
	for name, size := range folderFiles() {
		path, key := filepath.Join(folder, name), folderPrefix+name
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		writeContent(t, path, seed, size)
		seed++
		putFile(t, s, path, &s3.PutObjectInput{Bucket: &bucket, Key: &key, ACL: types.ObjectCannedACLPublicRead})
	}
	for _, key := range []string{folderPrefix + "secret", "music/other"} {
		path := filepath.Join(t.TempDir(), "x")
		writeContent(t, path, 99, 1000)
		putFile(t, s, path, &s3.PutObjectInput{Bucket: &bucket, Key: &key})
	}
	return folder
}

// TestPrefixComesDownOverBitTorrent downloads the objects under a prefix as one torrent, with every client and kind.
func TestPrefixComesDownOverBitTorrent(t *testing.T) {
	s := start(t, options{host: "any"})
	folder := publishFolder(t, s)
	for query, kind := range map[string]string{plainTorrent: "v1", hybridTorrent: "hybrid", pureTorrent: "v2"} {
		t.Run("infohash "+kind, func(t *testing.T) { checkFolderInfoHash(t, s.in(t), folder, query, kind) })
		t.Run("libtorrent "+kind, func(t *testing.T) {
			file := saveTorrent(t, s.in(t).torrentAt("", folderBucket, "", query+folderQuery).body)
			d := libtorrent(t, source{link: file, host: "127.0.0.71"})
			d.await(downloadIn)
			checkFolder(t, d, folder)
		})
	}
	for _, c := range btClients() {
		t.Run(c.name, func(t *testing.T) {
			host, bind := "", "127.0.0.72"
			if c.refusesLoopback {
				host, bind = outsideAddress(t), ""
			}
			d := c.start(t, source{link: saveTorrent(t, s.in(t).torrentAt(host, folderBucket, "", plainTorrent+folderQuery).body), host: bind})
			d.await(downloadIn)
			checkFolder(t, d, folder)
		})
	}
	t.Run("magnet", func(t *testing.T) {
		magnet := s.in(t).torrentAt("", folderBucket, "", hybridTorrent+folderQuery).header.Get("x-shoal-magnet")
		d := libtorrent(t, source{link: magnet, host: "127.0.0.73"})
		d.await(downloadIn)
		checkFolder(t, d, folder)
	})
	if got, _ := s.usage().got(folderBucket); got == 0 {
		t.Error("nothing metered")
	}
}

// checkFolder compares every file of a download.
func checkFolder(t *testing.T, d *download, folder string) {
	t.Helper()
	for name, size := range folderFiles() {
		if size == 0 && d.process.name == "transmission-cli" {
			continue // 3.00 makes no empty files
		}
		want := hashFile(t, filepath.Join(folder, name))
		if got := hashFile(t, filepath.Join(d.dir, folderName, name)); got != want {
			t.Errorf("%s: SHA-256 of %s = %s, want %s", d.process.name, name, got, want)
		}
	}
	if _, err := os.Stat(filepath.Join(d.dir, folderName, "secret")); err == nil {
		t.Error("a private object came down")
	}
}

// checkFolderInfoHash has libtorrent make the same torrent from the folder.
func checkFolderInfoHash(t *testing.T, s *server, folder, query, kind string) {
	python := findPython(t, "libtorrent", "python3-libtorrent")
	m := parseTorrent(t, s.torrentAt("", folderBucket, "", query+folderQuery).body)
	out := runClient(t, clientIn, python, script(t, "lt_folder_infohash.py"), folder, fmt.Sprint(m.Info.PieceLength), kind)
	var want struct{ V1, V2 string }
	if err := json.Unmarshal([]byte(out), &want); err != nil {
		t.Fatal(err)
	}
	if got := m.InfoHash().String(); m.Info.Kind.HasV1() && got != want.V1 {
		t.Errorf("v1 infohash = %s, libtorrent makes %s", got, want.V1)
	}
	if got := m.InfoHashV2().String(); m.Info.Kind.HasV2() && got != want.V2 {
		t.Errorf("v2 infohash = %s, libtorrent makes %s", got, want.V2)
	}
}

// TestPrefixClosesWithAnObject takes one object of a prefix torrent away in mid-download.
func TestPrefixClosesWithAnObject(t *testing.T) {
	s := start(t, options{flags: []string{"--seeding", "speed", "--no-utp"}})
	path := filepath.Join(t.TempDir(), "file")
	writeContent(t, path, 4, revokedSize/2)
	for name, take := range map[string]func(c *s3.Client, bucket, key string) error{
		"private": func(c *s3.Client, bucket, key string) error {
			_, err := c.PutObjectAcl(t.Context(), &s3.PutObjectAclInput{Bucket: &bucket, Key: &key, ACL: types.ObjectCannedACLPrivate})
			return err
		},
		"deleted": func(c *s3.Client, bucket, key string) error {
			_, err := c.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: &bucket, Key: &key})
			return err
		},
		"replaced": func(c *s3.Client, bucket, key string) error {
			_, err := c.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &bucket, Key: &key, ACL: types.ObjectCannedACLPublicRead})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := s.in(t)
			bucket := "prefix-" + name
			if _, err := s.sdk().CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &bucket, ACL: types.BucketCannedACLPublicRead}); err != nil {
				t.Fatal(err)
			}
			for _, key := range []string{name + "/a", name + "/b"} {
				putFile(t, s, path, &s3.PutObjectInput{Bucket: &bucket, Key: &key, ACL: types.ObjectCannedACLPublicRead})
			}
			at := func(kind string) *torrent.Metainfo {
				return parseTorrent(t, s.torrentAt("", bucket, "", kind+"&prefix="+name).body)
			}
			m, hybrid := at(plainTorrent), at(hybridTorrent)
			peer := fetchSlowly(t, s, bucket, m)
			if err := take(s.sdk(), bucket, name+"/b"); err != nil {
				t.Fatal(err)
			}
			checkPeersGone(t, s, peer, time.Now())
			checkClosedToAll(t, s, m, hybrid, s.objectURL("", bucket, name+"/none"), http.StatusNotFound)
		})
	}
}
