package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// clientPath is the PATH of every client: what Debian installs, and not what happens to stand before it.
const clientPath = "/usr/sbin:/usr/bin:/sbin:/bin"

// findClient returns the program's path, or skips the test when it is not installed.
func findClient(t testing.TB, program, debianPackage string) string {
	t.Helper()
	shoalBinary(t) // skips in short mode
	for _, dir := range filepath.SplitList(clientPath) {
		if p := filepath.Join(dir, program); executable(p) {
			return p
		}
	}
	if p, err := exec.LookPath(program); err == nil {
		return p
	}
	t.Skipf("%s is not installed (Debian package %s)", program, debianPackage)
	return ""
}

// installed reports whether find does not skip; when it does, the skip shows under name in the results
// and the rest of the test goes on without that client.
func installed(t *testing.T, name string, find func(*testing.T)) bool {
	t.Helper()
	found := false
	t.Run("with "+name, func(t *testing.T) {
		find(t)
		found = true
	})
	return found
}

func executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}

// findPython returns the Python that has the module, or skips the test.
func findPython(t testing.TB, module, debianPackage string) string {
	t.Helper()
	python := findClient(t, "python3", "python3")
	if err := exec.Command(python, "-c", "import "+module).Run(); err != nil {
		t.Skipf("python module %s is not installed (Debian package %s)", module, debianPackage)
	}
	return python
}

// client makes the command of a client with a home directory of its own and the root key in its
// environment. Nothing of the user's configuration reaches it.
func client(t testing.TB, program string, args ...string) *exec.Cmd {
	t.Helper()
	home := t.TempDir()
	cmd := exec.Command(program, args...)
	cmd.Dir = home
	cmd.Env = []string{
		"HOME=" + home, "PATH=" + clientPath, "LANG=C.UTF-8", "LC_ALL=C.UTF-8", "TERM=dumb",
		"XDG_CONFIG_HOME=" + home, "TMPDIR=" + home,
		"AWS_ACCESS_KEY_ID=" + rootKey, "AWS_SECRET_ACCESS_KEY=" + rootSecret, "AWS_DEFAULT_REGION=" + region,
		"AWS_EC2_METADATA_DISABLED=true", "AWS_PAGER=", "PYTHONDONTWRITEBYTECODE=1",
	}
	return cmd
}

// runClient runs a client to its successful end and returns what it printed on standard output.
func runClient(t testing.TB, within time.Duration, program string, args ...string) string {
	t.Helper()
	p := startProcess(t, filepath.Base(program), client(t, program, args...))
	if code := p.exitCode(within); code != 0 {
		t.Fatalf("%q: exit code %d", p.cmd.Args, code)
	}
	return p.stdout.String()
}

// findNPM returns node and the path of a program of an npm package that install-clients.sh installs, or skips.
func findNPM(t testing.TB, program string) (node, path string) {
	t.Helper()
	node, modules := findNPMPackage(t, filepath.Join(".bin", program))
	return node, filepath.Join(modules, ".bin", program)
}

// findNPMPackage returns node and the directory in which install-clients.sh has installed an npm package among
// others, or skips.
func findNPMPackage(t testing.TB, name string) (node, modules string) {
	t.Helper()
	node = findClient(t, "node", "nodejs")
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Skipf("no directory for npm packages: %v", err)
	}
	modules = filepath.Join(cache, "shoal-e2e", "npm", "node_modules")
	if _, err := os.Stat(filepath.Join(modules, name)); err != nil {
		t.Skipf("%s is not installed: run e2e/install-clients.sh where there is npm", name)
	}
	return node, modules
}

// findPebble returns the path of a program of Pebble, an ACME server for tests, that install-clients.sh builds, or skips.
func findPebble(t testing.TB, program string) string {
	t.Helper()
	shoalBinary(t) // skips in short mode
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Skipf("no directory for programs: %v", err)
	}
	path := filepath.Join(cache, "shoal-e2e", "pebble-v2.10.1", program)
	if !executable(path) {
		t.Skipf("%s is not installed: run e2e/install-clients.sh", program)
	}
	return path
}
