package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// qbittorrent runs qbittorrent-nox with a profile of its own.
func qbittorrent(t testing.TB, s source) *download {
	t.Helper()
	program, dir, profile := findClient(t, "qbittorrent-nox", "qbittorrent-nox"), t.TempDir(), t.TempDir()
	tell, mark := marker(t)
	config := filepath.Join(profile, "qBittorrent", "config", "qBittorrent.conf")
	if err := os.MkdirAll(filepath.Dir(config), 0o700); err != nil {
		t.Fatal(err)
	}
	policy := 0 // allowed
	if s.encryption != nothing {
		policy = 1 // required
	}
	settings := fmt.Sprintf(`[LegalNotice]
Accepted=true
[AutoRun]
enabled=true
program=%s
[BitTorrent]
Session\DefaultSavePath=%s
Session\Port=%d
Session\InterfaceAddress=%s
Session\Encryption=%d
Session\DHTEnabled=false
Session\LSDEnabled=false
Session\PeXEnabled=false
Session\SSRFMitigation=false
[Network]
PortForwardingEnabled=false
`, tell, dir, freePort(t), s.host, policy)
	if err := os.WriteFile(config, []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := client(t, program, "--profile="+profile, fmt.Sprintf("--webui-port=%d", freePort(t)), s.link)
	d := &download{process: startProcess(t, "qbittorrent-nox", cmd), dir: dir}
	d.finished = func() bool { _, err := os.Stat(mark); return err == nil }
	return d
}

// webtorrent runs webtorrent-cli, which binds no address that it is told and ends when it is done.
func webtorrent(t testing.TB, s source) *download {
	t.Helper()
	node, program := findNPM(t, "webtorrent")
	dir := t.TempDir()
	cmd := client(t, node, program, "download", s.link, "--out", dir, "--quiet",
		fmt.Sprintf("--torrent-port=%d", freePort(t)), fmt.Sprintf("--port=%d", freePort(t)), fmt.Sprintf("--dht-port=%d", freePort(t)))
	return &download{process: startProcess(t, "webtorrent", cmd), dir: dir}
}
