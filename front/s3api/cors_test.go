package s3api

import (
	"fmt"
	"strings"
	"testing"
)

func TestOneStar(t *testing.T) {
	tests := []struct {
		pattern, s string
		want       bool
	}{
		{"*", "", true},
		{"*", "https://a.example", true},
		{"https://*.example", "https://a.b.example", true},
		{"https://*.example", "https://.example", true},
		{"https://*.example", "https://example", false},
		{"ab*ba", "aba", false}, // before and after may not overlap
		{"a", "a", true},
		{"a", "A", false},
	}
	for _, tt := range tests {
		if got := oneStar(tt.pattern, tt.s); got != tt.want {
			t.Errorf("oneStar(%q, %q) = %v", tt.pattern, tt.s, got)
		}
	}
}

// TestManyCORSRules: 100 rules are taken, the first that fits counts, and 101 are refused.
func TestManyCORSRules(t *testing.T) {
	s := newTestServer(t, Options{})
	s.must(t, owner, "PUT", "/pond", "")
	rules := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "<CORSRule><AllowedOrigin>https://%d.example</AllowedOrigin><AllowedMethod>GET</AllowedMethod><MaxAgeSeconds>%[1]d</MaxAgeSeconds></CORSRule>", i)
		}
		return "<CORSConfiguration>" + b.String() + "</CORSConfiguration>"
	}
	if got := s.do(t, owner, "PUT", "/pond?cors", rules(maxCORSRules)); got.status != 200 {
		t.Fatalf("100 rules: status %d: %s", got.status, got.body)
	}
	got := s.do(t, anonymous, "OPTIONS", "/pond/k", "", "Origin: https://99.example", "Access-Control-Request-Method: GET")
	if age := got.header.Get("Access-Control-Max-Age"); got.status != 200 || age != "99" {
		t.Errorf("by the last rule: status %d, max age %q", got.status, age)
	}
	if got := s.do(t, owner, "PUT", "/pond?cors", rules(maxCORSRules+1)); got.status != 400 || got.element("Code") != "InvalidRequest" {
		t.Errorf("101 rules: status %d: %s", got.status, got.body)
	}
}
