package e2e

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"testing"
	"time"
)

// oddKeys are keys that tempt a server to clean them, to take them for paths or to decode them twice.
func oddKeys() []string {
	return []string{
		"..", ".", "../../etc/passwd", "a/../b", "a/./b", "//", "/leading", "a//b", "trailing/", "with space", " ", "plus+plus",
		"per%cent", "twice%2Fescaped", "q?x=1&y#z", `quote'"<>&`, `back\slash`, "star*[x]{y}|^`~", "ünïcödé/雪☃", "emoji😀",
		"a=b;c,d:e@f!g$h(i)", "line\nfeed", "tab\tstop", "control\x01\x1f", "CON.txt",
	}
}

// goClient is one Go library on one bucket.
type goClient interface {
	accepts(key string) bool // false for keys that the library itself refuses
	put(ctx context.Context, key string, body []byte, meta map[string]string) error
	multipart(ctx context.Context, key string, body []byte) error
	get(ctx context.Context, key string) (body []byte, meta map[string]string, err error)
	getRange(ctx context.Context, key string, first, last int64) ([]byte, error)
	list(ctx context.Context, prefix string) ([]string, error) // keys in the server's order
	copy(ctx context.Context, from, to string) error
	presign(ctx context.Context, key string) (string, error)
	remove(ctx context.Context, keys ...string) error
}

var errNotThere = errors.New("no such key")

// checkGoClient takes a client through the life of objects in an empty bucket.
func checkGoClient(t *testing.T, c goClient) {
	t.Run("odd keys", func(t *testing.T) { checkOddKeys(t, c) })
	t.Run("metadata", func(t *testing.T) { checkMetadata(t, c) })
	t.Run("multipart, range and copy", func(t *testing.T) { checkBigObject(t, c) })
}

func checkOddKeys(t *testing.T, c goClient) {
	ctx := t.Context()
	odd := slices.DeleteFunc(oddKeys(), func(key string) bool { return !c.accepts(key) })
	for i, key := range odd {
		if err := c.put(ctx, key, contentBytes(uint64(i), 100+i), nil); err != nil {
			t.Errorf("put %q: %v", key, err)
		}
	}
	want := slices.Sorted(slices.Values(odd))
	got, err := c.list(ctx, "")
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got, want) {
		t.Errorf("listed %q\nwant   %q", got, want)
	}
	for i, key := range odd {
		body, _, err := c.get(ctx, key)
		if err != nil || !bytes.Equal(body, contentBytes(uint64(i), 100+i)) {
			t.Errorf("get %q: %d bytes, %v", key, len(body), err)
		}
	}
	if err := c.remove(ctx, want...); err != nil {
		t.Fatal(err)
	}
	if got, err := c.list(ctx, ""); err != nil || len(got) != 0 {
		t.Errorf("listed %q (%v) after removing all", got, err)
	}
	if _, _, err := c.get(ctx, want[0]); !errors.Is(err, errNotThere) {
		t.Errorf("get of a removed key: %v, want %v", err, errNotThere)
	}
}

func checkMetadata(t *testing.T, c goClient) {
	want := map[string]string{"Colour": "red", "Empty-Not": "x y  z"}
	if err := c.put(t.Context(), "with/metadata", []byte("x"), want); err != nil {
		t.Fatal(err)
	}
	_, meta, err := c.get(t.Context(), "with/metadata")
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for k, v := range meta { // libraries differ in the case of names
		got[http.CanonicalHeaderKey(k)] = v
	}
	if !maps.Equal(got, want) {
		t.Errorf("metadata = %q, want %q", got, want)
	}
	if err := c.remove(t.Context(), "with/metadata"); err != nil {
		t.Error(err)
	}
}

func checkBigObject(t *testing.T, c goClient) {
	ctx := t.Context()
	want := contentBytes(99, 2*partSize+12345)
	if err := c.multipart(ctx, "big", want); err != nil {
		t.Fatal(err)
	}
	if err := c.copy(ctx, "big", "copy of/big +1"); err != nil {
		t.Fatal(err)
	}
	if err := c.remove(ctx, "big"); err != nil {
		t.Fatal(err)
	}
	got, _, err := c.get(ctx, "copy of/big +1")
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("get of the copy: %d bytes, %v", len(got), err)
	}
	first, last := int64(partSize-7), int64(partSize+1<<20) // over the border of two parts
	got, err = c.getRange(ctx, "copy of/big +1", first, last)
	if err != nil || !bytes.Equal(got, want[first:last+1]) {
		t.Errorf("range: %d bytes, %v; want %d", len(got), err, last+1-first)
	}
	link, err := c.presign(ctx, "copy of/big +1")
	if err != nil {
		t.Fatal(err)
	}
	if a := anonymous(t, http.MethodGet, link); a.status != http.StatusOK || !bytes.Equal(a.body, want) {
		t.Errorf("presigned GET: status %d, %d bytes", a.status, len(a.body))
	}
	if got, err := c.list(ctx, "copy of/"); err != nil || !slices.Equal(got, []string{"copy of/big +1"}) {
		t.Errorf("listed %q (%v)", got, err)
	}
}

// presignedFor is how long a link made here may be used.
const presignedFor = time.Minute

func readAll(r io.ReadCloser) ([]byte, error) {
	defer r.Close()
	return io.ReadAll(r)
}
