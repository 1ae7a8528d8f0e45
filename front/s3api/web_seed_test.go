package s3api

import (
	"strings"
	"testing"

	"shoal/wire/torrent"
)

// TestWebSeed: the .torrent lists the object's URL, which serves it until the crowd has a whole copy; other
// requests for the object are not concerned.
func TestWebSeed(t *testing.T) {
	tests := []struct {
		mode        WebSeed
		replicated  bool
		listed      bool
		wantStatus  int
		wantAdvised bool
	}{
		{"", true, false, 0, false},
		{WebSeedOff, true, false, 0, false},
		{WebSeedOn, true, true, 206, false},
		{WebSeedGoverned, false, true, 206, false},
		{WebSeedGoverned, true, true, 503, true},
	}
	for _, tt := range tests {
		t.Run(string(tt.mode), func(t *testing.T) {
			var asked torrent.InfoHash
			s := newTestServer(t, Options{WebSeed: tt.mode, Replicated: func(h torrent.InfoHash) bool {
				asked = h
				return tt.replicated
			}})
			s.must(t, owner, "PUT", "/pond", "")
			s.must(t, owner, "PUT", "/pond/a%20frog", "ribbit", "x-amz-acl: public-read")
			m, err := torrent.ParseMetainfo([]byte(s.must(t, anonymous, "GET", "/pond/a%20frog?torrent", "").body))
			if err != nil {
				t.Fatal(err)
			}
			if listed := len(m.URLList) == 1; listed != tt.listed {
				t.Fatalf("url-list: got %q, want one: %v", m.URLList, tt.listed)
			}
			if !tt.listed {
				return
			}
			if want := s.url + "/pond/a%20frog?x-shoal-webseed=1"; m.URLList[0] != want {
				t.Errorf("url-list: got %q, want %q", m.URLList[0], want)
			}
			target := strings.TrimPrefix(m.URLList[0], s.url)
			got := s.do(t, anonymous, "GET", target, "", "Range: bytes=0-2")
			if advised := got.header.Get("Retry-After") != ""; got.status != tt.wantStatus || advised != tt.wantAdvised {
				t.Errorf("web seed: got %d, Retry-After %q, want %d", got.status, got.header.Get("Retry-After"), tt.wantStatus)
			}
			if tt.mode == WebSeedGoverned && asked != m.InfoHash() {
				t.Errorf("asked for swarm %v, want %v", asked, m.InfoHash())
			}
			plain, _, _ := strings.Cut(target, "?")
			s.must(t, anonymous, "GET", plain, "")
		})
	}
}

// TestWebSeedOfVersion: where everybody may read the version by its id, the web seed is that of the version.
func TestWebSeedOfVersion(t *testing.T) {
	s := newTestServer(t, Options{WebSeed: WebSeedOn})
	s.must(t, owner, "PUT", "/pond", "")
	s.must(t, owner, "PUT", "/pond?versioning", "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>")
	s.must(t, owner, "PUT", "/pond?policy", `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::pond/by-policy"}]}`)
	for key, named := range map[string]bool{"by-acl": true, "by-policy": false} {
		acl := map[bool]string{true: "public-read", false: "private"}[named]
		id := s.must(t, owner, "PUT", "/pond/"+key, "old", "x-amz-acl: "+acl).header.Get("X-Amz-Version-Id")
		m, err := torrent.ParseMetainfo([]byte(s.must(t, anonymous, "GET", "/pond/"+key+"?torrent", "").body))
		if err != nil || len(m.URLList) != 1 {
			t.Fatalf("%s: got %+v, %v, want one web seed", key, m, err)
		}
		if got := strings.Contains(m.URLList[0], "versionId="+id); got != named {
			t.Errorf("%s: web seed %q names the version %v, want %v", key, m.URLList[0], got, named)
		}
		s.must(t, owner, "PUT", "/pond/"+key, "new", "x-amz-acl: "+acl)
		want := map[bool]string{true: "old", false: "new"}[named]
		if got := s.must(t, anonymous, "GET", strings.TrimPrefix(m.URLList[0], s.url), "").body; got != want {
			t.Errorf("%s: web seed has %q, want %q", key, got, want)
		}
	}
}
