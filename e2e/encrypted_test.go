package e2e

import (
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// encryption is what a client demands that its peers encrypt (MSE).
type encryption string

const (
	nothing encryption = ""
	opening encryption = "opening" // the handshake; the payload may go in the clear
	payload encryption = "payload" // that too, by RC4
)

const (
	encryptedSize = 20_000_000 // bytes

	encryptedMetric = "shoal_seeder_encrypted_connections_total"
	payloadMetric   = "shoal_seeder_payload_bytes_total"
)

// TestEncryptedPeers: clients that insist on encryption get the object over a connection of the kind they want.
func TestEncryptedPeers(t *testing.T) {
	for _, policy := range []string{"accept", "require"} {
		t.Run(policy, func(t *testing.T) {
			s := start(t, options{host: "any", flags: []string{"--peer-encryption", policy}})
			s.makeBucket("encrypted", true)
			for i, c := range btClients() {
				for j, e := range []encryption{opening, payload} {
					t.Run(c.name+"/"+string(e), func(t *testing.T) {
						if e == opening && c.name == "transmission-cli" {
							t.Skip("3.00 offers RC4 alone when it prefers encryption")
						}
						bind := fmt.Sprintf("127.0.%d.%d", 71+i, 1+j)
						checkEncrypted(t, s.in(t), c, e, bind, e == payload || policy == "require")
					})
				}
			}
		})
	}
}

// checkEncrypted has a client fetch an object, and looks whether the payload came encrypted.
func checkEncrypted(t *testing.T, s *server, c btClient, e encryption, bind string, want bool) {
	p := published{bucket: "encrypted", key: fmt.Sprintf("%s %s.bin", c.name, e), path: filepath.Join(t.TempDir(), "object"), size: encryptedSize}
	p.sha256 = writeContent(t, p.path, 13, p.size)
	s.put(p.bucket, p.key, contentBytes(13, encryptedSize))
	host := ""
	if c.refusesLoopback {
		host, bind = outsideAddress(t), ""
	}
	encryptedBefore, sentBefore := s.metric(encryptedMetric), s.metric(payloadMetric)
	link := saveTorrent(t, s.torrentAt(host, p.bucket, p.key, plainTorrent).body)
	began := time.Now()
	d := c.start(t, source{link: link, host: bind, encryption: e})
	eventually(t, downloadIn, "the first byte", func() bool { return s.metric(payloadMetric) > sentBefore })
	first := time.Since(began)
	d.await(downloadIn)
	t.Logf("first byte after %.2f s, all after %.2f s", first.Seconds(), time.Since(began).Seconds())
	checkFile(t, d, p)
	if got := s.metric(encryptedMetric) > encryptedBefore; got != want {
		t.Errorf("payload encrypted: %v, want %v", got, want)
	}
}

// metric returns the value of a metric without labels.
func (s *server) metric(name string) float64 {
	s.t.Helper()
	resp, err := http.Get(s.url(loopback) + "/_shoal/metrics")
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	all, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(all), "\n"+name+" ")
	value, _, _ := strings.Cut(rest, "\n")
	n, err := strconv.ParseFloat(value, 64)
	if !found || err != nil {
		s.t.Fatalf("metric %s: %q, %v", name, value, err)
	}
	return n
}
