package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/s3/transfermanager"
)

// mountedWithin is over what s3fs needs on a busy machine.
const mountedWithin = 30 * time.Second

// TestS3Tools drives one server with programs that keep files in S3 in a form of their own.
func TestS3Tools(t *testing.T) {
	s := start(t, options{})
	t.Run("restic", func(t *testing.T) { checkRestic(t, s.in(t)) })
	t.Run("duplicity", func(t *testing.T) { checkDuplicity(t, s.in(t)) })
	t.Run("s3fs", func(t *testing.T) { checkS3FS(t, s.in(t)) })
	t.Run("transfer manager", func(t *testing.T) { checkTransferManager(t, s.in(t)) })
	t.Run("terraform", func(t *testing.T) { checkTerraformState(t, s.in(t)) })
}

// run runs cmd to its successful end and returns what it printed on standard output.
func run(t testing.TB, cmd *exec.Cmd) string {
	t.Helper()
	p := startProcess(t, filepath.Base(cmd.Path), cmd)
	if code := p.exitCode(clientIn); code != 0 {
		t.Fatalf("%q: exit code %d", cmd.Args, code)
	}
	return p.stdout.String()
}

// checkRestic backs up twice, checks all that it stored, restores, and prunes the first snapshot.
func checkRestic(t *testing.T, s *server) {
	program := findClient(t, "restic", "restic")
	tr, out := newTree(t), t.TempDir()
	do := func(args ...string) string {
		t.Helper()
		cmd := client(t, program, args...)
		cmd.Dir = tr.dir
		cmd.Env = append(cmd.Env, "RESTIC_PASSWORD=only-for-tests", "RESTIC_REPOSITORY=s3:"+s.url("")+"/restic/repository")
		return run(t, cmd)
	}
	do("init")
	do("backup", ".")
	tr.sha256["small.txt"] = writeContent(t, filepath.Join(tr.dir, "small.txt"), 9, 2000)
	do("backup", ".")
	do("check", "--read-data")
	do("restore", "latest", "--target", out)
	tr.same(t, out)
	do("forget", "--keep-last", "1", "--prune")
	if got := do("snapshots", "--compact"); !strings.Contains(got, "1 snapshots") {
		t.Errorf("snapshots after forget printed %s", got)
	}
}

// checkDuplicity makes a full and an incremental backup by its boto3 backend, verifies and restores.
func checkDuplicity(t *testing.T, s *server) {
	findPython(t, "boto3", "python3-boto3")
	program := findClient(t, "duplicity", "duplicity")
	s.makeBucket("duplicity", false)
	tr, out := newTree(t), filepath.Join(t.TempDir(), "out")
	const target = "boto3+s3://duplicity/backup"
	do := func(args ...string) string { // each run has a home of its own, so it reads what is there from S3
		t.Helper()
		return runClient(t, clientIn, program, append(args[:1:1], append([]string{
			"--no-encryption", "--s3-endpoint-url", s.url(""), "--s3-region-name", region, "--num-retries", "1",
		}, args[1:]...)...)...)
	}
	do("full", tr.dir, target)
	tr.sha256["later.bin"] = writeContent(t, filepath.Join(tr.dir, "later.bin"), 9, 2000)
	do("incremental", tr.dir, target)
	if got := do("verify", "--compare-data", target, tr.dir); !strings.Contains(got, "0 differences found") {
		t.Errorf("verify printed %s", got)
	}
	do("restore", target, out)
	tr.same(t, out)
}

