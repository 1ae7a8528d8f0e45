package e2e

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// peerPort is that of every peer of a swarm: each has an address of its own.
const peerPort = 6881

// role is what a peer does in a swarm.
type role string

const (
	leech     role = "leech" // and stay as a seed
	seed      role = "seed"
	superseed role = "superseed" // BEP 16
)

// swarmPeer is a client in a namespace that stays in the swarm until the test ends.
type swarmPeer struct {
	*process
	kind     string
	begin    func()      // a leecher does nothing before
	complete func() bool // it has every piece
}

// startPeerOf makes a peer of that kind; dir holds the content of a seed, and a leecher writes to it.
type startPeerOf func(t testing.TB, h *host, torrent, dir string, r role) *swarmPeer

// swarmPeers are the kinds by name.
func swarmPeers() map[string]startPeerOf {
	return map[string]startPeerOf{
		"libtorrent":   libtorrentPeer,
		"transmission": transmissionPeer,
		"aria2":        aria2Peer,
		"rtorrent":     rtorrentPeer,
	}
}

// inside moves a client into a namespace.
func inside(t testing.TB, h *host, program string, args ...string) *exec.Cmd {
	argv := h.command(program, args...)
	return client(t, findClient(t, argv[0], "iproute2"), argv[1:]...)
}

// libtorrentPeer is set up before it begins: Python takes longer than many clients at once may.
func libtorrentPeer(t testing.TB, h *host, torrent, dir string, r role) *swarmPeer {
	python := findPython(t, "libtorrent", "python3-libtorrent")
	cmd := inside(t, h, python, script(t, "lt_peer.py"), torrent, dir, fmt.Sprintf("%s:%d", h.address, peerPort), string(r))
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	p := &swarmPeer{process: startProcess(t, "libtorrent", cmd), kind: "libtorrent"}
	eventually(t, readyWithin, "libtorrent is set up", func() bool { _, ok := p.stdout.line("ready"); return ok })
	p.begin = func() { _, _ = io.WriteString(in, "\n") }
	p.complete = func() bool { _, ok := p.stdout.line("complete"); return ok }
	return p
}

// started makes the peer of a client that begins as soon as it runs and touches mark when it is complete.
func started(t testing.TB, kind, mark string, cmd *exec.Cmd) *swarmPeer {
	p := &swarmPeer{kind: kind}
	p.begin = func() { p.process = startProcess(t, kind, cmd) }
	p.complete = func() bool { _, err := os.Stat(mark); return err == nil }
	return p
}

// marker writes a program that touches a file, for clients that run one when they are done.
func marker(t testing.TB) (program, mark string) {
	t.Helper()
	dir := t.TempDir()
	program, mark = filepath.Join(dir, "finished.sh"), filepath.Join(dir, "finished")
	if err := os.WriteFile(program, []byte("#!/bin/sh\n: > "+mark+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return program, mark
}

func transmissionPeer(t testing.TB, h *host, torrent, dir string, r role) *swarmPeer {
	program, config := findClient(t, "transmission-cli", "transmission-cli"), t.TempDir()
	settings := `{"dht-enabled":false,"lpd-enabled":false,"port-forwarding-enabled":false}`
	if err := os.WriteFile(filepath.Join(config, "settings.json"), []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	tell, mark := marker(t)
	args := []string{"--config-dir", config, "--download-dir", dir, "--no-portmap", "--port", fmt.Sprint(peerPort), "--finish", tell}
	if r == seed {
		args = append(args, "--verify")
	}
	return started(t, "transmission", mark, inside(t, h, program, append(args, torrent)...))
}

func aria2Peer(t testing.TB, h *host, torrent, dir string, r role) *swarmPeer {
	tell, mark := marker(t)
	return started(t, "aria2", mark, inside(t, h, findClient(t, "aria2c", "aria2"),
		"--no-conf", "--dir="+dir, "--seed-ratio=0.0", "--file-allocation=none", "--summary-interval=0",
		"--enable-dht=false", "--enable-dht6=false", "--bt-enable-lpd=false", "--show-console-readout=false",
		fmt.Sprintf("--check-integrity=%v", r == seed), fmt.Sprintf("--listen-port=%d", peerPort),
		"--on-bt-download-complete="+tell, torrent))
}

func rtorrentPeer(t testing.TB, h *host, torrent, dir string, _ role) *swarmPeer {
	program, session := findClient(t, "rtorrent", "rtorrent"), t.TempDir()
	tell, mark := marker(t)
	config := filepath.Join(session, "rc")
	rc := fmt.Sprintf(`system.daemon.set = true
directory.default.set = %s
session.path.set = %s
network.port_range.set = %d-%[3]d
dht.mode.set = disable
protocol.pex.set = yes
method.set_key = event.download.finished, mark, "execute.nothrow = %s"
load.start = %s
`, dir, session, peerPort, tell, torrent)
	if err := os.WriteFile(config, []byte(rc), 0o600); err != nil {
		t.Fatal(err)
	}
	return started(t, "rtorrent", mark, inside(t, h, program, "-n", "-o", "import="+config))
}
