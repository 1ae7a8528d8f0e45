package e2e

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"shoal/wire/sigv4"
)

// translator stands between Versity's suite and a server where the two differ in naming users: the suite names them by
// access key in policies and ACLs, where S3 has ARNs and canonical ids, and takes every account for number 0. What it
// changes it signs again.
type translator struct {
	dir string // where the stand-in for the admin command leaves the secrets of users, and keepSecret those of others
}

var suiteKey = regexp.MustCompile(`test-user-\w+`)

// namesUsers reports whether a test may name users so that its requests go through a translator. All others reach
// the server as they are.
func namesUsers(test string) bool {
	for _, part := range []string{"AccessControl_", "Acl", "BucketPolicy_", "_acl", "GetBucketVersioning_with", "PolicyStatus", "ObjectRetention_", "WORM"} {
		if strings.Contains(test, part) {
			return true
		}
	}
	return namesAccounts(test)
}

func newTranslator(server, dir string) (*httptest.Server, error) {
	target, err := url.Parse(server)
	if err != nil {
		return nil, err
	}
	t := translator{dir: dir}
	return httptest.NewServer(&httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme, r.Out.URL.Host = target.Scheme, target.Host
			r.Out.URL.Opaque, _, _ = strings.Cut(r.In.RequestURI, "?") // as it came, not as Go would write it
			t.request(r.Out)
		},
		ModifyResponse: t.response,
	}), nil
}

// request translates policies, ACLs and grant headers on their way in.
func (t translator) request(r *http.Request) {
	changed := translateVersions(r)
	for name, values := range r.Header {
		if strings.HasPrefix(name, "X-Amz-Grant-") && !strings.Contains(values[0], "=") {
			r.Header.Set(name, `id="`+canonicalID(values[0])+`"`)
			changed = true
		}
	}
	if r.Header.Get("Content-Type") == formType {
		t.form(r)
		return
	}
	body := []byte(nil)
	if q := r.URL.Query(); r.Body != nil && r.Method == http.MethodPut && (q.Has("policy") || q.Has("acl")) {
		sent, err := io.ReadAll(r.Body)
		if err != nil {
			return // the server will see a body that ends early
		}
		if body = sent; q.Has("policy") {
			body = toServer(translatePolicy(sent))
		} else {
			body = suiteKey.ReplaceAllFunc(sent, func(k []byte) []byte { return []byte(canonicalID(string(k))) })
		}
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		changed = changed || !bytes.Equal(sent, body)
	}
	if changed {
		t.sign(r, body)
	}
}

// sign signs a request again that a user of the suite has signed. Checksums of its body are taken off.
func (t translator) sign(r *http.Request, body []byte) {
	key, secret, ok := t.signer(r)
	if !ok {
		return
	}
	hash := r.Header.Get("X-Amz-Content-Sha256")
	if body != nil {
		sum := sha256.Sum256(body)
		hash = hex.EncodeToString(sum[:])
	}
	for name := range r.Header {
		if body != nil && (strings.HasPrefix(name, "X-Amz-Checksum-") || name == "X-Amz-Sdk-Checksum-Algorithm" || name == "Content-Md5") {
			r.Header.Del(name)
		}
	}
	r.Header.Del("Authorization")
	// The server refuses what it cannot check.
	_ = sigv4.Sign(r, sigv4.Credentials{AccessKeyID: key, SecretAccessKey: secret}, region, hash, time.Now())
}

// signer returns the access key that a request is signed with, and its secret.
func (t translator) signer(r *http.Request) (key, secret string, ok bool) {
	_, after, ok := strings.Cut(r.Header.Get("Authorization"), "Credential=")
	if key, _, _ = strings.Cut(after, "/"); key == suiteUser {
		return key, rootSecret, ok
	}
	stored, err := os.ReadFile(filepath.Join(t.dir, filepath.Base(key)+".secret"))
	return key, string(stored), ok && err == nil
}

// response names users and accounts as the suite does.
func (t translator) response(r *http.Response) error {
	if err := t.accounts(r); err != nil {
		return err
	}
	if r.Request.Method != http.MethodGet || !r.Request.URL.Query().Has("acl") {
		return nil
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	users, err := filepath.Glob(filepath.Join(t.dir, "*.secret"))
	if err != nil {
		return err
	}
	for _, u := range users {
		key := strings.TrimSuffix(filepath.Base(u), ".secret")
		body = bytes.ReplaceAll(body, []byte(canonicalID(key)), []byte(key))
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	r.ContentLength = int64(len(body))
	r.Header.Set("Content-Length", strconv.Itoa(len(body)))
	return nil
}

// canonicalID is that of a user which the stand-in for the admin command makes, and of the suite's own user.
func canonicalID(key string) string {
	if !suiteKey.MatchString(key) {
		return key
	}
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:])
}

// translatePolicy gives principals that are access keys the form that S3 has. A policy without any stays as it is.
func translatePolicy(document []byte) []byte {
	if !bytes.Contains(document, []byte(`["*"]`)) && !suiteKey.Match(document) && !bytes.Contains(document, []byte(suiteUser)) && !bytes.Contains(document, []byte(suiteAccount)) {
		return document
	}
	var policy map[string]any
	if json.Unmarshal(document, &policy) != nil {
		return document
	}
	statements, _ := policy["Statement"].([]any)
	for _, s := range statements {
		statement, ok := s.(map[string]any)
		if !ok {
			return document
		}
		if principal, has := statement["Principal"]; has {
			statement["Principal"] = translatePrincipal(principal)
		}
	}
	out, err := json.Marshal(policy)
	if err != nil {
		return document
	}
	return out
}

func translatePrincipal(p any) any {
	switch p := p.(type) {
	case string:
		if p != "*" {
			return map[string]any{"AWS": principalARN(p)}
		}
	case []any:
		if len(p) == 1 && p[0] == "*" {
			return "*"
		}
		if slices.Contains(p, any("*")) {
			return p // of no form that a server takes
		}
		return map[string]any{"AWS": principalARNs(p)}
	case map[string]any:
		switch list := p["AWS"].(type) {
		case string:
			return map[string]any{"AWS": principalARN(list)}
		case []any:
			return map[string]any{"AWS": principalARNs(list)}
		}
	}
	return p
}

func principalARNs(list []any) []any {
	out := make([]any, len(list))
	for i, v := range list {
		out[i] = v
		if key, ok := v.(string); ok {
			out[i] = principalARN(key)
		}
	}
	return out
}

func principalARN(key string) string {
	switch {
	case key == suiteUser:
		return "arn:aws:iam:::user/conformance"
	case suiteKey.MatchString(key) && !strings.HasPrefix(key, "arn:"):
		return "arn:aws:iam:::user/" + key
	}
	return key
}
