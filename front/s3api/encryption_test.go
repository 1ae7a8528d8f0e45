package s3api

import (
	"crypto/md5"
	"crypto/tls"
	"encoding/base64"
	"net/http"
	"testing"

	"shoal/core/encryption"
)

// TestCustomerKeysNeedTLS: as on AWS, but for what --sse-c-over-http lets in.
func TestCustomerKeysNeedTLS(t *testing.T) {
	key := encryption.NewKey()
	sum := md5.Sum(key[:])
	for _, tt := range []struct {
		from string
		tls  bool
		mode PlainKeys
		want bool
	}{
		{"127.0.0.1:1", false, PlainKeysLoopback, true},
		{"[::1]:1", false, PlainKeysLoopback, true},
		{"[::ffff:127.0.0.1]:1", false, "", true},
		{"192.0.2.1:1", false, PlainKeysLoopback, false},
		{"192.0.2.1:1", false, "", false},
		{"192.0.2.1:1", true, PlainKeysNever, true},
		{"192.0.2.1:1", false, PlainKeysAlways, true},
		{"127.0.0.1:1", false, PlainKeysNever, false},
		{"@", false, PlainKeysLoopback, false},
	} {
		h := &Handler{o: Options{PlainKeys: tt.mode}}
		c := &call{http: &http.Request{RemoteAddr: tt.from, Header: http.Header{}}}
		if tt.tls {
			c.http.TLS = &tls.ConnectionState{}
		}
		c.http.Header.Set(customerPrefix+customerAlgorithm, sseS3)
		c.http.Header.Set(customerPrefix+customerKey, base64.StdEncoding.EncodeToString(key[:]))
		c.http.Header.Set(customerPrefix+customerKeyMD5, base64.StdEncoding.EncodeToString(sum[:]))
		got, err := h.customerKey(c, customerPrefix)
		if tt.want != (err == nil && got != nil && *got == *key) {
			t.Errorf("%s, TLS %v, %q: %v", tt.from, tt.tls, tt.mode, err)
		}
		if err == nil {
			continue
		}
		if code, _ := codeOf(err); code != codeInvalidRequest {
			t.Errorf("%s: %v", tt.from, err)
		}
	}
}

func FuzzReadContext(f *testing.F) {
	f.Add("eyJhIjoiYiJ9")
	f.Add("e30=")
	f.Add("!")
	f.Fuzz(func(t *testing.T, text string) {
		if got, err := readContext(text); err == nil && len(got) > maxEncryptionContext {
			t.Errorf("%d bytes were taken", len(got))
		}
	})
}
