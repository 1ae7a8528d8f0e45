package e2e

import (
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	// conformanceVariable, set to "update", rewrites the lists of passing tests and of tests to do.
	conformanceVariable = "SHOAL_CONFORMANCE"

	conformanceWorkers = 3               // each with a server of its own: the tests name their buckets all alike
	oneTestWithin      = 2 * time.Minute // on a busy machine
)

// suiteUser is an administrator whose canonical id is its access key, as Versity's suite takes one for the other.
const suiteUser = "5a0c0f0a1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3"

// TestConformance runs Versity's integration suite, whose authors hold its expectations against AWS, one test at a
// time, and compares the outcome with the lists in testdata/conformance: every test that is not excluded passes or
// is to do, and one that moves fails this test. `make conformance` moves it in the lists.
func TestConformance(t *testing.T) {
	program := findVersity(t)
	listed := readLists(t)
	names, sessions := make(chan string), make(chan string)
	got := &outcomes{wrong: map[string]string{}}
	t.Run("websites", func(t *testing.T) { got.addWebsites(suiteWebsites(t, program), listed) })
	t.Run("suite", func(t *testing.T) {
		var workers sync.WaitGroup
		for range conformanceWorkers {
			w := newSuiteWorker(t, program, nil)
			workers.Go(func() { w.work(names, listed.pass, got) })
		}
		w := newSuiteWorker(t, program, newSuiteIssuer(t))
		workers.Go(func() { w.work(sessions, listed.pass, got) })
		for _, name := range suiteNames(t, program) {
			if _, excluded := listed.excluded[name]; excluded {
				continue
			}
			if needsToken(name) {
				sessions <- name
			} else {
				names <- name
			}
		}
		close(names)
		close(sessions)
		workers.Wait()
	})
	if os.Getenv(conformanceVariable) == "update" {
		listed.update(t, got.wrong)
		return
	}
	t.Logf("%d tests pass, %d are to do, %d excluded", len(listed.pass), len(listed.todo), len(listed.excluded))
	for _, name := range slices.Sorted(maps.Keys(got.wrong)) {
		if msg := listed.judge(name, got.wrong[name]); msg != "" {
			t.Error(msg)
		}
	}
	for name := range listed.pass {
		if _, ran := got.wrong[name]; !ran {
			t.Errorf("%s did not run: it is in pass.txt", name)
		}
	}
}

// findVersity returns the program that install-clients.sh installs, or skips.
func findVersity(t *testing.T) string {
	t.Helper()
	shoalBinary(t) // skips in short mode
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Skipf("no directory for the suite: %v", err)
	}
	path := filepath.Join(cache, "shoal-e2e", "versitygw-v1.8.0", "versitygw")
	if !executable(path) {
		t.Skip("versitygw is not installed: run e2e/install-clients.sh where there is a Go module proxy")
	}
	return path
}

// suiteNames returns the names of all tests that are each a command of the program: those of websites have one together.
func suiteNames(t *testing.T, program string) []string {
	t.Helper()
	help, err := exec.Command(program, "test", "--help").Output()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, m := range regexp.MustCompile(`Runs (\w+) integration test`).FindAllSubmatch(help, -1) {
		if name := string(m[1]); !strings.HasPrefix(name, websitePrefix) {
			names = append(names, name)
		}
	}
	if len(names) < 1000 {
		t.Fatalf("the suite has only %d tests", len(names))
	}
	return names
}

// outcomes are what is wrong by the names of the tests that ran, "" for a pass.
type outcomes struct {
	mu    sync.Mutex
	wrong map[string]string // guarded by mu
}

func (o *outcomes) add(name, wrong string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.wrong[name] = wrong
}

// suiteWorker runs tests one after the other on its own server.
type suiteWorker struct {
	program string
	s       *server      // replaced when a test leaves what cannot be deleted
	dir     string       // its working directory, with the stand-in for Versity's admin command
	proxy   string       // URL of the translator in front of s
	issuer  *suiteIssuer // nil: its tests need no token
}

func newSuiteWorker(t testing.TB, program string, issuer *suiteIssuer) *suiteWorker {
	t.Helper()
	w := &suiteWorker{program: program, s: start(t, options{flags: issuer.flags()}), dir: t.TempDir(), issuer: issuer}
	_, code := w.s.command("user", "create", "conformance", "--data", w.s.data, "--role", "admin",
		"--access-key", suiteUser, "--canonical-id", suiteUser, "--secret-key", rootSecret)
	if code != 0 {
		t.Fatalf("shoal user create: exit code %d", code)
	}
	standIn, err := os.ReadFile(filepath.Join(listsDir, "versitygw"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(w.dir, "versitygw"), standIn, 0o700); err != nil {
		t.Fatal(err)
	}
	proxy, err := newTranslator(w.s.url(""), w.dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(proxy.Close)
	w.proxy = proxy.URL
	return w
}

// work runs the tests that come in. Each begins on a server without buckets, as they name theirs all alike. One that
// should pass and does not has a second chance: a busy machine lets some run out of time.
func (w *suiteWorker) work(names <-chan string, should map[string]bool, got *outcomes) {
	for name := range names {
		wrong := w.tidyRun(name)
		if wrong != "" && should[name] {
			wrong = w.tidyRun(name)
		}
		got.add(name, wrong)
	}
}

// tidyRun runs one test and removes what it left. What cannot be removed, as locks may have it, stays on a server that
// is used no more.
func (w *suiteWorker) tidyRun(name string) (wrong string) {
	wrong = w.run(name)
	if err := w.wipe(); err != nil {
		w.s.t.Logf("what %s left cannot be deleted: %v", name, err)
		*w = *newSuiteWorker(w.s.t, w.program, w.issuer)
	}
	return wrong
}

var colours = regexp.MustCompile("\x1b\\[[0-9]*m")

// run runs one test and returns what it found wrong. Outside GitHub some tests skip themselves: they did not pass.
func (w *suiteWorker) run(name string) string {
	ctx, cancel := context.WithTimeout(context.Background(), oneTestWithin)
	defer cancel()
	endpoint := w.s.url("")
	if namesUsers(name) || namesVersions(name) {
		endpoint = w.proxy
	}
	cmd := exec.CommandContext(ctx, w.program, "test", "--access", suiteUser, "--secret", rootSecret,
		"--endpoint", endpoint, name, "--versioning-enabled")
	cmd.Dir = w.dir
	cmd.Env = append(cleanEnviron(), "SHOAL="+os.Getenv(binaryVariable), "SHOAL_DATA="+w.s.data)
	cmd.Env = append(cmd.Env, w.issuer.environ()...)
	printed, err := cmd.CombinedOutput()
	text := colours.ReplaceAllString(string(printed), "")
	if err == nil && strings.Contains(text, "PASS ") && !strings.Contains(text, "SKIP ") {
		return ""
	}
	for line := range strings.Lines(text) {
		if why, failed := strings.CutPrefix(line, "FAIL "); failed {
			return strings.TrimSpace(why)
		}
	}
	return fmt.Sprintf("%s: %v: %.500s", name, err, strings.TrimSpace(text))
}
