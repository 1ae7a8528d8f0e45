package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"shoal/wire/torrent"
)

const (
	bigSize    = 300_000_000 // bytes: many multipart parts, and the last piece is short
	smallSize  = 5_000_000
	downloadIn = 90 * time.Second
	clientIn   = 50 * time.Second // below the minute after which awscli gives an answer up and asks again in silence

	// plainTorrent is read by every client; hybridTorrent is v1 and v2 in one (BEP 52), which clients of the
	// age of aria2 1.36 and Transmission 3.00 misread; pureTorrent is v2 alone.
	plainTorrent  = "?torrent"
	hybridTorrent = "?torrent&v=hybrid"
	pureTorrent   = "?torrent&v=2"
)

// published is an object and the file that it was made from.
type published struct {
	bucket, key, path, sha256 string
	size                      int64
}

func (p published) name() string { return filepath.Base(p.key) }

// TestObjectComesDownOverBitTorrent is the whole main job: objects put with awscli, one public by its ACL
// and one by bucket policy, come down over BitTorrent alone.
func TestObjectComesDownOverBitTorrent(t *testing.T) {
	aws := findClient(t, "aws", "awscli")
	s := start(t, options{host: "any"})
	dir := t.TempDir()
	big := published{bucket: "by-acl", key: "images/disk image.img", path: filepath.Join(dir, "big"), size: bigSize}
	small := published{bucket: "by-policy", key: "small.bin", path: filepath.Join(dir, "small"), size: smallSize}
	big.sha256 = writeContent(t, big.path, 1, big.size)
	small.sha256 = writeContent(t, small.path, 2, small.size)
	publishWithAWS(t, s, aws, big, small)

	for _, p := range []published{big, small} {
		t.Run(p.name(), func(t *testing.T) {
			t.Run("torrent", func(t *testing.T) { checkTorrent(t, s.in(t), aws, p) })
			t.Run("infohash", func(t *testing.T) { checkInfoHash(t, s.in(t), p) })
			t.Run("pieces", func(t *testing.T) { checkPieces(t, s.in(t), p) })
		})
	}
	t.Run("aria2c and libtorrent at the same time", func(t *testing.T) {
		checkTogether(t, s.in(t), big)
	})
	for _, c := range btClients() {
		t.Run(c.name, func(t *testing.T) { checkDownloads(t, s.in(t), c, big, small) })
	}
	t.Run("magnet", func(t *testing.T) { checkMagnets(t, s.in(t), small) })
	t.Run("libtorrent with the hybrid torrent", func(t *testing.T) {
		file := saveTorrent(t, s.in(t).torrentAt("", big.bucket, big.key, hybridTorrent).body)
		d := libtorrent(t, source{link: file, host: "127.0.0.32"})
		d.await(downloadIn)
		checkFile(t, d, big)
	})
	t.Run("aria2c with the URL alone", func(t *testing.T) {
		d := aria2(t, source{link: s.objectURL("", small.bucket, small.key) + "?torrent", host: "127.0.0.31"})
		d.await(downloadIn)
		checkFile(t, d, small)
	})
	t.Run("usage", func(t *testing.T) { checkMetered(t, s.in(t), big, small) })
}

// publishWithAWS uploads big by multipart and small by one PUT with awscli, and makes both public.
func publishWithAWS(t *testing.T, s *server, aws string, big, small published) {
	t.Helper()
	do := func(args ...string) string {
		t.Helper()
		return runClient(t, clientIn, aws, append([]string{"--endpoint-url", s.url("")}, args...)...)
	}
	do("s3", "mb", "s3://"+big.bucket)
	do("s3", "mb", "s3://"+small.bucket)
	do("s3", "cp", "--quiet", big.path, "s3://"+big.bucket+"/"+big.key)
	do("s3api", "put-object", "--bucket", small.bucket, "--key", small.key, "--body", small.path)
	head := do("s3api", "head-object", "--bucket", big.bucket, "--key", big.key)
	if !strings.Contains(head, "-") || !strings.Contains(head, fmt.Sprint(big.size)) {
		t.Errorf("head-object printed %s, want a multipart ETag and %d bytes", head, big.size)
	}
	for _, p := range []published{big, small} {
		if a := anonymous(t, http.MethodGet, s.objectURL("", p.bucket, p.key)+"?torrent"); a.status != http.StatusForbidden {
			t.Errorf("?torrent of the private %s: status %d, want 403", p.key, a.status)
		}
	}
	do("s3api", "put-object-acl", "--bucket", big.bucket, "--key", big.key, "--acl", "public-read")
	do("s3api", "put-bucket-policy", "--bucket", small.bucket, "--policy", readPolicy(small.bucket))
}

