package e2e

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"shoal/wire/torrent"
)

const (
	dhtNodes       = 12
	dhtReadyWithin = 30 * time.Second
	announceWithin = 30 * time.Second
)

// dhtOfNodes is a DHT of libtorrent nodes on loopback.
type dhtOfNodes struct {
	*process
	nodes []string // HOST:PORT
}

// startDHT starts it, with each node on further addresses as well.
func startDHT(t *testing.T, further ...string) *dhtOfNodes {
	t.Helper()
	python := findPython(t, "libtorrent", "python3-libtorrent")
	args := append([]string{script(t, "lt_dht_nodes.py"), fmt.Sprint(dhtNodes)}, further...)
	d := &dhtOfNodes{process: startProcess(t, "DHT", client(t, python, args...))}
	eventually(t, dhtReadyWithin, "the DHT is there", func() bool {
		line, ok := d.stdout.line("nodes ")
		d.nodes = strings.Split(strings.TrimPrefix(line, "nodes "), ",")
		return ok
	})
	return d
}

// announced returns how often nodes were told that an infohash has a peer there.
func (d *dhtOfNodes) announced(h torrent.InfoHash, peer string) int {
	return strings.Count(d.stdout.String(), fmt.Sprintf("announce %s %s\n", h, peer))
}

// flags make a server announce to d from an address, so many lookups a minute.
func (d *dhtOfNodes) flags(from string, lookups int) []string {
	return []string{
		"--dht", "--dht-addr", from, "--dht-bootstrap", strings.Join(d.nodes[:2], ","),
		"--dht-lookups", strconv.Itoa(lookups),
	}
}

// TestFoundThroughDHT: who has only the infohash finds the seeder by the DHT and gets the object.
func TestFoundThroughDHT(t *testing.T) {
	d := startDHT(t)
	s := start(t, options{flags: d.flags(loopback+":0", 600)})
	s.makeBucket("open", true)
	s.makeBucket("shut", false)
	s.addGuest("shut")
	p := published{bucket: "open", key: "found.bin", path: filepath.Join(t.TempDir(), "found"), size: smallSize}
	p.sha256 = writeContent(t, p.path, 7, p.size)
	for _, bucket := range []string{"open", "shut"} {
		putFile(t, s, p.path, &s3.PutObjectInput{Bucket: &bucket, Key: &p.key})
	}
	made := func(query string) *torrent.Metainfo {
		return parseTorrent(t, s.torrentAt("", p.bucket, p.key, query).body)
	}
	plain, hybrid, pure := made(plainTorrent), made(hybridTorrent), made(pureTorrent)
	private := parseTorrent(t, s.privateTorrent("shut", p.key, ""))
	for _, h := range []torrent.InfoHash{plain.InfoHash(), hybrid.InfoHash(), hybrid.InfoHashV2().Truncate(), pure.InfoHashV2().Truncate()} {
		eventually(t, announceWithin, fmt.Sprintf("%s is announced", h), func() bool { return d.announced(h, s.peer) >= dhtNodes/2 })
	}
	eventually(t, announceWithin, "nothing waits to be announced", func() bool { return s.metric("shoal_dht_late_torrents") == 0 })
	if torrents, lookups := s.metric("shoal_dht_torrents"), s.metric("shoal_dht_lookups_total"); torrents != 3 || lookups != 4 {
		t.Errorf("%v torrents by %v lookups, want the public ones alone, the hybrid one by both hashes", torrents, lookups)
	}
	if n := strings.Count(d.stdout.String(), private.InfoHash().String()); n != 0 {
		t.Errorf("the infohash of the private torrent was announced to %d nodes", n)
	}
	// Not by the hybrid torrent: libtorrent 2.0 that is told of a peer by both hashes may leave it alone for a while.
	for _, c := range []struct {
		name, magnet string
		start        func(testing.TB, source) *download
		host         string
	}{
		{"libtorrent by v1", "btih:" + plain.InfoHash().String(), libtorrent, "127.0.0.71"},
		{"libtorrent by v2", "btmh:1220" + pure.InfoHashV2().String(), libtorrent, "127.0.0.72"},
		{"aria2c", "btih:" + plain.InfoHash().String(), aria2, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := c.start(t, source{link: "magnet:?xt=urn:" + c.magnet, host: c.host, dht: d.nodes[dhtNodes-1]})
			got.await(downloadIn)
			checkFile(t, got, p)
		})
	}
}

