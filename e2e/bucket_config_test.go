package e2e

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// websiteDomain is under which the servers of these tests have websites.
const websiteDomain = "website.shoal.test"

// TestBucketConfigurations sets tags, CORS rules, policies and websites with the clients that people use, and looks
// at what they do.
func TestBucketConfigurations(t *testing.T) {
	s := start(t, options{flags: []string{"--website-domain", websiteDomain}})
	t.Run("awscli", func(t *testing.T) { checkAWSCLIConfig(t, s.in(t)) })
	t.Run("s3cmd", func(t *testing.T) { checkS3cmdConfig(t, s.in(t)) })
	t.Run("website", func(t *testing.T) { checkWebsite(t, s.in(t)) })
}

func checkAWSCLIConfig(t *testing.T, s *server) {
	program := findClient(t, "aws", "awscli")
	do := func(args ...string) string {
		t.Helper()
		return runClient(t, clientIn, program, append([]string{"--endpoint-url", s.url(""), "s3api"}, args...)...)
	}
	holds := func(got string, want ...string) {
		t.Helper()
		for _, w := range want {
			if !strings.Contains(got, w) {
				t.Errorf("printed %s, want %s in it", got, w)
			}
		}
	}
	body := filepath.Join(t.TempDir(), "body")
	if err := os.WriteFile(body, []byte("content"), 0o600); err != nil {
		t.Fatal(err)
	}
	do("create-bucket", "--bucket", "config")
	do("put-object", "--bucket", "config", "--key", "k", "--body", body, "--tagging", "colour=deep%20red&n=1")
	holds(do("get-object-tagging", "--bucket", "config", "--key", "k"), `"Value": "deep red"`)
	holds(do("head-object", "--bucket", "config", "--key", "k"), `"ETag"`)
	do("put-object-tagging", "--bucket", "config", "--key", "k", "--tagging", `TagSet=[{Key=visible,Value=yes}]`)
	holds(do("get-object-tagging", "--bucket", "config", "--key", "k"), `"Key": "visible"`)
	do("put-bucket-tagging", "--bucket", "config", "--tagging", `TagSet=[{Key=project,Value=north}]`)
	holds(do("get-bucket-tagging", "--bucket", "config"), `"Value": "north"`)

	url := s.objectURL("", "config", "k")
	do("put-bucket-policy", "--bucket", "config", "--policy", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::config/*","Condition":{"StringEquals":{"s3:ExistingObjectTag/visible":"yes"}}}]}`)
	if a := anonymous(t, http.MethodGet, url); a.status != http.StatusOK {
		t.Errorf("GET of an object with the tag of the policy: status %d", a.status)
	}
	do("delete-object-tagging", "--bucket", "config", "--key", "k")
	if a := anonymous(t, http.MethodGet, url); a.status != http.StatusForbidden {
		t.Errorf("GET without the tag: status %d", a.status)
	}
	holds(do("get-bucket-policy-status", "--bucket", "config"), `"IsPublic": true`)

	do("put-bucket-cors", "--bucket", "config", "--cors-configuration", `{"CORSRules":[{"AllowedOrigins":["https://app.example"],"AllowedMethods":["PUT"],"AllowedHeaders":["*"],"MaxAgeSeconds":60}]}`)
	holds(do("get-bucket-cors", "--bucket", "config"), "https://app.example")
	checkPreflight(t, url, "https://app.example", http.StatusOK)
	checkPreflight(t, url, "https://other.example", http.StatusForbidden)
	do("delete-bucket-cors", "--bucket", "config")

	do("put-bucket-request-payment", "--bucket", "config", "--request-payment-configuration", "Payer=Requester")
	holds(do("get-bucket-request-payment", "--bucket", "config"), "Requester")
}

func checkPreflight(t *testing.T, url, origin string, want int) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodOptions, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Origin", origin)
	req.Header.Set("Access-Control-Request-Method", http.MethodPut)
	req.Header.Set("Access-Control-Request-Headers", "content-type")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	got := resp.Header.Get("Access-Control-Allow-Origin")
	if resp.StatusCode != want || (want == http.StatusOK) != (got == origin) {
		t.Errorf("preflight from %s: status %d, allowed %q, want %d", origin, resp.StatusCode, got, want)
	}
}

func checkS3cmdConfig(t *testing.T, s *server) {
	program := findClient(t, "s3cmd", "s3cmd")
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	config := write("s3cfg", fmt.Sprintf("[default]\naccess_key = %s\nsecret_key = %s\nhost_base = %s\nhost_bucket = %[3]s\nuse_https = False\nbucket_location = %s\nmax_retries = 1\nwebsite_endpoint = http://%%(bucket)s.%s/\n",
		rootKey, rootSecret, at("", s.s3), region, websiteDomain))
	do := func(args ...string) string {
		t.Helper()
		return runClient(t, clientIn, program, append([]string{"--config", config}, args...)...)
	}
	do("mb", "s3://configured")
	do("put", write("k", "content"), "s3://configured/k")
	do("setcors", write("cors.xml", `<CORSConfiguration><CORSRule><AllowedOrigin>*</AllowedOrigin><AllowedMethod>PUT</AllowedMethod><AllowedHeader>*</AllowedHeader></CORSRule></CORSConfiguration>`), "s3://configured")
	checkPreflight(t, s.objectURL("", "configured", "k"), "*", http.StatusOK)
	do("delcors", "s3://configured")
	do("setpolicy", write("policy.json", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::configured/*"}]}`), "s3://configured")
	if a := anonymous(t, http.MethodGet, s.objectURL("", "configured", "k")); a.status != http.StatusOK {
		t.Errorf("GET after setpolicy: status %d", a.status)
	}
	do("delpolicy", "s3://configured")
	do("ws-create", "--ws-index=k", "s3://configured")
	if got := do("ws-info", "s3://configured"); !strings.Contains(got, "Index document:   k") {
		t.Errorf("ws-info printed %s", got)
	}
	do("ws-delete", "s3://configured")
	do("payer", "--requester-pays", "s3://configured")
	if got := do("info", "s3://configured"); !strings.Contains(got, "Payer:     Requester") {
		t.Errorf("info printed %s", got)
	}
	do("setacl", "--acl-grant=read:"+rootID(t, s), "s3://configured/k")
}

// rootID is the canonical id of the root user.
func rootID(t *testing.T, s *server) string {
	t.Helper()
	buckets, err := s.sdk().ListBuckets(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return *buckets.Owner.ID
}

// checkWebsite reads a website with curl and with Python.
func checkWebsite(t *testing.T, s *server) {
	s.makeBucket("site", true)
	s.put("site", "docs/index.html", []byte("<h1>docs</h1>"))
	s.put("site", "404.html", []byte("<h1>not here</h1>"))
	program := findClient(t, "aws", "awscli")
	runClient(t, clientIn, program, "--endpoint-url", s.url(""), "s3", "website", "s3://site", "--index-document", "index.html", "--error-document", "404.html")

	host, port, err := net.SplitHostPort(at("", s.s3))
	if err != nil {
		t.Fatal(err)
	}
	name := "site." + websiteDomain
	curl := findClient(t, "curl", "curl")
	get := func(path string) string {
		return runClient(t, clientIn, curl, "--silent", "--show-error", "--location", "--resolve", name+":"+port+":"+host,
			"--write-out", " %{http_code} %{num_redirects}", "http://"+name+":"+port+path)
	}
	for path, want := range map[string]string{
		"/docs/":     "<h1>docs</h1> 200 0",
		"/docs":      "<h1>docs</h1> 200 1",     // by a redirect to the folder
		"/docs/none": "<h1>not here</h1> 403 0", // who may not list is not told what is missing
	} {
		if got := get(path); got != want {
			t.Errorf("curl of %s printed %q, want %q", path, got, want)
		}
	}
	python := findPython(t, "http.client", "python3")
	got := runClient(t, clientIn, python, "-c", `
import http.client, json, sys
c = http.client.HTTPConnection(sys.argv[1])
c.request("HEAD", "/docs", headers={"Host": sys.argv[2]})
a = c.getresponse()
a.read()
c.request("POST", "/docs/", headers={"Host": sys.argv[2]})
b = c.getresponse()
print(json.dumps([a.status, a.getheader("Location"), b.status, b.getheader("Content-Type"), "<h1>405 Method Not Allowed</h1>" in b.read().decode()]))
`, host+":"+port, name)
	var page []any
	if err := json.Unmarshal([]byte(got), &page); err != nil {
		t.Fatal(err)
	}
	if want := "[302 /docs/ 405 text/html; charset=utf-8 true]"; fmt.Sprint(page) != want {
		t.Errorf("python got %v, want %s", page, want)
	}
}