// checkTorrent compares ?torrent as anyone gets it with what awscli gets, and checks its headers.
func checkTorrent(t *testing.T, s *server, aws string, p published) {
	anyone := s.torrentOf("", p.bucket, p.key)
	signed := filepath.Join(t.TempDir(), "signed.torrent")
	runClient(t, clientIn, aws, "--endpoint-url", s.url(""), "s3api", "get-object-torrent", "--bucket", p.bucket, "--key", p.key, signed)
	if got, err := os.ReadFile(signed); err != nil || !bytes.Equal(got, anyone.body) {
		t.Errorf("get-object-torrent gave %d bytes (%v), not the %d of the anonymous ?torrent", len(got), err, len(anyone.body))
	}
	if got, want := anyone.header.Get("Content-Type"), "application/x-bittorrent"; got != want {
		t.Errorf("Content-Type = %q, want %q", got, want)
	}
	if got := anyone.header.Get("Content-Disposition"); !strings.HasPrefix(got, "attachment; filename=") || !strings.Contains(got, ".torrent") {
		t.Errorf("Content-Disposition = %q", got)
	}
	m := parseTorrent(t, anyone.body)
	if m.Info.Length != p.size || m.Info.Name != p.name() {
		t.Errorf("torrent of %q, %d bytes; want %q, %d", m.Info.Name, m.Info.Length, p.name(), p.size)
	}
	if len(m.URLList) != 0 {
		t.Errorf("the torrent names web seeds %q: the downloads below would prove nothing", m.URLList)
	}
	if m.Info.Kind != torrent.V1 {
		t.Errorf("kind of %s = %v, want one that every client reads", plainTorrent, m.Info.Kind)
	}
	hybrid := s.torrentAt("", p.bucket, p.key, hybridTorrent)
	h := parseTorrent(t, hybrid.body)
	if h.Info.Kind != torrent.Hybrid || !bytes.Equal(h.Info.Pieces, m.Info.Pieces) {
		t.Errorf("%s: kind %v, %d bytes of pieces; want a hybrid with the same pieces", hybridTorrent, h.Info.Kind, len(h.Info.Pieces))
	}
	head := anonymous(t, http.MethodHead, s.objectURL("", p.bucket, p.key)).header
	for _, got := range []http.Header{anyone.header, head} {
		checkTorrentHeaders(t, got, m)
	}
	v2 := parseTorrent(t, s.torrentAt("", p.bucket, p.key, pureTorrent).body)
	if got, want := head.Get("x-shoal-infohash-v2"), v2.InfoHashV2().String(); got != want {
		t.Errorf("x-shoal-infohash-v2 = %q, want %q", got, want)
	}
	checkTorrentHeaders(t, hybrid.header, h)
}

// checkTorrentHeaders compares what headers say with a torrent.
func checkTorrentHeaders(t *testing.T, h http.Header, m *torrent.Metainfo) {
	t.Helper()
	if got, want := h.Get("x-shoal-infohash"), m.InfoHash().String(); got != want {
		t.Errorf("x-shoal-infohash = %q, want %q", got, want)
	}
	if got, want := h.Get("x-shoal-infohash-v2"), m.InfoHashV2().String(); m.Info.Kind.HasV2() && got != want {
		t.Errorf("x-shoal-infohash-v2 = %q, want %q", got, want)
	}
	if got := h.Get("x-shoal-magnet"); !strings.Contains(got, m.InfoHash().String()) {
		t.Errorf("x-shoal-magnet = %q, want the infohash in it", got)
	}
}

