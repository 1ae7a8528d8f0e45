package e2e

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
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
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){"await": await, "eventually": eventuallyPrints, "get": get, "signed": signed},
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

// eventually FILE PROGRAM [ARG...] runs the program again and again until it prints what is in the file: a request is
// metered after its answer.
func eventuallyPrints(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: eventually FILE PROGRAM [ARG...]")
	}
	want := ts.ReadFile(args[0])
	var got string
	for end := time.Now().Add(awaitWithin); time.Now().Before(end); time.Sleep(pollEvery) {
		ts.Check(ts.Exec(args[1], args[2:]...))
		if got = ts.ReadFile("stdout"); got == want {
			return
		}
	}
	ts.Fatalf("not printed within %v:\n%sbut:\n%s", awaitWithin, want, got)
}

// signed SERVICE METHOD URL [BODY] sends a request that is signed with the key in AWS_ACCESS_KEY_ID and
// AWS_SECRET_ACCESS_KEY for AWS_REGION, and stores its answer in answer.txt. For a service other than s3 the body is a
// form, one field after the other.
func signed(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: signed SERVICE METHOD URL [BODY]")
	}
	service, body, area := args[0], strings.Join(args[3:], ""), ts.Getenv("AWS_REGION")
	if service != "s3" {
		form := url.Values{}
		for _, field := range args[3:] {
			name, value, _ := strings.Cut(field, "=")
			form.Set(name, value)
		}
		body, area = form.Encode(), region
	}
	r, err := http.NewRequest(args[1], args[2], strings.NewReader(body))
	ts.Check(err)
	if service != "s3" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	sum := sha256.Sum256([]byte(body))
	hash := hex.EncodeToString(sum[:])
	r.Header.Set("X-Amz-Content-Sha256", hash)
	key := aws.Credentials{AccessKeyID: ts.Getenv("AWS_ACCESS_KEY_ID"), SecretAccessKey: ts.Getenv("AWS_SECRET_ACCESS_KEY")}
	ts.Check(v4.NewSigner().SignHTTP(context.Background(), key, r, hash, service, area, time.Now()))
	resp, err := http.DefaultClient.Do(r)
	ts.Check(err)
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	ts.Check(err)
	if resp.StatusCode/100 != 2 {
		ts.Fatalf("%s %s: %s\n%s", args[1], args[2], resp.Status, answer)
	}
	ts.Check(os.WriteFile(ts.MkAbs("answer.txt"), answer, 0o600))
}
