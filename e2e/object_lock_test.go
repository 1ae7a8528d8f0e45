package e2e

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestObjectLock locks versions with awscli: they stay until the lock is taken off, and over a kill of the server.
func TestObjectLock(t *testing.T) {
	program := findClient(t, "aws", "awscli")
	s := start(t, options{})
	args := func(more ...string) []string {
		return append([]string{"--endpoint-url", s.url(""), "s3api"}, more...)
	}
	do := func(more ...string) string {
		t.Helper()
		return runClient(t, clientIn, program, args(more...)...)
	}
	refused := func(more ...string) {
		t.Helper()
		p := startProcess(t, "aws", client(t, program, args(more...)...))
		if code := p.exitCode(clientIn); code == 0 || !strings.Contains(p.stderr.String(), "AccessDenied") {
			t.Errorf("%q: exit code %d: %s", more, code, p.stderr.String())
		}
	}
	path := filepath.Join(t.TempDir(), "film.bin")
	writeContent(t, path, 1, 100_000)
	do("create-bucket", "--bucket", "vault", "--object-lock-enabled-for-bucket")
	do("put-object-lock-configuration", "--bucket", "vault", "--object-lock-configuration",
		`{"ObjectLockEnabled":"Enabled","Rule":{"DefaultRetention":{"Mode":"GOVERNANCE","Days":1}}}`)
	var put struct{ VersionID string }
	if err := json.Unmarshal([]byte(do("put-object", "--bucket", "vault", "--key", "film", "--body", path)), &put); err != nil {
		t.Fatal(err)
	}
	version := []string{"--bucket", "vault", "--key", "film", "--version-id", put.VersionID}
	of := func(op string, more ...string) []string { return append(append([]string{op}, version...), more...) }
	refused(of("delete-object")...)
	until := time.Now().Add(48 * time.Hour).UTC().Format(time.RFC3339)
	do(of("put-object-retention", "--retention", "Mode=GOVERNANCE,RetainUntilDate="+until)...)
	do(of("put-object-legal-hold", "--legal-hold", "Status=ON")...)

	s.kill()
	s = start(t, options{data: s.data})
	var head struct{ ObjectLockMode, ObjectLockLegalHoldStatus, ObjectLockRetainUntilDate string }
	if err := json.Unmarshal([]byte(do(of("head-object")...)), &head); err != nil {
		t.Fatal(err)
	}
	got, err := time.Parse(time.RFC3339, head.ObjectLockRetainUntilDate)
	if head.ObjectLockMode != "GOVERNANCE" || head.ObjectLockLegalHoldStatus != "ON" || err != nil || got.Format(time.RFC3339) != until {
		t.Errorf("head-object: %+v, want governance until %s and a legal hold", head, until)
	}
	refused(of("delete-object", "--bypass-governance-retention")...)
	do(of("put-object-legal-hold", "--legal-hold", "Status=OFF")...)
	refused(of("delete-object")...)
	do(of("delete-object", "--bypass-governance-retention")...)
	do("delete-bucket", "--bucket", "vault")
}
