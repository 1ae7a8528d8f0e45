package s3api

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"shoal/core/access"
	"shoal/core/meter"
	"shoal/core/object"
	"shoal/wire/sigv4"
	"shoal/wire/torrent"
)

// TestGetLooksAgain: an object that is replaced between the lookup and the read is answered as it is now.
func TestGetLooksAgain(t *testing.T) {
	s := newTestServer(t, Options{})
	s.must(t, owner, "PUT", "/pond", "")
	s.must(t, owner, "PUT", "/pond/k", "old")
	c := s.handler.newCall(httptest.NewRecorder(), httptest.NewRequest("GET", "/pond/k", nil))
	for _, step := range []func(*call) error{s.handler.parseTarget, s.handler.parseClaim, s.handler.match} {
		if err := step(c); err != nil {
			t.Fatal(err)
		}
	}
	c.principal = s.users[owner].Principal()
	if err := s.handler.load(c); err != nil {
		t.Fatal(err)
	}
	s.must(t, owner, "PUT", "/pond/k", "newer")
	answer, err := s.handler.getObject(c)
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	if _, err := answer.stream.WriteTo(&got); err != nil || got.String() != "newer" || answer.length != 5 {
		t.Errorf("got %q of %d bytes, %v", got.String(), answer.length, err)
	}
	if err := answer.stream.Close(); err != nil {
		t.Error(err)
	}
}

// TestMetered: what is recorded is what the client sent and got, to the byte.
func TestMetered(t *testing.T) {
	s := newTestServer(t, Options{})
	s.must(t, owner, "PUT", "/pond", "")
	s.must(t, owner, "PUT", "/pond/k", "hello", "x-amz-acl: public-read")
	s.must(t, anonymous, "GET", "/pond/k", "", "Range: bytes=1-3")
	s.must(t, anonymous, "HEAD", "/pond/k", "")
	denied := s.do(t, anonymous, "GET", "/pond/other", "")
	missing := s.do(t, owner, "GET", "/pond/other", "")
	s.must(t, other, "GET", "/", "")
	s.must(t, owner, "DELETE", "/pond/k", "")
	pays, otherPays := string(s.users[owner].CanonicalID), string(s.users[other].CanonicalID)
	want := []meter.Event{
		{Account: pays, Bucket: "pond", Operation: meter.CreateBucket, Tier: meter.Tier1, Requests: 1},
		{Account: pays, Bucket: "pond", Operation: meter.PutObject, Tier: meter.Tier1, Requests: 1, BytesIn: 5},
		{Account: pays, Bucket: "pond", Operation: meter.GetObject, Tier: meter.Tier2, Requests: 1, BytesOut: 3},
		{Account: pays, Bucket: "pond", Operation: meter.HeadObject, Tier: meter.Tier2, Requests: 1},
		{Account: pays, Bucket: "pond", Operation: meter.GetObject},
		{Account: pays, Bucket: "pond", Operation: meter.GetObject, Tier: meter.Tier2, Requests: 1, BytesOut: int64(len(missing.body))},
		{Account: otherPays, Operation: meter.ListAllMyBuckets, Tier: meter.Tier1, Requests: 1, BytesOut: -1},
		{Account: pays, Bucket: "pond", Operation: meter.DeleteObject, Requests: 1},
	}
	if denied.status != http.StatusForbidden || missing.status != http.StatusNotFound {
		t.Fatalf("statuses %d, %d", denied.status, missing.status)
	}
	got := s.usage.wait(t, len(want))
	for i := range want {
		g := got[i]
		g.At, g.Source = time.Time{}, 0
		if want[i].BytesOut < 0 && g.BytesOut > 0 {
			g.BytesOut = -1
		}
		if !reflect.DeepEqual(g, want[i]) {
			t.Errorf("event %d: got %+v, want %+v", i, g, want[i])
		}
	}
}

