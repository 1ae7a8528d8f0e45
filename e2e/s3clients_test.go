package e2e

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// TestS3Clients drives one server with the S3 clients that people use.
func TestS3Clients(t *testing.T) {
	s := start(t, options{})
	t.Run("aws-sdk-go-v2", func(t *testing.T) {
		s.makeBucket("go-sdk", false)
		checkGoClient(t, sdkClient{s.sdk(), "go-sdk"})
	})
	t.Run("minio-go", func(t *testing.T) {
		s.makeBucket("go-minio", false)
		checkGoClient(t, newMinioClient(t, s.in(t), "go-minio"))
	})
	t.Run("boto3", func(t *testing.T) {
		python := findPython(t, "boto3", "python3-boto3")
		if got := runClient(t, clientIn, python, script(t, "boto3_roundtrip.py"), s.url(""), "boto3"); got != "ok\n" {
			t.Errorf("boto3_roundtrip.py printed %q, want ok", got)
		}
	})
	t.Run("awscli", func(t *testing.T) { checkAWSCLI(t, s.in(t)) })
	t.Run("s3cmd", func(t *testing.T) { checkS3cmd(t, s.in(t)) })
	t.Run("rclone", func(t *testing.T) { checkRclone(t, s.in(t)) })
	t.Run("anonymous", func(t *testing.T) { checkAnonymous(t, s.in(t)) })
	t.Run("conditional PUT", func(t *testing.T) { checkConditionalPut(t, s.in(t)) })
}

// tree is a small directory: a file for one PUT, one for a multipart upload, one with an odd name.
type tree struct {
	dir    string
	sha256 map[string]string // by path below dir
}

const treeBig = 2*partSize + 4321 // bytes

