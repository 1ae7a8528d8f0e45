package e2e

import (
	"path/filepath"
	"testing"
	"time"
)

const (
	meteredSize   = 20_000_000 // bytes
	meteredWithin = 3 * time.Second
)

// TestUsageIsWhatTheSeederSent lets each client fetch one object through a counter, which sees what the
// seeder's sockets send, and holds the usage report against it to the byte.
func TestUsageIsWhatTheSeederSent(t *testing.T) {
	// The counter is between the sockets and reads what they say.
	s := start(t, options{host: "any", flags: []string{"--no-utp", "--peer-encryption", "off"}})
	for _, c := range btClients() {
		t.Run(c.name, func(t *testing.T) {
			s := s.in(t)
			// A name of its own: equal objects of one name are one torrent, metered where it was published first.
			p := published{bucket: "metered-" + c.name, key: "a/" + c.name + ".bin", path: filepath.Join(t.TempDir(), "file"), size: meteredSize}
			p.sha256 = writeContent(t, p.path, 7, p.size)
			s.makeBucket(p.bucket, true)
			s.put(p.bucket, p.key, contentBytes(7, meteredSize))
			checkMeteredToTheByte(t, s, c, p)
		})
	}
	s.checkFormatsAgree()
}

func checkMeteredToTheByte(t *testing.T, s *server, c btClient, p published) {
	host, bind := loopback, "127.0.0.51"
	if c.refusesLoopback {
		host, bind = outsideAddress(t), ""
	}
	count := newCounter(t, host, at(host, s.peer))
	m := parseTorrent(t, s.torrentOf(host, p.bucket, p.key).body)
	m.Announce, m.AnnounceList = count.announceURL(), nil
	data, err := m.Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	d := c.start(t, source{link: saveTorrent(t, data), host: bind})
	d.await(downloadIn)
	checkFile(t, d, p)

	payload, requests := count.sent()
	if payload < p.size || requests < m.Info.NumPieces() {
		t.Errorf("the counter saw %d bytes in %d requests, want at least %d in %d", payload, requests, p.size, m.Info.NumPieces())
	}
	gotBytes, gotRequests := s.usage().got(p.bucket)
	for end := time.Now().Add(meteredWithin); (gotBytes < payload || gotRequests < requests) && time.Now().Before(end); {
		gotBytes, gotRequests = s.usage().got(p.bucket)
	}
	if gotBytes != payload || gotRequests != requests {
		t.Errorf("usage = %d bytes, %d requests; the seeder's sockets sent %d bytes, %d pairs of connection and piece",
			gotBytes, gotRequests, payload, requests)
	}
	apartBytes, apartRequests := s.usageBy(func(protocol string) bool { return protocol == "BITTORRENT" }).got(p.bucket)
	if apartBytes != gotBytes || apartRequests != gotRequests {
		t.Errorf("usage of torrents alone = %d bytes, %d requests, want the same", apartBytes, apartRequests)
	}
}
