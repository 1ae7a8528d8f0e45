package s3api

import (
	"maps"
	"net/http"
	"testing"
)

func TestSetMeta(t *testing.T) {
	h := http.Header{}
	setMeta(h, map[string]string{"colour": "green", "two words": "a", "größe": "b", "a:b": "c", "a_b-c": "d"})
	want := map[string]string{"X-Amz-Meta-Colour": "green", "X-Amz-Meta-A_b-C": "d", "X-Amz-Missing-Meta": "3"}
	got := map[string]string{}
	for name := range h {
		got[name] = h.Get(name)
	}
	if !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	h = http.Header{}
	if setMeta(h, map[string]string{"colour": "green"}); h.Get("X-Amz-Missing-Meta") != "" {
		t.Errorf("nothing is missing in %v", h)
	}
}
