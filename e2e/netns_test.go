package e2e

import (
	"cmp"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// Names of namespaces are netnsPrefix, the process that made them, the network and the host in it.
const netnsPrefix = "shoal-"

// Traits of every link besides its rate: what a packet may wait for the shaper, and what passes at once. A queue shorter than
// the 100 ms that uTP aims at (RFC 6817) makes it lose packets as TCP does, which libtorrent's takes badly.
const (
	linkQueue = "100ms"
	linkBurst = "32k"

	linkQueueVariable = "SHOAL_LINK_QUEUE" // names the environment variable that stands for linkQueue
)

// network is a switch in a network namespace of its own. Each host on it is a namespace with one address
// and one link, shaped in both directions. Everything is gone when the test ends.
type network struct {
	t     testing.TB
	name  string
	hosts int
}

// host is one namespace of a network.
type host struct {
	netns, address string
	mbit           int // of its link, each way
}

// newNetwork makes a switch, or skips the test where that is not possible.
func newNetwork(t testing.TB) *network {
	t.Helper()
	shoalBinary(t) // skips in short mode
	if os.Geteuid() != 0 {
		t.Skip("network namespaces need root")
	}
	findClient(t, "ip", "iproute2")
	findClient(t, "tc", "iproute2")
	removeLeftovers()
	n := &network{t: t}
	for i := 0; ; i++ {
		n.name = fmt.Sprintf("%s%d-%d", netnsPrefix, os.Getpid(), i)
		if _, err := os.Stat(filepath.Join("/run/netns", n.hub())); err != nil {
			break
		}
	}
	if out, err := exec.Command("ip", "netns", "add", n.hub()).CombinedOutput(); err != nil {
		t.Skipf("no network namespaces here: %v: %s", err, out)
	}
	t.Cleanup(func() { removeNamespaces(n.name + "-") })
	n.ip("-n", n.hub(), "link", "add", "br0", "type", "bridge")
	n.ip("-n", n.hub(), "address", "add", n.address(254), "dev", "br0")
	n.ip("-n", n.hub(), "link", "set", "br0", "up")
	return n
}

func (n *network) hub() string { return n.name + "-hub" }

// address returns a host's address: none of a private network, since those are told to nobody outside.
func (n *network) address(host int) string { return fmt.Sprintf("11.0.0.%d/24", host) }

// host adds one whose link carries that many Mbit/s each way.
func (n *network) host(mbit int) *host {
	n.t.Helper()
	n.hosts++
	address, _, _ := strings.Cut(n.address(n.hosts), "/")
	h := &host{netns: fmt.Sprintf("%s-%d", n.name, n.hosts), address: address, mbit: mbit}
	port := fmt.Sprintf("port%d", n.hosts)
	n.ip("netns", "add", h.netns)
	n.ip("-n", n.hub(), "link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", h.netns)
	n.ip("-n", n.hub(), "link", "set", port, "master", "br0", "up")
	n.ip("-n", h.netns, "address", "add", n.address(n.hosts), "dev", "eth0")
	n.ip("-n", h.netns, "link", "set", "lo", "up")
	n.ip("-n", h.netns, "link", "set", "eth0", "up")
	n.shape(h.netns, "eth0", mbit)
	n.shape(n.hub(), port, mbit)
	return h
}

// shape limits what leaves by a device.
func (n *network) shape(netns, device string, mbit int) {
	n.t.Helper()
	out, err := exec.Command("tc", "-n", netns, "qdisc", "add", "dev", device, "root",
		"tbf", "rate", fmt.Sprintf("%dmbit", mbit), "burst", linkBurst,
		"latency", cmp.Or(os.Getenv(linkQueueVariable), linkQueue)).CombinedOutput()
	if err != nil {
		n.t.Skipf("this kernel does not shape links: %v: %s", err, out)
	}
}

func (n *network) ip(args ...string) {
	n.t.Helper()
	if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
		n.t.Fatalf("ip %s: %v: %s", strings.Join(args, " "), err, out)
	}
}

// listen listens on the switch, whose links are not shaped.
func (n *network) listen() net.Listener {
	n.t.Helper()
	var l net.Listener
	address, _, _ := strings.Cut(n.address(254), "/")
	err := within(n.hub(), func() (err error) {
		l, err = net.Listen("tcp4", address+":0")
		return err
	})
	if err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(func() { _ = l.Close() })
	return l
}

// command makes the command that runs a program in the namespace.
func (h *host) command(program string, args ...string) []string {
	return append([]string{"ip", "netns", "exec", h.netns, program}, args...)
}

// sent returns the bytes that have left by the host's link, headers and all.
func (h *host) sent(t testing.TB) int64 {
	t.Helper()
	out, err := exec.Command("ip", "netns", "exec", h.netns, "cat", "/sys/class/net/eth0/statistics/tx_bytes").Output()
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(out)), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// within calls do on a thread that is in the namespace: the sockets it makes stay there.
func within(netns string, do func() error) error {
	errs := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
		if unix.Gettid() == unix.Getpid() {
			// The main thread does not end: the process would stay in the namespace, and be killed with it.
			errs <- within(netns, do)
			runtime.UnlockOSThread()
			return
		}
		ns, err := os.Open(filepath.Join("/run/netns", netns))
		if err == nil {
			err = unix.Setns(int(ns.Fd()), unix.CLONE_NEWNET)
			_ = ns.Close()
		}
		if err == nil {
			err = do()
		}
		errs <- err
	}()
	return <-errs
}

// removeLeftovers removes the namespaces of test processes that ended without doing so.
func removeLeftovers() {
	names, _ := filepath.Glob(filepath.Join("/run/netns", netnsPrefix+"*-*"))
	for _, path := range names {
		pid, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(path), netnsPrefix), "-")
		if _, err := os.Stat("/proc/" + pid); os.IsNotExist(err) {
			removeNamespaces(filepath.Base(path))
		}
	}
}

// removeNamespaces removes those whose names begin so, with what runs in them; the kernel takes their links.
func removeNamespaces(prefix string) {
	names, _ := filepath.Glob(filepath.Join("/run/netns", prefix+"*"))
	for _, path := range names {
		netns := filepath.Base(path)
		pids, _ := exec.Command("ip", "netns", "pids", netns).Output()
		for _, field := range strings.Fields(string(pids)) {
			if pid, err := strconv.Atoi(field); err == nil {
				_ = unix.Kill(pid, unix.SIGKILL) // it may have ended this moment
			}
		}
		_ = exec.Command("ip", "netns", "delete", netns).Run()
	}
}
