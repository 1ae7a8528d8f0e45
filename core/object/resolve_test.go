package object

import (
	"crypto/sha1"
	"errors"
	"testing"

	"shoal/core/access"
	"shoal/core/fault"
	"shoal/wire/torrent"
)

func TestResolve(t *testing.T) {
	s := newTestStore(t)
	b := s.bucket(t, "bucket")
	content := randomContent(5, 300_000)
	v := s.put(t, b, "a/file", content)
	tor, err := s.Torrent(t.Context(), b, v, torrent.Hybrid, nil)
	if err != nil {
		t.Fatal(err)
	}
	names := map[torrent.InfoHash]*Torrent{}
	for _, kind := range everyKind {
		of := tor.As(kind)
		for _, h := range of.InfoHashes() {
			names[h], names[sha1.Sum(append([]byte("req2"), h[:]...))] = of, of
		}
	}
	if len(names) != 8 {
		t.Fatalf("got %d names, want 8", len(names))
	}
	public := access.ACL{Grants: []access.Grant{{Grantee: access.Grantee{Group: access.AllUsers}, Permission: access.Read}}}
	steps := []struct {
		name string
		do   func() error
		key  string // resolved to; "" = no torrent
	}{
		{"private", func() error { return nil }, ""},
		{"public", func() error { return s.SetACL(t.Context(), b, "a/file", VersionRef{}, public, Requester{}) }, "a/file"},
		{"twin private", func() error {
			twin := s.put(t, b, "b/file", content)
			same, err := s.Torrent(t.Context(), b, twin, torrent.Hybrid, nil)
			if err == nil && same.InfoHash != tor.InfoHash {
				err = errors.New("equal objects of one name have different infohashes")
			}
			return err
		}, "a/file"},
		{"private again", func() error { return s.SetACL(t.Context(), b, "a/file", VersionRef{}, access.ACL{}, Requester{}) }, ""},
		{"twin public", func() error { return s.SetACL(t.Context(), b, "b/file", VersionRef{}, public, Requester{}) }, "b/file"},
		{"ACLs ignored", func() error {
			return s.UpdateBucket(t.Context(), b.Name, func(c *BucketConfig) error {
				c.PublicAccessBlock = &access.PublicAccessBlock{IgnorePublicAcls: true}
				return nil
			})
		}, ""},
		{"ACLs obeyed", func() error {
			return s.UpdateBucket(t.Context(), b.Name, func(c *BucketConfig) error { c.PublicAccessBlock = nil; return nil })
		}, "b/file"},
		{"deleted", func() error {
			_, err := s.Delete(t.Context(), DeleteRequest{Bucket: b, Key: "b/file"})
			return err
		}, ""},
	}
	for _, step := range steps {
		if err := step.do(); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		for h, want := range names {
			got, err := s.Resolve(t.Context(), h, access.Context{})
			if step.key == "" {
				wantKind(t, err, fault.NoTorrent)
				continue
			}
			if err != nil || got.Version.Key != step.key || got.Kind != want.Kind || got.InfoHash != want.InfoHash || got.Bucket.Name != b.Name {
				t.Errorf("%s, by %s: got %+v, error %v, want %q, kind %v", step.name, h, got, err, step.key, want.Kind)
				continue
			}
			if again, err := s.Reload(t.Context(), got); err != nil || again.Kind != want.Kind || again.InfoHash != want.InfoHash {
				t.Errorf("%s, reload: got %+v, error %v, want kind %v", step.name, again, err, want.Kind)
			}
		}
	}
	_, err = s.Resolve(t.Context(), torrent.InfoHash{1}, access.Context{})
	wantKind(t, err, fault.NoTorrent)
}

func TestReload(t *testing.T) {
	s := newTestStore(t)
	b := s.bucket(t, "bucket")
	v := s.put(t, b, "key", []byte("content"))
	tor, err := s.Torrent(t.Context(), b, v, torrent.Hybrid, nil)
	if err != nil {
		t.Fatal(err)
	}
	public := access.ACL{Grants: []access.Grant{{Grantee: access.Grantee{Group: access.AllUsers}, Permission: access.Read}}}
	if err := s.SetACL(t.Context(), b, "key", VersionRef{}, public, Requester{}); err != nil {
		t.Fatal(err)
	}
	now, err := s.Reload(t.Context(), tor)
	if err != nil || !now.OpenTo(access.Context{}) || tor.OpenTo(access.Context{}) {
		t.Errorf("reload after the ACL: error %v, open %v, the old one %v", err, now.OpenTo(access.Context{}), tor.OpenTo(access.Context{}))
	}
	s.put(t, b, "key", []byte("other"))
	_, err = s.Reload(t.Context(), tor)
	wantKind(t, err, fault.NoTorrent)
}