// TestAnnouncedOverIPv6: nodes of IPv6 are found by way of those of IPv4 (BEP 32).
func TestAnnouncedOverIPv6(t *testing.T) {
	const loopback6 = "::1"
	probe, err := net.ListenPacket("udp6", "[::1]:0")
	if err != nil {
		t.Skipf("this machine has no IPv6: %v", err)
	}
	probe.Close()
	d := startDHT(t, loopback6)
	s := start(t, options{host: "any", flags: d.flags(":0", 600)})
	s.makeBucket("open", true)
	s.put("open", "key", contentBytes(8, smallSize/10))
	h := parseTorrent(t, s.torrentOf("", "open", "key").body).InfoHash()
	for _, host := range []string{loopback, loopback6} {
		peer := fmt.Sprintf("%s:%d", host, port(t, s.peer))
		eventually(t, announceWithin, "announced from "+host, func() bool { return d.announced(h, peer) >= dhtNodes/2 })
	}
}

// TestMadePrivateIsNotAnnounced: a torrent whose turn comes after its object was made private is not announced.
func TestMadePrivateIsNotAnnounced(t *testing.T) {
	d := startDHT(t)
	s := start(t, options{flags: d.flags(loopback+":0", 20)}) // one lookup every three seconds
	for i, bucket := range []string{"first", "taken", "last"} {
		s.makeBucket(bucket, true)
		s.put(bucket, "key", contentBytes(uint64(i), smallSize/10))
	}
	hash := func(bucket string) torrent.InfoHash {
		return parseTorrent(t, s.torrentOf("", bucket, "key").body).InfoHash()
	}
	told := func(h torrent.InfoHash) func() bool {
		return func() bool { return d.announced(h, s.peer) >= dhtNodes/2 }
	}
	eventually(t, announceWithin, "the first torrent is announced", told(hash("first")))
	taken := hash("taken")
	bucket := "taken"
	if _, err := s.sdk().DeleteBucketPolicy(t.Context(), &s3.DeleteBucketPolicyInput{Bucket: &bucket}); err != nil {
		t.Fatal(err)
	}
	if d.announced(taken, s.peer) != 0 {
		t.Skip("this machine was too slow: it was announced before it was made private")
	}
	eventually(t, announceWithin, "the last torrent is announced", told(hash("last")))
	eventually(t, announceWithin, "nothing waits to be announced", func() bool { return s.metric("shoal_dht_late_torrents") == 0 })
	if n := d.announced(taken, s.peer); n != 0 {
		t.Errorf("announced to %d nodes after it was made private", n)
	}
	if got := s.metric("shoal_dht_lookups_total"); got != 2 {
		t.Errorf("%v lookups, want 2", got)
	}
}

// TestNoDHTByDefault: without --dht there is no socket from which anything could be sent to a node.
func TestNoDHTByDefault(t *testing.T) {
	off := start(t, options{flags: []string{"--dht-bootstrap", loopback + ":9"}})
	want := []uint16{port(t, off.tracker), port(t, off.peer)}
	slices.Sort(want)
	if got := udpPorts(t, off.proc.cmd.Process.Pid); !slices.Equal(got, want) {
		t.Errorf("UDP ports %v, want those of tracker and seeder %v", got, want)
	}
	on := start(t, options{flags: []string{"--dht", "--dht-addr", loopback + ":0", "--dht-bootstrap", loopback + ":9"}})
	if got := udpPorts(t, on.proc.cmd.Process.Pid); len(got) != 3 {
		t.Errorf("UDP ports %v with --dht, want one more", got)
	}
}

// udpPorts returns the ports of the UDP sockets of a process, sorted.
func udpPorts(t testing.TB, pid int) (ports []uint16) {
	t.Helper()
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	if err != nil || len(files) == 0 {
		t.Skipf("no descriptors of process %d to be seen: %v", pid, err)
	}
	sockets := map[string]bool{} // by inode
	for _, f := range files {
		target, _ := os.Readlink(f)
		if inode, ok := strings.CutPrefix(target, "socket:["); ok {
			sockets[strings.TrimSuffix(inode, "]")] = true
		}
	}
	for _, table := range []string{"/proc/net/udp", "/proc/net/udp6"} {
		text, err := os.ReadFile(table)
		if err != nil {
			continue // a machine without IPv6
		}
		for line := range strings.Lines(string(text)) {
			columns := strings.Fields(line)
			if len(columns) < 10 || !sockets[columns[9]] {
				continue
			}
			n, err := strconv.ParseUint(columns[1][strings.LastIndex(columns[1], ":")+1:], 16, 16)
			if err != nil {
				t.Fatal(err)
			}
			ports = append(ports, uint16(n))
		}
	}
	slices.Sort(ports)
	return slices.Compact(ports)
}
