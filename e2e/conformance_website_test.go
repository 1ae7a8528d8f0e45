package e2e

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const (
	suiteWebsiteDomain = "web.conformance.test"
	websitePrefix      = "WebsiteHosting_" // of the tests of websites
	websiteBuckets     = 64                // more than those tests make
)

// suiteWebsites runs the suite's tests of websites and returns what is wrong by name. They look buckets up by name, which
// nobody but a hosts file of their own answers: nil when this process may not mount one.
func suiteWebsites(t *testing.T, program string) map[string]string {
	t.Helper()
	if err := exec.Command("unshare", "--mount", "true").Run(); err != nil {
		t.Logf("websites are not tested: no mount namespace: %v", err)
		return nil
	}
	s := start(t, options{flags: []string{"--website-domain", suiteWebsiteDomain}})
	_, port, err := net.SplitHostPort(s.s3)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), oneTestWithin)
	defer cancel()
	cmd := exec.CommandContext(ctx, "unshare", "--mount", "sh", "-c", `mount --bind "$0" /etc/hosts && exec "$@"`, websiteHosts(t),
		program, "test", "--access", rootKey, "--secret", rootSecret, "--endpoint", s.url(""),
		"website-hosting", "--domain", suiteWebsiteDomain, "--port", port)
	cmd.Env = cleanEnviron()
	printed, err := cmd.CombinedOutput()
	wrong := map[string]string{}
	for line := range strings.Lines(colours.ReplaceAllString(string(printed), "")) {
		verdict, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		name, why, _ := strings.Cut(rest, ":")
		switch {
		case !strings.HasPrefix(name, websitePrefix):
		case verdict == "PASS":
			wrong[name] = ""
		case verdict == "FAIL":
			wrong[name] = name + ":" + why
		}
	}
	if len(wrong) == 0 {
		t.Fatalf("tests of websites: %v: %.500s", err, printed)
	}
	return wrong
}

// websiteHosts writes a hosts file that has the websites of the buckets that the suite makes.
func websiteHosts(t *testing.T) string {
	t.Helper()
	text := "127.0.0.1 localhost " + suiteWebsiteDomain + " nested.bucket." + suiteWebsiteDomain + "\n"
	for i := range websiteBuckets {
		text += fmt.Sprintf("127.0.0.1 test-bucket-%d.%s\n", i, suiteWebsiteDomain)
	}
	path := filepath.Join(t.TempDir(), "hosts")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// addWebsites adds the outcomes of the tests of websites; where none can be had, they are as listed.
func (o *outcomes) addWebsites(wrong map[string]string, listed *lists) {
	if wrong == nil {
		for name := range listed.pass {
			if strings.HasPrefix(name, websitePrefix) {
				o.add(name, "")
			}
		}
	}
	for name, why := range wrong {
		if _, excluded := listed.excluded[name]; !excluded {
			o.add(name, why)
		}
	}
}