func parseTorrent(t testing.TB, data []byte) *torrent.Metainfo {
	t.Helper()
	m, err := torrent.ParseMetainfo(data)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// checkInfoHash has libtorrent make the same torrents from the file.
func checkInfoHash(t *testing.T, s *server, p published) {
	python := findPython(t, "libtorrent", "python3-libtorrent")
	for query, kind := range map[string]string{plainTorrent: "v1", hybridTorrent: "hybrid", pureTorrent: "v2"} {
		m := parseTorrent(t, s.torrentAt("", p.bucket, p.key, query).body)
		out := runClient(t, clientIn, python, script(t, "lt_infohash.py"), p.path, p.name(), fmt.Sprint(m.Info.PieceLength), kind)
		var want struct{ V1, V2 string }
		if err := json.Unmarshal([]byte(out), &want); err != nil {
			t.Fatal(err)
		}
		if got := m.InfoHash().String(); m.Info.Kind.HasV1() && got != want.V1 {
			t.Errorf("%s: v1 infohash = %s, libtorrent makes %s", query, got, want.V1)
		}
		if got := m.InfoHashV2().String(); got != want.V2 {
			t.Errorf("%s: v2 infohash = %s, libtorrent makes %s", query, got, want.V2)
		}
	}
}

// checkPieces has mktorrent hash the file.
func checkPieces(t *testing.T, s *server, p published) {
	mktorrent := findClient(t, "mktorrent", "mktorrent")
	m := parseTorrent(t, s.torrentOf("", p.bucket, p.key).body)
	exponent := 0
	for 1<<exponent < m.Info.PieceLength {
		exponent++
	}
	out := filepath.Join(t.TempDir(), "made.torrent")
	runClient(t, clientIn, mktorrent, "-l", fmt.Sprint(exponent), "-n", p.name(), "-o", out, p.path)
	data, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	if made := parseTorrent(t, data); !bytes.Equal(m.Info.Pieces, made.Info.Pieces) {
		t.Errorf("v1 pieces: %d bytes differ from the %d that mktorrent makes", len(m.Info.Pieces), len(made.Info.Pieces))
	}
}

// checkTogether has two clients fetch one object at once, as a small crowd.
func checkTogether(t *testing.T, s *server, p published) {
	file := saveTorrent(t, s.torrentOf("", p.bucket, p.key).body)
	a := aria2(t, source{link: file, host: "127.0.0.11"})
	l := libtorrent(t, source{link: file, host: "127.0.0.12"})
	a.await(downloadIn)
	l.await(downloadIn)
	checkFile(t, a, p)
	checkFile(t, l, p)
}

// checkDownloads has one client fetch the objects, one process each.
func checkDownloads(t *testing.T, s *server, c btClient, objects ...published) {
	host, bind := "", "127.0.0.21"
	if c.refusesLoopback {
		host, bind = outsideAddress(t), ""
	}
	downloads := make([]*download, len(objects))
	for i, p := range objects {
		downloads[i] = c.start(t, source{link: saveTorrent(t, s.torrentOf(host, p.bucket, p.key).body), host: bind})
	}
	for i, p := range objects {
		downloads[i].await(downloadIn)
		checkFile(t, downloads[i], p)
	}
}

// checkMagnets starts from the magnet link alone: the info dictionary comes from the seeder (BEP 9).
func checkMagnets(t *testing.T, s *server, p published) {
	magnet := s.torrentOf("", p.bucket, p.key).header.Get("x-shoal-magnet")
	for i, c := range btClients()[:2] {
		t.Run(c.name, func(t *testing.T) {
			d := c.start(t, source{link: magnet, host: fmt.Sprintf("127.0.0.%d", 41+i)})
			d.await(downloadIn)
			checkFile(t, d, p)
		})
	}
}

// checkMetered holds the report against what must have been sent at least and in its three formats.
func checkMetered(t *testing.T, s *server, objects ...published) {
	u := s.usage()
	for _, p := range objects {
		if got, requests := u.got(p.bucket); got < p.size || requests == 0 {
			t.Errorf("bytes out of %s = %d in %d requests, want at least one copy of %d", p.bucket, got, requests, p.size)
		}
	}
	s.checkFormatsAgree()
}

func saveTorrent(t testing.TB, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "object.torrent")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// checkFile compares what a client has written with the original.
func checkFile(t testing.TB, d *download, p published) {
	t.Helper()
	if got := hashFile(t, filepath.Join(d.dir, p.name())); got != p.sha256 {
		t.Errorf("%s: SHA-256 of %s = %s, want %s", d.process.name, p.name(), got, p.sha256)
	}
}
