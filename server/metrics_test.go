package server

import (
	"net/http"
	"testing"
)

func TestFromLoopback(t *testing.T) {
	tests := []struct {
		remote, header string
		want           bool
	}{
		{"127.0.0.1:40000", "", true},
		{"127.8.8.8:40000", "", true},
		{"[::1]:40000", "", true},
		{"[::ffff:127.0.0.1]:40000", "", true},
		{"192.0.2.1:40000", "", false},
		{"[2001:db8::1]:40000", "", false},
		{"", "", false},
		{"127.0.0.1:40000", "X-Forwarded-For", false},
		{"127.0.0.1:40000", "X-Real-Ip", false},
		{"127.0.0.1:40000", "Forwarded", false},
		{"192.0.2.1:40000", "X-Forwarded-For", false},
	}
	for _, tt := range tests {
		r := &http.Request{RemoteAddr: tt.remote, Header: http.Header{}}
		if tt.header != "" {
			r.Header.Set(tt.header, "127.0.0.1")
		}
		if got := fromLoopback(r); got != tt.want {
			t.Errorf("from %q with %q: %t, want %t", tt.remote, tt.header, got, tt.want)
		}
	}
}