// wait returns the events when there are n: the last one may come just after the answer.
func (l *eventLog) wait(t *testing.T, n int) []meter.Event {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		l.mu.Lock()
		events := append([]meter.Event(nil), l.events...)
		l.mu.Unlock()
		if len(events) >= n {
			return events
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d events, want %d", len(events), n)
		}
	}
}

// TestStallWriterSendsFiles: a file goes out whole, in stretches, and is counted.
func TestStallWriterSendsFiles(t *testing.T) {
	const size = 3*maxWriteStretch + 17
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, []byte(pattern(size)), 0o600); err != nil {
		t.Fatal(err)
	}
	written := make(chan int64, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		f, err := os.Open(name)
		if err != nil {
			t.Error(err)
			return
		}
		defer f.Close()
		w.Header().Set("Content-Length", itoa(size-1))
		out := &stallWriter{dst: w, control: http.NewResponseController(w)}
		if n, err := io.CopyN(out, f, size-1); n != size-1 || err != nil {
			t.Errorf("sent %d bytes, %v", n, err)
		}
		written <- out.written
	}))
	defer server.Close()
	answer, err := http.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	got, err := io.ReadAll(answer.Body)
	if err != nil || string(got) != pattern(size)[:size-1] {
		t.Errorf("got %d bytes, %v", len(got), err)
	}
	if n := <-written; n != size-1 {
		t.Errorf("counted %d bytes, want %d", n, size-1)
	}
}

// lyingStream gives less than was announced.
type lyingStream struct{ closed *bool }

func (s lyingStream) WriteTo(w io.Writer) (int64, error) {
	n, err := io.WriteString(w, "ab")
	return int64(n), err
}
func (s lyingStream) Close() error { *s.closed = true; return nil }

// TestBrokenStreamCutsTheConnection: a client cannot take half an object for a whole one.
func TestBrokenStreamCutsTheConnection(t *testing.T) {
	s := newTestServer(t, Options{})
	closed := false
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.handler.render(w, s.handler.newCall(w, r), &response{stream: lyingStream{&closed}, length: 5}, nil)
	}))
	defer server.Close()
	answer, err := http.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if got, err := io.ReadAll(answer.Body); err == nil {
		t.Errorf("read %q without an error", got)
	}
	if !closed {
		t.Error("the stream was not closed")
	}
}

// TestSigned: who signed the request and its body is let through under his own name, nobody else.
func TestSigned(t *testing.T) {
	s := newTestServer(t, Options{})
	const hello = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
	var reached []byte
	var signer access.Principal
	server := httptest.NewServer(s.handler.Signed(func(p access.Principal, _ access.Context) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				w.WriteHeader(http.StatusTeapot)
				return
			}
			reached, signer = body, p
		})
	}))
	defer server.Close()
	tests := []struct {
		user, hash string
		want       int
		kind       access.Kind
	}{
		{anonymous, "", http.StatusForbidden, access.Anonymous},
		{admin, sigv4.UnsignedPayload, http.StatusForbidden, access.Anonymous},
		{admin, sigv4.EmptySHA256, http.StatusTeapot, access.Anonymous},
		{admin, hello, http.StatusOK, access.Root},
		{owner, hello, http.StatusOK, access.User},
	}
	for _, tt := range tests {
		reached, signer = nil, access.Principal{}
		r, err := http.NewRequest("POST", server.URL+"/users", strings.NewReader("hello"))
		if err != nil {
			t.Fatal(err)
		}
		if tt.user != anonymous {
			if err := sigv4.Sign(r, s.keys[tt.user], sigv4.DefaultRegion, tt.hash, time.Now()); err != nil {
				t.Fatal(err)
			}
		}
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != tt.want || (string(reached) == "hello") != (tt.want == http.StatusOK) {
			t.Errorf("%q with %.8s: status %d, reached %q, want %d", tt.user, tt.hash, answer.StatusCode, reached, tt.want)
		}
		if signer.Kind != tt.kind || tt.kind == access.User && signer.UserName != tt.user {
			t.Errorf("%q with %.8s: came in as %+v", tt.user, tt.hash, signer)
		}
	}
}

