package server

import (
	"slices"
	"strings"
	"testing"

	"shoal/wire/torrent"
)

// request is one of S3 by the root user: method and target, a header, a body.
type request struct{ line, header, body string }

// everyoneReads is a policy of the bucket pond that lets everybody read it, and then says more.
func everyoneReads(more string) request {
	return request{"PUT /pond?policy", "", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":["s3:GetObject","s3:GetObjectTorrent"],` +
		`"Resource":"arn:aws:s3:::pond/*"}` + more + `]}`}
}

const denies = `,{"Effect":"Deny","Principal":"*","Resource":"arn:aws:s3:::pond/*","Action":`

// TestDoorsOfPublicTorrents (S7): what an anonymous reader may not have, no door to the swarm gives him: ?torrent, the
// trackers by HTTP and UDP, and the handshake of peers, all of them also for the torrent of its prefix. Before, every
// door is open, which shows that the test can tell.
func TestDoorsOfPublicTorrents(t *testing.T) {
	public := request{"PUT /pond/frog", "x-amz-acl: public-read", "croak"}
	tests := []struct {
		name   string
		before []request // makes it public
		after  []request // takes it away
	}{
		{"made private", []request{public}, []request{{"PUT /pond/frog?acl", "x-amz-acl: private", ""}}},
		{"replaced by a private one", []request{public}, []request{{"PUT /pond/frog", "", "other croak"}}},
		{"deleted", []request{public}, []request{{"DELETE /pond/frog", "", ""}}},
		{"torrents denied by policy", []request{public}, []request{everyoneReads(denies + `"s3:GetObjectTorrent"}`)}},
		{"reading denied by policy", []request{public}, []request{everyoneReads(denies + `"s3:GetObject"}`)}},
		{"denied to the address", []request{public}, []request{everyoneReads(denies + `"s3:*","Condition":{"IpAddress":{"aws:SourceIp":"127.0.0.0/8"}}}`)}},
		{"denied without TLS", []request{public}, []request{everyoneReads(denies + `"s3:GetObject","Condition":{"Bool":{"aws:SecureTransport":"false"}}}`)}},
		{"public ACLs ignored", []request{public}, []request{{"PUT /pond?publicAccessBlock", "", "<PublicAccessBlockConfiguration><IgnorePublicAcls>true</IgnorePublicAcls></PublicAccessBlockConfiguration>"}}},
		{"requester pays", []request{public}, []request{{"PUT /pond?requestPayment", "", "<RequestPaymentConfiguration><Payer>Requester</Payer></RequestPaymentConfiguration>"}}},
		{"policy gone", []request{{"PUT /pond/frog", "", "croak"}, everyoneReads("")}, []request{{"DELETE /pond?policy", "", ""}}},
		{"public buckets restricted", []request{{"PUT /pond/frog", "", "croak"}, everyoneReads("")}, []request{{"PUT /pond?publicAccessBlock", "", "<PublicAccessBlockConfiguration><RestrictPublicBuckets>true</RestrictPublicBuckets></PublicAccessBlockConfiguration>"}}},
		{"bucket gone", []request{public}, []request{{"DELETE /pond/frog", "", ""}, {"DELETE /pond", "", ""}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newPlace(t)
			w.done(append([]request{{"PUT /pond", "", ""}}, tt.before...)...)
			object := w.torrent(nobody, "/pond/frog?torrent")
			prefix := w.torrent(w.root, "/pond?torrent&prefix=f")
			for _, m := range []*torrent.Metainfo{object, prefix} {
				w.await("open", func() []string { return w.closed(m.InfoHash(), "") })
			}
			w.done(tt.after...)
			for _, target := range []string{"/pond/frog?torrent", "/pond?torrent&prefix=f"} {
				if got := w.ask(nobody, request{"GET " + target, "", ""}); got.status != 403 && !(got.status == 404 && tt.name == "bucket gone") {
					t.Errorf("%s: status %d, want 403", target, got.status)
				}
			}
			for _, m := range []*torrent.Metainfo{object, prefix} {
				w.await("shut", func() []string { return w.open(m.InfoHash(), "") })
			}
		})
	}
}

// TestDoorsOfPrivateTorrents (S7): the swarm of a private object is for those who announce with a token of somebody who
// may read it, for as long as he may.
func TestDoorsOfPrivateTorrents(t *testing.T) {
	const toReader = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam:::user/reader"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::pond/*"}`
	tests := []struct {
		name   string
		revoke func(*place)
	}{
		{"policy gone", func(w *place) { w.done(request{"DELETE /pond?policy", "", ""}) }},
		{"denied by policy", func(w *place) {
			w.done(request{"PUT /pond?policy", "", toReader + denies + `"s3:GetObjectTorrent"}]}`})
		}},
		{"user gone", func(w *place) { w.must(w.s.accounts.DeleteUser(w.t.Context(), "reader")) }},
		{"object gone", func(w *place) { w.done(request{"DELETE /pond/frog", "", ""}) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newPlace(t)
			w.done(request{"PUT /pond", "", ""}, request{"PUT /pond/frog", "", "croak"}, request{"PUT /pond/toad", "", "quark"})
			reader := w.account("reader")
			w.done(request{"PUT /pond?policy", "", toReader + "]}"})
			frog, toad := w.torrent(reader, "/pond/frog?torrent"), w.torrent(reader, "/pond/toad?torrent")
			if got := w.ask(nobody, request{"GET /pond/frog?torrent", "", ""}); got.status != 403 {
				t.Errorf("?torrent by nobody: status %d, want 403", got.status)
			}
			for name, token := range map[string]string{"no": "", "a wrong": "/s3cret", "another torrent's": tokenOf(t, toad)} {
				if open := w.open(frog.InfoHash(), token); len(open) > 0 {
					t.Errorf("with %s token these are open: %s", name, strings.Join(open, ", "))
				}
			}
			w.await("open", func() []string { return w.closed(frog.InfoHash(), tokenOf(t, frog)) })
			if open := w.open(frog.InfoHash(), ""); !slices.Equal(open, []string{peerDoor}) {
				t.Errorf("without its token, from the address of a guest, these are open: %s", strings.Join(open, ", "))
			}
			tt.revoke(w)
			w.await("shut", func() []string { return w.open(frog.InfoHash(), tokenOf(t, frog)) })
		})
	}
}

// tokenOf returns the end of the announce URL of a private torrent, from the slash on.
func tokenOf(t *testing.T, m *torrent.Metainfo) string {
	t.Helper()
	_, token, ok := strings.Cut(m.Announce, "/announce")
	if !ok || len(token) < 20 {
		t.Fatalf("announce URL %q has no token", m.Announce)
	}
	return token
}
