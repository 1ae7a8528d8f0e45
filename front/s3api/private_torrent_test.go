package s3api

import (
	"context"
	"strings"
	"testing"
	"time"

	"shoal/core/fault"
	"shoal/wire/torrent"
)

// TestAnnounceTokenOfTorrent: the announce URL of a private torrent says on whose behalf, and for how long.
func TestAnnounceTokenOfTorrent(t *testing.T) {
	const prefix = "http://tracker/announce/"
	s := newTestServer(t, Options{PrivateAnnounce: func(_, token string) []string { return []string{prefix + token} }})
	s.must(t, owner, "PUT", "/pond", "")
	s.must(t, owner, "PUT", "/pond/k", "content", "x-amz-acl: authenticated-read")
	for _, user := range []string{owner, reader} {
		for _, kind := range []torrent.Kind{torrent.V1, torrent.Hybrid, torrent.V2} {
			r := s.must(t, user, "GET", "/pond/k?torrent&v="+kind.String(), "")
			m, err := torrent.ParseMetainfo([]byte(r.body))
			if err != nil || !m.Info.Private || m.Info.Source == "" || m.Info.Kind != kind || len(m.URLList) != 0 {
				t.Fatalf("%s, %v: got %+v, %v, want a private torrent", user, kind, m, err)
			}
			h := m.InfoHash()
			if h.IsZero() {
				h = m.InfoHashV2().Truncate()
			}
			token, ok := strings.CutPrefix(m.Announce, prefix)
			u, until, err := s.handler.accounts.Announcer(context.Background(), token, h)
			if !ok || err != nil || u.CanonicalID != s.users[user].CanonicalID {
				t.Errorf("%s, %v: token in %q is of %q, %v", user, kind, m.Announce, u.UserName, err)
			}
			if left := time.Until(until); left > announceTokenFor || left < announceTokenFor-time.Hour {
				t.Errorf("%s, %v: good for %v, want %v", user, kind, left, announceTokenFor)
			}
			_, _, err = s.handler.accounts.Announcer(context.Background(), token, torrent.InfoHash{1})
			if !fault.Is(err, fault.AccessDenied) {
				t.Errorf("%s, %v: token for another torrent: %v", user, kind, err)
			}
		}
	}
}