// TestTorrentFollowsTheObject: the torrent goes with the public read, and is another one after an overwrite.
func TestTorrentFollowsTheObject(t *testing.T) {
	s := newTestServer(t, Options{Announce: func(host string) []string { return []string{"http://" + host + "/announce"} }})
	s.must(t, owner, "PUT", "/pond", "")
	s.must(t, owner, "PUT", "/pond/k", "one", "x-amz-acl: public-read")
	first := s.must(t, anonymous, "GET", "/pond/k?torrent", "").header.Get("X-Shoal-Infohash")
	s.must(t, owner, "PUT", "/pond/k", "two", "x-amz-acl: public-read")
	if h := s.must(t, anonymous, "HEAD", "/pond/k", "").header.Get("X-Shoal-Infohash"); h != "" {
		t.Errorf("the overwritten object still has infohash %s", h)
	}
	second := s.must(t, anonymous, "GET", "/pond/k?torrent", "").header.Get("X-Shoal-Infohash")
	if first == second || len(second) != 40 {
		t.Errorf("infohashes %q, %q", first, second)
	}
	_, v, err := s.objects.Lookup(context.Background(), "pond", "k", object.VersionRef{})
	if err != nil {
		t.Fatal(err)
	}
	known, err := s.objects.KnownTorrent(context.Background(), v, torrent.V1)
	if err != nil || known.InfoHash.String() != second || !known.OpenTo(access.Context{}) {
		t.Errorf("known torrent %v, %v", known, err)
	}
	s.must(t, owner, "DELETE", "/pond/k", "")
	s.refused(t, owner, "GET", "/pond/k?torrent", "", 404, codeNoSuchKey)
}

// TestDefaultTorrentKind: ?torrent and the headers follow the option, and name the two infohashes of one swarm
// or else those of the pure kinds.
func TestDefaultTorrentKind(t *testing.T) {
	for _, kind := range []torrent.Kind{torrent.V1, torrent.Hybrid, torrent.V2} {
		t.Run(kind.String(), func(t *testing.T) {
			s := newTestServer(t, Options{TorrentKind: kind})
			s.must(t, owner, "PUT", "/pond", "")
			s.must(t, owner, "PUT", "/pond/k", pattern(300_000), "x-amz-acl: public-read")
			made := map[torrent.Kind]*torrent.Metainfo{}
			for _, k := range []torrent.Kind{torrent.V1, torrent.Hybrid, torrent.V2} {
				made[k] = parseTorrent(t, s.must(t, anonymous, "GET", "/pond/k?torrent&v="+k.String(), "").body, k)
			}
			v1, v2 := made[kind], made[kind]
			if !kind.HasV1() {
				v1 = made[torrent.V1]
			}
			if !kind.HasV2() {
				v2 = made[torrent.V2]
			}
			magnet := torrent.Magnet{InfoHash: made[kind].InfoHash(), InfoHashV2: made[kind].InfoHashV2(), Name: "k", Length: 300_000}
			answer := s.must(t, anonymous, "GET", "/pond/k?torrent", "")
			parseTorrent(t, answer.body, kind)
			for name, h := range map[string]http.Header{"torrent": answer.header, "HEAD": s.must(t, anonymous, "HEAD", "/pond/k", "").header} {
				got := [3]string{h.Get("x-shoal-infohash"), h.Get("x-shoal-infohash-v2"), h.Get("x-shoal-magnet")}
				if want := [3]string{v1.InfoHash().String(), v2.InfoHashV2().String(), magnet.String()}; got != want {
					t.Errorf("%s: got %q, want %q", name, got, want)
				}
			}
		})
	}
}

func parseTorrent(t *testing.T, file string, kind torrent.Kind) *torrent.Metainfo {
	t.Helper()
	m, err := torrent.ParseMetainfo([]byte(file))
	if err != nil {
		t.Fatal(err)
	}
	if m.Info.Kind != kind {
		t.Errorf("got a torrent of kind %v, want %v", m.Info.Kind, kind)
	}
	return m
}