// checkS3FS mounts a bucket and uses it as a file system.
func checkS3FS(t *testing.T, s *server) {
	program := findClient(t, "s3fs", "s3fs")
	if _, err := os.Stat("/dev/fuse"); err != nil || os.Getuid() != 0 {
		t.Skip("mounting a bucket needs /dev/fuse and root")
	}
	s.makeBucket("s3fs", false)
	tr, mount := newTree(t), t.TempDir()
	password := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(password, []byte(rootKey+":"+rootSecret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := startProcess(t, "s3fs", client(t, program, "s3fs", mount, "-f", "-o", "url="+s.url("")+",use_path_request_style,passwd_file="+password))
	t.Cleanup(func() { _ = syscall.Unmount(mount, syscall.MNT_DETACH) }) // it is gone after a test that passed
	eventually(t, mountedWithin, "the bucket is mounted", func() bool {
		mounts, err := os.ReadFile("/proc/mounts")
		if err == nil && !p.running() {
			t.Fatalf("s3fs ended with code %d", p.exitCode(0))
		}
		return err == nil && strings.Contains(string(mounts), " "+mount+" ")
	})
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.CopyFS(filepath.Join(mount, "tree"), os.DirFS(tr.dir)))
	tr.same(t, filepath.Join(mount, "tree"))
	must(os.Rename(filepath.Join(mount, "tree"), filepath.Join(mount, "moved")))
	tr.same(t, filepath.Join(mount, "moved"))
	must(os.Truncate(filepath.Join(mount, "moved/deep/er/big.bin"), 5000))
	must(os.Remove(filepath.Join(mount, "moved/empty")))
	must(syscall.Unmount(mount, 0))
	if code := p.exitCode(clientIn); code != 0 {
		t.Errorf("s3fs ended with code %d", code)
	}
	found, err := keys(t.Context(), s.sdk(), "s3fs")
	must(err)
	_, removed := found["moved/empty"]
	if found["moved/deep/er/big.bin"] != 5000 || found["moved/small.txt"] != 1000 || removed {
		t.Errorf("after it the bucket has %v", found)
	}
}

// checkTransferManager uploads a directory in parts, side by side, with the SDK's own checksums, and downloads it.
func checkTransferManager(t *testing.T, s *server) {
	s.makeBucket("transfer", false)
	tr, out := newTree(t), t.TempDir()
	m := transfermanager.New(s.sdk(), func(o *transfermanager.Options) { o.PartSizeBytes, o.MultipartUploadThreshold = partSize, partSize })
	up, err := m.UploadDirectory(t.Context(), &transfermanager.UploadDirectoryInput{
		Bucket: aws.String("transfer"), Source: &tr.dir, Recursive: aws.Bool(true), KeyPrefix: aws.String("tree"),
	})
	if err != nil || up.ObjectsUploaded != int64(len(tr.sha256)) || up.ObjectsFailed != 0 {
		t.Fatalf("upload: got %+v, %v, want %d objects", up, err, len(tr.sha256))
	}
	_, err = m.DownloadDirectory(t.Context(), &transfermanager.DownloadDirectoryInput{
		Bucket: aws.String("transfer"), Destination: &out, KeyPrefix: aws.String("tree"),
	})
	if err != nil {
		t.Fatal(err)
	}
	tr.same(t, out)
}

// checkTerraformState keeps a state in S3 with a lock by conditional writes, as Terraform's own backend does it.
func checkTerraformState(t *testing.T, s *server) {
	program := findClient(t, "terraform", "none; HashiCorp's own")
	s.makeBucket("terraform", false)
	dir := t.TempDir()
	config := `terraform {
  backend "s3" {
    bucket                      = "terraform"
    key                         = "state/one.tfstate"
    region                      = "` + region + `"
    endpoints                   = { s3 = "` + s.url("") + `" }
    use_path_style              = true
    use_lockfile                = true
    skip_credentials_validation = true
    skip_requesting_account_id  = true
    skip_metadata_api_check     = true
  }
}
resource "terraform_data" "one" { input = "kept" }
output "one" { value = terraform_data.one.output }
`
	if err := os.WriteFile(filepath.Join(dir, "main.tf"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	do := func(args ...string) string {
		t.Helper()
		cmd := client(t, program, args...)
		cmd.Dir = dir
		cmd.Env = append(cmd.Env, "CHECKPOINT_DISABLE=1")
		return run(t, cmd)
	}
	do("init", "-input=false") // no provider to load: terraform_data is built in
	do("apply", "-input=false", "-auto-approve")
	if got := do("output", "-raw", "one"); got != "kept" {
		t.Errorf("output printed %q, want kept", got)
	}
	lock := "state/one.tfstate.tflock"
	s.put("terraform", lock, []byte(`{"ID":"of another"}`))
	cmd := client(t, program, "apply", "-input=false", "-auto-approve")
	cmd.Dir = dir
	p := startProcess(t, "terraform", cmd)
	if code := p.exitCode(clientIn); code == 0 || !strings.Contains(p.stderr.String(), "Error acquiring the state lock") {
		t.Errorf("apply of a state that is locked ended with code %d: %s", code, p.stderr)
	}
}