func newTree(t testing.TB) tree {
	t.Helper()
	tr := tree{t.TempDir(), map[string]string{}}
	for i, f := range []struct {
		name string
		size int64
	}{{"small.txt", 1000}, {"deep/er/big.bin", treeBig}, {"with space + plus/é%20.bin", 3000}, {"empty", 0}} {
		path := filepath.Join(tr.dir, f.name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		tr.sha256[f.name] = writeContent(t, path, uint64(i), f.size)
	}
	return tr
}

// same compares a directory that a client has downloaded.
func (tr tree) same(t testing.TB, dir string) {
	t.Helper()
	for name, want := range tr.sha256 {
		path := filepath.Join(dir, name)
		if _, err := os.Stat(path); err != nil {
			t.Error(err)
			continue
		}
		if got := hashFile(t, path); got != want {
			t.Errorf("SHA-256 of %s = %s, want %s", name, got, want)
		}
	}
}

func checkAWSCLI(t *testing.T, s *server) {
	program := findClient(t, "aws", "awscli")
	tr, out := newTree(t), t.TempDir()
	do := func(args ...string) string {
		t.Helper()
		return runClient(t, clientIn, program, append([]string{"--endpoint-url", s.url("")}, args...)...)
	}
	do("s3", "mb", "s3://awscli")
	do("s3", "sync", "--quiet", tr.dir, "s3://awscli/tree")
	do("s3", "cp", "--quiet", "--recursive", "s3://awscli/tree", "s3://awscli/copy")
	do("s3", "sync", "--quiet", "s3://awscli/copy", out)
	tr.same(t, out)
	if got := do("s3", "ls", "--recursive", "s3://awscli/copy/"); strings.Count(got, "\n") != len(tr.sha256) {
		t.Errorf("s3 ls printed %s, want %d lines", got, len(tr.sha256))
	}
	part := filepath.Join(out, "part")
	do("s3api", "get-object", "--bucket", "awscli", "--key", "tree/deep/er/big.bin", "--range", "bytes=5-1048580", part)
	if info, err := os.Stat(part); err != nil || info.Size() != 1<<20 {
		t.Errorf("get-object --range: %v, %v", info, err)
	}
	link := strings.TrimSpace(do("s3", "presign", "s3://awscli/tree/deep/er/big.bin"))
	if a := anonymous(t, http.MethodGet, link); a.status != http.StatusOK || hashReader(t, bytes.NewReader(a.body)) != tr.sha256["deep/er/big.bin"] {
		t.Errorf("presigned link: status %d, %d bytes", a.status, len(a.body))
	}
	do("s3api", "put-object", "--bucket", "awscli", "--key", "../a/../b", "--body", filepath.Join(tr.dir, "small.txt"), "--metadata", "colour=red")
	if head := do("s3api", "head-object", "--bucket", "awscli", "--key", "../a/../b"); !strings.Contains(head, `"colour": "red"`) {
		t.Errorf("head-object printed %s", head)
	}
	do("s3", "rb", "--force", "s3://awscli")
	if got := do("s3", "ls"); strings.Contains(got, " awscli\n") {
		t.Errorf("the bucket is still listed: %s", got)
	}
}

func checkS3cmd(t *testing.T, s *server) {
	program := findClient(t, "s3cmd", "s3cmd")
	tr, out := newTree(t), t.TempDir()
	config := filepath.Join(t.TempDir(), "s3cfg")
	text := fmt.Sprintf("[default]\naccess_key = %s\nsecret_key = %s\nhost_base = %s\nhost_bucket = %[3]s\nuse_https = False\nbucket_location = %s\nprogress_meter = False\nmultipart_chunk_size_mb = 5\nmax_retries = 1\n",
		rootKey, rootSecret, at("", s.s3), region)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	do := func(args ...string) string {
		t.Helper()
		return runClient(t, clientIn, program, append([]string{"--config", config}, args...)...)
	}
	do("mb", "s3://s3cmd")
	do("sync", tr.dir+"/", "s3://s3cmd/tree/")
	do("cp", "--recursive", "s3://s3cmd/tree/", "s3://s3cmd/copy/")
	do("sync", "s3://s3cmd/copy/", out+"/")
	tr.same(t, out)
	if got := do("ls", "--recursive", "s3://s3cmd/copy/"); strings.Count(got, "\n") != len(tr.sha256) {
		t.Errorf("ls printed %s, want %d lines", got, len(tr.sha256))
	}
	if got := do("info", "s3://s3cmd/tree/deep/er/big.bin"); !strings.Contains(got, fmt.Sprint(treeBig)) {
		t.Errorf("info printed %s", got)
	}
	do("setacl", "--acl-public", "s3://s3cmd/tree/small.txt")
	if a := anonymous(t, http.MethodGet, s.objectURL("", "s3cmd", "tree/small.txt")); a.status != http.StatusOK {
		t.Errorf("GET after setacl --acl-public: status %d", a.status)
	}
	do("del", "--recursive", "--force", "s3://s3cmd/")
	do("rb", "s3://s3cmd")
}

func checkRclone(t *testing.T, s *server) {
	program := findClient(t, "rclone", "rclone")
	tr, out := newTree(t), t.TempDir()
	do := func(args ...string) string {
		t.Helper()
		remote := fmt.Sprintf(":s3,provider=Other,env_auth,region=%s,force_path_style=true,endpoint='%s':", region, s.url(""))
		for i, a := range args {
			args[i] = strings.Replace(a, "REMOTE:", remote, 1)
		}
		return runClient(t, clientIn, program, append([]string{
			"--config", "", "--retries", "1", "--low-level-retries", "1",
			"--s3-upload-cutoff", "5M", "--s3-chunk-size", "5M",
		}, args...)...)
	}
	do("mkdir", "REMOTE:rclone")
	do("copy", tr.dir, "REMOTE:rclone/tree")
	do("check", tr.dir, "REMOTE:rclone/tree")
	do("copy", "REMOTE:rclone/tree", "REMOTE:rclone/copy")
	do("moveto", "REMOTE:rclone/copy/small.txt", "REMOTE:rclone/copy/moved.txt")
	do("moveto", "REMOTE:rclone/copy/moved.txt", "REMOTE:rclone/copy/small.txt")
	do("copy", "REMOTE:rclone/copy", out)
	tr.same(t, out)
	if got := do("lsf", "-R", "--files-only", "REMOTE:rclone/copy"); strings.Count(got, "\n") != len(tr.sha256) {
		t.Errorf("lsf printed %q, want %d lines", got, len(tr.sha256))
	}
	if got := do("cat", "--offset", "3", "--count", "7", "REMOTE:rclone/tree/small.txt"); got != string(contentBytes(0, 10)[3:]) {
		t.Errorf("cat of a range printed %q", got)
	}
	link := strings.TrimSpace(do("link", "--expire", "1m", "REMOTE:rclone/tree/small.txt"))
	if a := anonymous(t, http.MethodGet, link); a.status != http.StatusOK || len(a.body) != 1000 {
		t.Errorf("link: status %d, %d bytes", a.status, len(a.body))
	}
	do("purge", "REMOTE:rclone")
}

// checkAnonymous reads public objects as anyone does: large enough for sendfile, small, none, in ranges.
func checkAnonymous(t *testing.T, s *server) {
	s.makeBucket("public", true)
	s.makeBucket("closed", false)
	for _, size := range []int{0, 1, 5000, 3<<20 + 17} {
		key := fmt.Sprintf("of %d bytes", size)
		want := contentBytes(uint64(size), size)
		s.put("public", key, want)
		s.put("closed", key, want)
		url := s.objectURL("", "public", key)
		if a := anonymous(t, http.MethodGet, url); a.status != http.StatusOK || !bytes.Equal(a.body, want) {
			t.Errorf("GET %s: status %d, %d bytes", key, a.status, len(a.body))
		}
		a := anonymous(t, http.MethodHead, url)
		if got := a.header.Get("Content-Length"); a.status != http.StatusOK || got != fmt.Sprint(size) || len(a.body) > 0 {
			t.Errorf("HEAD %s: status %d, Content-Length %s, %d bytes", key, a.status, got, len(a.body))
		}
		a = anonymous(t, http.MethodGet, s.objectURL("", "closed", key))
		if a.status != http.StatusForbidden || !bytes.Contains(a.body, []byte("<Code>AccessDenied</Code>")) {
			t.Errorf("GET of a private object: status %d, %s", a.status, a.body)
		}
	}
	a := anonymous(t, http.MethodPut, s.objectURL("", "public", "new"))
	if a.status != http.StatusForbidden {
		t.Errorf("anonymous PUT: status %d, want 403", a.status)
	}
}

// checkConditionalPut races for one key: If-None-Match lets one in.
func checkConditionalPut(t *testing.T, s *server) {
	s.makeBucket("conditional", false)
	const racers = 8
	won := make(chan error, racers)
	c := s.sdk()
	for i := range racers {
		go func() {
			_, err := c.PutObject(t.Context(), &s3.PutObjectInput{
				Bucket: aws.String("conditional"), Key: aws.String("once"), IfNoneMatch: aws.String("*"), Body: bytes.NewReader(contentBytes(uint64(i), 10_000)),
			})
			won <- err
		}()
	}
	winners := 0
	for range racers {
		switch err := <-won; {
		case err == nil:
			winners++
		case errorCode(err) != "PreconditionFailed" && errorCode(err) != "ConditionalRequestConflict":
			t.Errorf("conditional PUT: %v", err)
		}
	}
	if winners != 1 {
		t.Errorf("%d of %d conditional PUTs won, want 1", winners, racers)
	}
	_, err := c.PutObject(t.Context(), &s3.PutObjectInput{
		Bucket: aws.String("conditional"), Key: aws.String("once"), IfMatch: aws.String(`"00000000000000000000000000000000"`), Body: strings.NewReader("x"),
	})
	if got := errorCode(err); got != "PreconditionFailed" {
		t.Errorf("PUT with a wrong If-Match: %v, want PreconditionFailed", err)
	}
}
