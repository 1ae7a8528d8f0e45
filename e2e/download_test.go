package e2e

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// source is what a BitTorrent client starts from.
type source struct {
	link       string     // .torrent file, magnet link or URL
	host       string     // address that the client binds; "" for its default
	limit      int64      // bytes per second; 0 for none
	encryption encryption // that peers must have
	dht        string     // HOST:PORT of a DHT node to begin with; "" for no DHT
	utp        bool       // for transmission-cli: dial over uTP first; libtorrent always does
}

// download is a BitTorrent client at work in a directory of its own.
type download struct {
	*process
	dir      string
	finished func() bool // for a client that goes on seeding; nil when it ends by itself
}

// await waits until the client has everything and ends it.
func (d *download) await(within time.Duration) {
	d.t.Helper()
	end := time.Now().Add(within)
	for d.running() && (d.finished == nil || !d.finished()) {
		if time.Now().After(end) {
			d.t.Fatalf("%s has not finished within %v", d.name, within)
		}
		time.Sleep(pollEvery)
	}
	if d.running() {
		d.signal(syscall.SIGTERM)
		d.exitCode(stopWithin)
		return
	}
	d.succeed(stopWithin)
}

// btClient is a BitTorrent program.
type btClient struct {
	name  string
	start func(t testing.TB, s source) *download // skips when it is not installed
	// refusesLoopback: it takes no peer on 127.0.0.0/8, so it has to reach the server otherwise.
	refusesLoopback bool
}

func btClients() []btClient {
	return []btClient{
		{name: "aria2c", start: aria2},
		{name: "libtorrent", start: libtorrent},
		{name: "transmission-cli", start: transmission, refusesLoopback: true},
		{name: "rtorrent", start: rtorrent},
	}
}

func aria2(t testing.TB, s source) *download {
	t.Helper()
	program, dir := findClient(t, "aria2c", "aria2"), t.TempDir()
	args := []string{
		"--no-conf", "--dir=" + dir, "--seed-time=0", "--file-allocation=none", "--summary-interval=0",
		fmt.Sprintf("--enable-dht=%v", s.dht != ""), "--enable-dht6=false", "--bt-enable-lpd=false",
		fmt.Sprintf("--listen-port=%d", freePort(t)), fmt.Sprintf("--max-download-limit=%d", s.limit),
		"--bt-tracker-connect-timeout=5", "--show-console-readout=false",
	}
	if s.host != "" {
		args = append(args, "--interface="+s.host)
	}
	if s.dht != "" {
		args = append(args, "--dht-entry-point="+s.dht, "--dht-file-path="+filepath.Join(dir, "dht.dat"), fmt.Sprintf("--dht-listen-port=%d", freePort(t)))
	}
	if s.encryption != nothing {
		args = append(args, "--bt-require-crypto=true", "--bt-min-crypto-level="+
			map[encryption]string{opening: "plain", payload: "arc4"}[s.encryption])
	}
	return &download{process: startProcess(t, "aria2c", client(t, program, append(args, s.link)...)), dir: dir}
}

func libtorrent(t testing.TB, s source) *download {
	t.Helper()
	python, dir := findPython(t, "libtorrent", "python3-libtorrent"), t.TempDir()
	host := s.host
	if host == "" {
		host = loopback
	}
	cmd := client(t, python, script(t, "lt_download.py"), s.link, dir,
		fmt.Sprintf("%s:%d", host, freePort(t)), fmt.Sprint(s.limit), string(s.encryption), s.dht)
	return &download{process: startProcess(t, "libtorrent", cmd), dir: dir}
}

// libtorrentStatus is a line that lt_download.py prints.
type libtorrentStatus struct {
	Payload, Done, Peers int64
	State, Error, V1, V2 string
}

// status returns the last line that a libtorrent download has printed.
func (d *download) status() libtorrentStatus {
	d.t.Helper()
	var s libtorrentStatus
	lines := strings.Split(strings.TrimSpace(d.stdout.String()), "\n")
	if last := lines[len(lines)-1]; last != "" {
		if err := json.Unmarshal([]byte(last), &s); err != nil {
			d.t.Fatalf("libtorrent printed %q: %v", last, err)
		}
	}
	return s
}

func transmission(t testing.TB, s source) *download {
	t.Helper()
	program, dir, config := findClient(t, "transmission-cli", "transmission-cli"), t.TempDir(), t.TempDir()
	settings := fmt.Sprintf(`{"dht-enabled":false,"lpd-enabled":false,"pex-enabled":false,"utp-enabled":%v,
		"port-forwarding-enabled":false,"speed-limit-down-enabled":%v,"speed-limit-down":%d}`, s.utp, s.limit > 0, s.limit/1000)
	if err := os.WriteFile(filepath.Join(config, "settings.json"), []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	mark, tell := filepath.Join(config, "finished"), filepath.Join(config, "finish.sh")
	if err := os.WriteFile(tell, []byte("#!/bin/sh\n: > "+mark+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	policy := "--encryption-tolerated"
	if s.encryption != nothing {
		policy = "--encryption-required"
	}
	cmd := client(t, program, "--config-dir", config, "--download-dir", dir, "--no-portmap",
		policy, "--port", fmt.Sprint(freePort(t)), "--finish", tell, s.link)
	d := &download{process: startProcess(t, "transmission-cli", cmd), dir: dir}
	d.finished = func() bool { _, err := os.Stat(mark); return err == nil }
	return d
}

func rtorrent(t testing.TB, s source) *download {
	t.Helper()
	program, dir, session := findClient(t, "rtorrent", "rtorrent"), t.TempDir(), t.TempDir()
	mark, config := filepath.Join(session, "finished"), filepath.Join(session, "rc")
	host := s.host
	if host == "" {
		host = loopback
	}
	policy := map[encryption]string{
		nothing: "none", opening: "allow_incoming,try_outgoing,require", payload: "allow_incoming,try_outgoing,require,require_rc4",
	}[s.encryption]
	rc := fmt.Sprintf(`system.daemon.set = true
directory.default.set = %s
session.path.set = %s
network.bind_address.set = %s
network.port_range.set = %d-%[4]d
dht.mode.set = disable
protocol.pex.set = no
trackers.use_udp.set = no
throttle.global_down.max_rate.set_kb = %d
protocol.encryption.set = %s
method.set_key = event.download.finished, mark, "execute.nothrow = touch, %s"
load.start = %s
`, dir, session, host, freePort(t), s.limit/1000, policy, mark, s.link)
	if err := os.WriteFile(config, []byte(rc), 0o600); err != nil {
		t.Fatal(err)
	}
	d := &download{process: startProcess(t, "rtorrent", client(t, program, "-n", "-o", "import="+config)), dir: dir}
	d.finished = func() bool { _, err := os.Stat(mark); return err == nil }
	return d
}

// freePort returns a port that was free a moment ago.
func freePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// script returns the path of a file in testdata.
func script(t testing.TB, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return path
}
