package e2e

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

const (
	quotaBucket = "bounded"
	quotaEgress = 2 << 20          // bytes
	quotaObject = 8 << 20          // bytes
	quotaWithin = 30 * time.Second // on a busy machine; that it is a second, core/swarm shows with a clock of its own
)

// TestQuotas: awscli is told that the bucket is full; the seeder stops at the egress quota, and goes on when it is raised;
// the tracker answers all the while.
func TestQuotas(t *testing.T) {
	program := findClient(t, "aws", "awscli")
	s := start(t, options{flags: []string{"--no-utp", "--seeding", "speed", "--peer-rate", "1MiB/s"}})
	s.makeBucket(quotaBucket, true)
	set := func(flags ...string) {
		t.Helper()
		if out, code := s.command(append([]string{"bucket", "set", quotaBucket, "--data", s.data}, flags...)...); code != 0 {
			t.Fatalf("bucket set %v: code %d, %s", flags, code, out)
		}
	}
	content := filepath.Join(t.TempDir(), "content")
	writeContent(t, content, 1, quotaObject)
	body, err := os.ReadFile(content)
	if err != nil {
		t.Fatal(err)
	}
	s.put(quotaBucket, "k", body)
	m := parseTorrent(t, s.torrentOf("", quotaBucket, "k").body)

	set("--quota-bytes", "10MiB")
	put := startProcess(t, "aws", client(t, program, "--endpoint-url", s.url(""), "s3api", "put-object", "--bucket", quotaBucket, "--key", "second", "--body", content))
	if code := put.exitCode(clientIn); code == 0 || !strings.Contains(put.stderr.String(), "(QuotaExceeded)") {
		t.Errorf("aws s3api put-object over the quota: code %d, %s", code, put.stderr)
	}

	set("--quota-egress", "2MiB")
	peer := startPeer(t, s.peer, m)
	select {
	case <-peer.ended:
	case <-time.After(quotaWithin):
		t.Fatal("the seeder did not leave at the quota")
	}
	if got := peer.payload.Load(); got < quotaEgress/2 { // what was on its way is lost
		t.Errorf("a peer got %d bytes, want about %d", got, quotaEgress)
	}
	if _, err := dialPeer(t, s.peer, m.InfoHash()); err == nil {
		t.Error("the seeder takes a peer after the quota is used up")
	}
	if failure, _ := announceHTTP(t, s.tracker, m.InfoHash()); failure != "" {
		t.Errorf("announce: %s", failure)
	}
	if a := anonymous(t, http.MethodGet, s.objectURL("", quotaBucket, "k")); a.status != http.StatusForbidden || !strings.Contains(string(a.body), "QuotaExceeded") {
		t.Errorf("GET: status %d, %s", a.status, a.body)
	}

	set("--quota-egress", "1GiB")
	if _, err := s.sdk().GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String(quotaBucket), Key: aws.String("k")}); err != nil {
		t.Errorf("GET with a greater quota: %v", err)
	}
	eventually(t, quotaWithin, "the seeder takes peers again", func() bool {
		_, err := dialPeer(t, s.peer, m.InfoHash())
		return err == nil
	})
}
