package account

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"shoal/core/fault"
	"shoal/wire/torrent"
)

// TestAnnounceToken: a token is for one torrent, one key and a time, and any other byte of it is refused.
func TestAnnounceToken(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	s := New(newEngine(t), Options{Now: func() time.Time { return now }})
	_, k := create(t, s, NewUser{Name: "alice"})
	h, other := torrent.InfoHash{1}, torrent.InfoHash{2}
	expires := now.Add(time.Hour)
	token, err := s.AnnounceToken(t.Context(), k.ID, h, expires)
	if err != nil || len(token) > MaxAnnounceToken {
		t.Fatalf("got %q, %v", token, err)
	}
	u, until, err := s.Announcer(t.Context(), token, h)
	if err != nil || u.UserName != "alice" || !until.Equal(expires) {
		t.Fatalf("got %+v until %v, %v", u, until, err)
	}
	refused := func(name, token string, h torrent.InfoHash) {
		t.Helper()
		if u, _, err := s.Announcer(t.Context(), token, h); !fault.Is(err, fault.AccessDenied) {
			t.Errorf("%s: got %+v, %v, want AccessDenied", name, u, err)
		}
	}
	refused("another torrent", token, other)
	refused("no token", "", h)
	refused("endless", token+strings.Repeat("A", MaxAnnounceToken), h)
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		t.Fatal(err)
	}
	for i := range raw {
		raw[i] ^= 1
		refused("a changed byte", base64.RawURLEncoding.EncodeToString(raw), h)
		refused("cut short", base64.RawURLEncoding.EncodeToString(raw[:i]), h)
		raw[i] ^= 1
	}
	now = expires
	refused("over", token, h)
	now = expires.Add(-time.Second)
	if err := s.DeleteUser(t.Context(), "alice"); err != nil {
		t.Fatal(err)
	}
	refused("user gone", token, h)
	if _, err := s.AnnounceToken(t.Context(), k.ID, h, expires); !fault.Is(err, fault.NoSuchAccessKey) {
		t.Errorf("token of a key that is gone: got %v", err)
	}
}
