package s3api

import (
	"strings"
	"testing"
)

func TestToken(t *testing.T) {
	for _, p := range []position{{}, {after: "a"}, {after: "a/", prefix: true}, {after: "\x01 é"}, {after: strings.Repeat("k", maxKeyBytes)}} {
		got, err := parseToken(p.token())
		if err != nil || got != p {
			t.Errorf("parseToken(token of %v) = %v, %v", p, got, err)
		}
	}
	for _, bad := range []string{"!", "bg", "eGE", "bmE=", "bmF", "bv8", position{after: strings.Repeat("k", maxKeyBytes+1)}.token()} {
		if p, err := parseToken(bad); err == nil {
			t.Errorf("parseToken(%q) = %v, want an error", bad, p)
		}
	}
}

func FuzzParseToken(f *testing.F) {
	f.Add(position{after: "a/b"}.token())
	f.Add(position{after: "a/", prefix: true}.token())
	f.Fuzz(func(t *testing.T, text string) {
		p, err := parseToken(text)
		if err != nil {
			return
		}
		if got := p.token(); got != text {
			t.Errorf("token of parseToken(%q) = %q", text, got)
		}
	})
}

func TestPositionAfter(t *testing.T) {
	tests := []struct {
		name, prefix, delimiter string
		want                    bool
	}{
		{"a", "", "/", false},
		{"a/", "", "/", true},
		{"a/b", "", "/", false},
		{"a/b/", "", "/", false},
		{"a/b/", "a/", "/", true},
		{"a/", "", "", false},
		{"b/", "a/", "/", false},
		{"", "", "/", false},
		{"a--", "", "--", true},
	}
	for _, tt := range tests {
		if got := positionAfter(tt.name, tt.prefix, tt.delimiter); got.prefix != tt.want || got.after != tt.name {
			t.Errorf("positionAfter(%q, %q, %q) = %v, want prefix %v", tt.name, tt.prefix, tt.delimiter, got, tt.want)
		}
	}
}

func TestCopyRange(t *testing.T) {
	tests := []struct {
		text   string
		size   int64
		off, n int64
		code   code
	}{
		{"", 10, 0, 10, ""},
		{"bytes=0-9", 10, 0, 10, ""},
		{"bytes=3-3", 10, 3, 1, ""},
		{"bytes=0-10", 10, 0, 0, codeInvalidArgument},
		{"bytes=0-0", 0, 0, 0, codeInvalidArgument},
		{"bytes=5-4", 10, 0, 0, codeInvalidArgument},
		{"bytes=-5", 10, 0, 0, codeInvalidArgument},
		{"bytes=5-", 10, 0, 0, codeInvalidArgument},
		{"bytes=0-1,3-4", 10, 0, 0, codeInvalidArgument},
		{"0-4", 10, 0, 0, codeInvalidArgument},
		{"bytes=0-99999999999999999999", 10, 0, 0, codeInvalidArgument},
	}
	for _, tt := range tests {
		off, n, err := copyRange(tt.text, tt.size)
		var got code
		if err != nil {
			got, _ = codeOf(err)
		}
		if off != tt.off || n != tt.n || got != tt.code {
			t.Errorf("copyRange(%q, %d) = %d, %d, %v; want %d, %d, %q", tt.text, tt.size, off, n, err, tt.off, tt.n, tt.code)
		}
	}
}
