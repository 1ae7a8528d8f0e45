package s3api

import (
	"bytes"
	"encoding/base64"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	miniocredentials "github.com/minio/minio-go/v7/pkg/credentials"
)

// signedForm is a form of owner for the bucket pond.
func (s *testServer) signedForm(t testing.TB, set func(*minio.PostPolicy)) map[string]string {
	t.Helper()
	return s.formOf(t, owner, "pond", set)
}

// formOf has minio-go, which is not ours, sign a form by who for a bucket.
func (s *testServer) formOf(t testing.TB, who, bucket string, set func(*minio.PostPolicy)) map[string]string {
	t.Helper()
	k := s.keys[who]
	c, err := minio.New(strings.TrimPrefix(s.url, "http://"), &minio.Options{
		Creds: miniocredentials.NewStaticV4(k.AccessKeyID, k.SecretAccessKey, k.SessionToken), Region: "us-east-1",
	})
	if err != nil {
		t.Fatal(err)
	}
	p := minio.NewPostPolicy()
	if err := p.SetBucket(bucket); err != nil {
		t.Fatal(err)
	}
	if err := p.SetExpires(time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	set(p)
	_, fields, err := c.PresignedPostPolicy(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	return fields
}

// post is postTo for the bucket pond.
func (s *testServer) post(t testing.TB, fields map[string]string, filename, content string) reply {
	t.Helper()
	return s.postTo(t, "pond", fields, filename, content)
}

// postTo sends a form with a file to a bucket as a browser does, without following a redirect.
func (s *testServer) postTo(t testing.TB, bucket string, fields map[string]string, filename, content string) reply {
	t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for name, value := range fields {
		if err := w.WriteField(name, value); err != nil {
			t.Fatal(err)
		}
	}
	file, err := w.CreateFormFile("file", filename)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.Write([]byte(content)); err != nil {
		t.Fatal(err)
	}
	if err := w.WriteField("submit", "ignored: it stands behind the file"); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return s.do(t, anonymous, http.MethodPost, "/"+bucket, body.String(), "Content-Type: "+w.FormDataContentType())
}

func TestPostObject(t *testing.T) {
	s := newTestServer(t, Options{})
	s.must(t, owner, "PUT", "/pond", "")
	starts := func(p *minio.PostPolicy) { _ = p.SetKeyStartsWith("up/") }
	tests := []struct {
		name    string
		policy  func(*minio.PostPolicy)
		change  map[string]string // of the signed fields; "" takes one away
		file    string
		content string
		status  int
		code    code // "" when it succeeds
	}{
		{"plain", func(p *minio.PostPolicy) { _ = p.SetKey("plain") }, nil, "f", "hello", 204, ""},
		{"key of the file", starts, map[string]string{"key": "up/${filename}"}, "a.txt", "hello", 204, ""},
		{"key out of the prefix", starts, map[string]string{"key": "down/x"}, "f", "hello", 403, codeAccessDenied},
		{"field without a condition", starts, map[string]string{"key": "up/x", "content-type": "text/plain"}, "f", "hello", 403, codeAccessDenied},
		{"ignored field", starts, map[string]string{"key": "up/x", "x-ignore-me": "1"}, "f", "hello", 204, ""},
		{"other policy", starts, map[string]string{"policy": base64.StdEncoding.EncodeToString([]byte(`{"expiration":"2100-01-01T00:00:00Z","conditions":[]}`))}, "f", "hello", 403, codeSignatureDoesNotMatch},
		{"no signature", starts, map[string]string{"x-amz-signature": ""}, "f", "hello", 400, codeInvalidArgument},
		{"no key", starts, map[string]string{"key": ""}, "f", "hello", 400, codeInvalidArgument},
		{"too long", func(p *minio.PostPolicy) { _ = p.SetKey("k"); _ = p.SetContentLengthRange(1, 4) }, nil, "f", "hello", 400, codeEntityTooLarge},
		{"too short", func(p *minio.PostPolicy) { _ = p.SetKey("k"); _ = p.SetContentLengthRange(6, 9) }, nil, "f", "hello", 400, codeEntityTooSmall},
		{"large fields", starts, map[string]string{"key": "up/x", "x-ignore-large": strings.Repeat("x", maxFormFields)}, "f", "hello", 400, codeFormTooLarge},
		{"key of many names", starts, map[string]string{"key": "up/" + strings.Repeat("${filename}", 600)}, "ab", "hello", 400, codeKeyTooLong},
		{"large file", func(p *minio.PostPolicy) { _ = p.SetKey("large") }, nil, "f", pattern(300_000), 204, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			fields := s.signedForm(t, tt.policy)
			for name, value := range tt.change {
				if fields[name] = value; value == "" {
					delete(fields, name)
				}
			}
			got := s.post(t, fields, tt.file, tt.content)
			if got.status != tt.status || code(got.element("Code")) != tt.code && tt.code != "" {
				t.Fatalf("status %d, want %d %s:\n%s", got.status, tt.status, tt.code, got.body)
			}
			if tt.code != "" {
				return
			}
			key := strings.ReplaceAll(fields["key"], "${filename}", tt.file)
			if back := s.must(t, owner, "GET", "/pond/"+key, ""); back.body != tt.content {
				t.Errorf("the object has %d bytes, want %d", len(back.body), len(tt.content))
			}
		})
	}
}

// TestPostObjectLock: a form locks the object, with leave to and with a hash of the file.
func TestPostObjectLock(t *testing.T) {
	s := newTestServer(t, Options{})
	s.must(t, owner, "PUT", "/pond", "", "x-amz-bucket-object-lock-enabled: true")
	allow := func(actions string) {
		s.must(t, owner, "PUT", "/pond?policy", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":[`+actions+`],"Resource":"arn:aws:s3:::pond/*"}]}`)
	}
	_, sum, _ := strings.Cut(contentMD5("hello"), ": ")
	fields := map[string]string{"key": "k", "x-amz-object-lock-legal-hold": "ON", "content-md5": sum}
	allow(`"s3:PutObject"`)
	if got := s.post(t, fields, "f", "hello"); got.status != 403 {
		t.Errorf("without leave: status %d:\n%s", got.status, got.body)
	}
	allow(`"s3:PutObject","s3:PutObjectLegalHold"`)
	if got := s.post(t, fields, "f", "hello"); got.status != 204 {
		t.Errorf("status %d:\n%s", got.status, got.body)
	}
	if got := s.must(t, owner, "GET", "/pond/k?legal-hold", ""); got.element("Status") != "ON" {
		t.Errorf("legal hold: %s", got.body)
	}
	delete(fields, "content-md5")
	if got := s.post(t, fields, "f", "hello"); got.status != 400 || got.element("Code") != string(codeInvalidRequest) {
		t.Errorf("without a hash: status %d:\n%s", got.status, got.body)
	}
}

func TestPostObjectAnswers(t *testing.T) {
	s := newTestServer(t, Options{})
	s.must(t, owner, "PUT", "/pond", "")
	status := func(value string) map[string]string {
		return s.signedForm(t, func(p *minio.PostPolicy) { _ = p.SetKey("dir/a b"); _ = p.SetSuccessStatusAction(value) })
	}
	created := s.post(t, status("201"), "f", "hello")
	if created.status != 201 || created.element("Key") != "dir/a b" || created.element("Location") != s.url+"/pond/dir/a%20b" ||
		created.element("ETag") != "&quot;5d41402abc4b2a76b9719d911017c592&quot;" {
		t.Errorf("201: status %d\n%s", created.status, created.body)
	}
	if got := s.post(t, status("200"), "f", "hello"); got.status != 200 || got.body != "" {
		t.Errorf("200: status %d, body %q", got.status, got.body)
	}
	if got := s.post(t, status("404"), "f", "hello"); got.status != 204 {
		t.Errorf("a status that is not offered: %d, want 204", got.status)
	}
	fields := s.signedForm(t, func(p *minio.PostPolicy) {
		_ = p.SetKey("k")
		_ = p.SetSuccessActionRedirect("http://example.test/done?x=1")
		_ = p.SetContentType("text/plain")
		_ = p.SetUserMetadata("colour", "blue")
		if err := p.SetTagging("<Tagging><TagSet><Tag><Key>a b</Key><Value>c+d</Value></Tag></TagSet></Tagging>"); err != nil {
			t.Error(err)
		}
	})
	got := s.post(t, fields, "f", "hello")
	want := "http://example.test/done?bucket=pond&etag=%225d41402abc4b2a76b9719d911017c592%22&key=k&x=1"
	if got.status != 303 || got.header.Get("Location") != want {
		t.Errorf("redirect: status %d to %q, want %q", got.status, got.header.Get("Location"), want)
	}
	head := s.must(t, owner, "HEAD", "/pond/k", "", "x-amz-checksum-mode: ENABLED").header
	if head.Get("Content-Type") != "text/plain" || head.Get("x-amz-meta-colour") != "blue" || head.Get("x-amz-checksum-crc64nvme") != "M3eFcAZSQlc=" {
		t.Errorf("what the form said of the object: %v", head)
	}
	if tags := s.must(t, owner, "GET", "/pond/k?tagging", ""); tags.element("Key") != "a b" || tags.element("Value") != "c+d" {
		t.Errorf("tags of the form:\n%s", tags.body)
	}
}

func FuzzPostPolicy(f *testing.F) {
	f.Add(`{"expiration":"2100-01-01T00:00:00Z","conditions":[{"bucket":"b"},["starts-with","$key",""],["content-length-range",1,"9"]]}`)
	f.Add(`{"expiration":true,"conditions":[[],[1],["eq","a",2],{"a":1,"b":2}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		p, err := parsePostPolicy(base64.StdEncoding.EncodeToString([]byte(text)))
		if (p == nil) == (err == nil) {
			t.Fatalf("policy %v, error %v", p, err)
		}
		if p != nil {
			_ = p.check(map[string]string{"bucket": "b", "key": "k"}, time.Unix(0, 0))
		}
	})
}

func FuzzForm(f *testing.F) {
	f.Add("--b\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\nk/${filename}\r\n--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\nhello\r\n--b--\r\n")
	f.Add("--b\r\n\r\n--b\r\nContent-Disposition: form-data; name=key\r\n\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		got, err := readForm("multipart/form-data; boundary=b", strings.NewReader(text))
		if err != nil {
			return
		}
		bytes := 0
		for name, value := range got.fields {
			bytes += len(name) + len(value)
		}
		if got.file == nil || got.fields["key"] == "" || bytes > maxFormFields+maxKeyBytes {
			t.Errorf("a form of %d bytes of fields: %+v", bytes, got)
		}
	})
}

// TestPostObjectEncrypted: a form says how its file is encrypted.
func TestPostObjectEncrypted(t *testing.T) {
	s := newTestServer(t, Options{})
	s.must(t, owner, "PUT", "/pond", "", "x-amz-object-ownership: BucketOwnerEnforced")
	s.must(t, owner, "PUT", "/pond?policy", `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:PutObject","Resource":"arn:aws:s3:::pond/*"}]}`)
	fields := map[string]string{"key": "k", encryptionHeader: sseS3}
	if r := s.post(t, fields, "f", "hello"); r.status != http.StatusNoContent || r.header.Get(encryptionHeader) != sseS3 {
		t.Errorf("post: status %d, encryption %q", r.status, r.header.Get(encryptionHeader))
	}
	if r := s.must(t, owner, "GET", "/pond/k", ""); r.body != "hello" || r.header.Get(encryptionHeader) != sseS3 {
		t.Errorf("get: %q, encryption %q", r.body, r.header.Get(encryptionHeader))
	}
}
