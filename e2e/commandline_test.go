package e2e

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// awaitWithin bounds the script command await.
const awaitWithin = 15 * time.Second

// TestCommandLine runs the scripts in testdata/script, which show how each shoal command behaves.
func TestCommandLine(t *testing.T) {
	bin := shoalBinary(t)
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "script"),
		Setup: func(env *testscript.Env) error {
			env.Setenv("PATH", filepath.Dir(bin)+string(filepath.ListSeparator)+os.Getenv("PATH"))
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){"await": await, "get": get},
	})
}

// await FILE REGEXP waits until the file holds a match. If the expression has a group, its text becomes
// the environment variable "found".
func await(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: await FILE REGEXP")
	}
	want := regexp.MustCompile("(?m)" + args[1])
	for end := time.Now().Add(awaitWithin); time.Now().Before(end); time.Sleep(pollEvery) {
		text, err := os.ReadFile(ts.MkAbs(args[0]))
		if err != nil {
			continue
		}
		if m := want.FindStringSubmatch(string(text)); m != nil {
			ts.Setenv("found", m[len(m)-1])
			return
		}
	}
	ts.Fatalf("no match for %s in %s within %v", args[1], args[0], awaitWithin)
}

// get URL FILE stores what anyone gets from the URL.
func get(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: get URL FILE")
	}
	resp, err := http.Get(args[0])
	ts.Check(err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	ts.Check(err)
	if resp.StatusCode != http.StatusOK {
		ts.Fatalf("GET %s: %s\n%s", args[0], resp.Status, body)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), body, 0o600))
}
