package e2e

import (
	"bytes"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// sseServer is a server whose bucket "sealed" encrypts by default (SSE-S3).
type sseServer struct {
	*server
	aws func(args ...string) string
}

// TestServerSideEncryption drives a server with awscli and aria2: what it stores is not on its disk as it came, and comes
// back as it was, or not at all.
func TestServerSideEncryption(t *testing.T) {
	program := findClient(t, "aws", "awscli")
	s := sseServer{server: start(t, options{})}
	s.aws = func(args ...string) string {
		t.Helper()
		return runClient(t, clientIn, program, append([]string{"--endpoint-url", s.url("")}, args...)...)
	}
	s.makeBucket("sealed", false)
	s.aws("s3api", "put-bucket-encryption", "--bucket", "sealed", "--server-side-encryption-configuration",
		`{"Rules":[{"ApplyServerSideEncryptionByDefault":{"SSEAlgorithm":"AES256"},"BucketKeyEnabled":true}]}`)
	p := published{bucket: "sealed", key: "shared.bin", path: filepath.Join(t.TempDir(), "shared"), size: 3_000_001}
	p.sha256 = writeContent(t, p.path, 7, p.size)
	s.aws("s3", "cp", "--quiet", "--acl", "public-read", p.path, "s3://sealed/"+p.key)
	t.Run("by default", func(t *testing.T) { checkDefaultEncryption(t, s) })
	t.Run("torrent", func(t *testing.T) { checkEncryptedTorrent(t, s, p) })
	t.Run("SSE-C", func(t *testing.T) { checkCustomerKey(t, s, program) })
	t.Run("damage", func(t *testing.T) { checkDamagedBlob(t, s, p) })
	t.Run("keys", func(t *testing.T) { checkKeyFile(t, s, p) })
}

func checkDefaultEncryption(t *testing.T, s sseServer) {
	tr, out := newTree(t), t.TempDir()
	s.aws("s3", "sync", "--quiet", tr.dir, "s3://sealed/tree") // the largest in parts
	s.aws("s3", "sync", "--quiet", "s3://sealed/tree", out)
	tr.same(t, out)
	part := filepath.Join(t.TempDir(), "part")
	if got := s.aws("s3api", "get-object", "--bucket", "sealed", "--key", "tree/deep/er/big.bin", "--range", "bytes=16380-6000000", part); !strings.Contains(got, `"ServerSideEncryption": "AES256"`) {
		t.Errorf("get-object printed %s", got)
	}
	whole, err := os.ReadFile(filepath.Join(tr.dir, "deep/er/big.bin"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(part)
	if err != nil || !bytes.Equal(got, whole[16380:6000001]) {
		t.Errorf("the range has %d bytes, %v", len(got), err)
	}
	for path, data := range s.blobFiles(t) {
		for off := 0; off < len(whole); off += 1 << 20 {
			if bytes.Contains(data, whole[off:off+64]) {
				t.Errorf("%s has content as it came", path)
			}
		}
	}
}

// blobFiles returns the files of content of the data directory.
func (s *server) blobFiles(t *testing.T) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	err := filepath.WalkDir(filepath.Join(s.data, "blobs"), func(path string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() && e.Name() != "FORMAT" {
			files[path], err = os.ReadFile(path)
		}
		return err
	})
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files of content, %v", len(files), err)
	}
	return files
}

func checkEncryptedTorrent(t *testing.T, s sseServer, p published) {
	a := anonymous(t, http.MethodGet, s.objectURL("", p.bucket, p.key)+plainTorrent)
	if a.status != http.StatusOK {
		t.Fatalf("?torrent: status %d", a.status)
	}
	d := aria2(t, source{link: saveTorrent(t, a.body)})
	d.await(downloadIn)
	checkFile(t, d, p)
}

func checkCustomerKey(t *testing.T, s sseServer, program string) {
	dir := t.TempDir()
	key, body, back := filepath.Join(dir, "key"), filepath.Join(dir, "body"), filepath.Join(dir, "back")
	writeContent(t, key, 8, 32)
	want := writeContent(t, body, 9, treeBig)
	mine := []string{"--sse-c", "AES256", "--sse-c-key", "fileb://" + key}
	s.aws(append([]string{"s3", "cp", "--quiet", body, "s3://sealed/mine"}, mine...)...) // in parts
	s.aws(append([]string{"s3", "cp", "--quiet", "s3://sealed/mine", back}, mine...)...)
	if got := hashFile(t, back); got != want {
		t.Errorf("SHA-256 of what came back = %s, want %s", got, want)
	}
	p := startProcess(t, "aws", client(t, program, "--endpoint-url", s.url(""), "s3api", "head-object", "--bucket", "sealed", "--key", "mine"))
	if code := p.exitCode(clientIn); code == 0 {
		t.Error("head-object without the key: exit code 0")
	}
}

// checkDamagedBlob flips a bit of each blob for a while: a GET of what is in it fails.
func checkDamagedBlob(t *testing.T, s sseServer, p published) {
	for path, data := range s.blobFiles(t) {
		damaged := bytes.Clone(data)
		damaged[100] ^= 1
		if err := os.WriteFile(path, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := os.WriteFile(path, data, 0o600); err != nil {
				t.Fatal(err)
			}
		}()
	}
	if a := anonymous(t, http.MethodGet, s.objectURL("", p.bucket, p.key)); a.status != http.StatusInternalServerError || !bytes.Contains(a.body, []byte("<Code>InternalError</Code>")) {
		t.Errorf("GET of damaged content: status %d, %d bytes", a.status, len(a.body))
	}
}

// checkKeyFile starts the server with another key file, and then with its own again.
func checkKeyFile(t *testing.T, s sseServer, p published) {
	s.stop()
	s.flags = []string{"--kms-key-file", filepath.Join(t.TempDir(), "keys")}
	s.run()
	if a := anonymous(t, http.MethodGet, s.objectURL("", p.bucket, p.key)); a.status != http.StatusInternalServerError {
		t.Errorf("GET with another key file: status %d", a.status)
	}
	eventually(t, readyWithin, "the log names the missing key", func() bool {
		return strings.Contains(s.proc.stderr.String(), "no such encryption key")
	})
	s.stop()
	s.flags = nil
	s.run()
	if a := anonymous(t, http.MethodGet, s.objectURL("", p.bucket, p.key)); a.status != http.StatusOK || int64(len(a.body)) != p.size {
		t.Errorf("GET with the key file: status %d, %d bytes", a.status, len(a.body))
	}
}
