package e2e

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// binaryVariable names the environment variable that carries the path of the built binary to the tests.
const binaryVariable = "SHOAL_E2E_BINARY"

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(buildAndRun(m))
}

func buildAndRun(m *testing.M) int {
	if testing.Short() {
		return m.Run()
	}
	dir, err := os.MkdirTemp("", "shoal-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	bin := filepath.Join(dir, "shoal")
	args := []string{"build", "-o", bin}
	if os.Getenv("SHOAL_E2E_RACE") != "" {
		args = append(args, "-race")
	}
	build := exec.Command("go", append(args, "./cmd/shoal")...)
	build.Dir = ".."
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "go build ./cmd/shoal: %v\n%s", err, out)
		return 1
	}
	if err := os.Setenv(binaryVariable, bin); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// shoalBinary returns the path of the built binary. It skips the test in short mode, in which nothing is built.
func shoalBinary(t testing.TB) string {
	t.Helper()
	if testing.Short() {
		t.Skip("black-box tests do not run with -short")
	}
	return os.Getenv(binaryVariable)
}
