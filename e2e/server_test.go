package e2e

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The root key of every server in these tests.
const (
	rootKey    = "SHOALTESTROOT"
	rootSecret = "not-a-secret-only-for-tests"
	region     = "us-east-1"
)

const (
	loopback    = "127.0.0.1"
	readyWithin = 15 * time.Second
	fsckWithin  = 2 * time.Minute
)

// options of a server. The zero value listens on loopback only, on free ports, in a new directory.
type options struct {
	data  string   // data directory
	host  string   // to bind; "any" means every address
	flags []string // further flags of serve
	serve []string // the command that serves, when it is not `shoal serve`
}

// server is one data directory and, while it runs, the process that serves it.
type server struct {
	t                 testing.TB
	data              string
	flags             []string
	serve             []string
	host              *host // where it runs; nil for this machine's own network
	proc              *process
	s3, tracker, peer string // HOST:PORT; an unspecified host is given as loopback
	ready             time.Duration
}

// start runs `shoal serve` and waits until it is ready. When the test ends, the store is checked and the
// server stopped, which must end with exit code 0.
func start(t testing.TB, o options) *server {
	t.Helper()
	host := o.host
	switch host {
	case "":
		host = loopback
	case "any":
		host = ""
	}
	s := &server{t: t, data: o.data, flags: o.flags, serve: o.serve}
	if s.data == "" {
		s.data = t.TempDir()
	}
	s.s3, s.tracker, s.peer = host+":0", host+":0", host+":0"
	s.run()
	t.Cleanup(func() {
		if s.proc.running() {
			s.fsck()
			s.stop()
		}
	})
	return s
}

// in returns the server for use in a subtest, which must neither stop nor restart it.
func (s *server) in(t testing.TB) *server {
	sub := *s
	sub.t = t
	return &sub
}

// run starts the process on the addresses of s and takes over the ones it reports.
func (s *server) run() {
	s.t.Helper()
	args := s.serve
	if args == nil {
		args = []string{shoalBinary(s.t), "serve"}
	}
	args = slices.Concat(args, []string{
		"--data", s.data, "--s3-addr", s.s3, "--tracker-addr", s.tracker, "--peer-addr", s.peer,
	}, s.flags)
	if s.host != nil {
		args = s.host.command(args[0], args[1:]...)
	}
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = append(cleanEnviron(), "SHOAL_ROOT_ACCESS_KEY="+rootKey, "SHOAL_ROOT_SECRET_KEY="+rootSecret)
	began := time.Now()
	s.proc = startProcess(s.t, "shoal serve", cmd)
	s.proc.logged = true
	var line string
	eventually(s.t, readyWithin, "the server is ready", func() bool {
		var ok bool
		if line, ok = s.proc.stdout.line("shoal ready "); !ok && !s.proc.running() {
			s.t.Fatalf("shoal serve ended with code %d before it was ready", s.proc.exitCode(0))
		}
		return ok
	})
	s.ready = time.Since(began)
	if _, err := fmt.Sscanf(line, "shoal ready s3=%s tracker=%s peer=%s", &s.s3, &s.tracker, &s.peer); err != nil {
		s.t.Fatalf("ready line %q: %v", line, err)
	}
}

// stop ends the server as an operator does.
func (s *server) stop() {
	s.t.Helper()
	s.proc.signal(syscall.SIGTERM)
	if code := s.proc.exitCode(stopWithin); code != 0 {
		s.t.Errorf("exit code after SIGTERM = %d, want 0", code)
	}
}

// kill ends the server as a power cut of the process would.
func (s *server) kill() {
	s.t.Helper()
	s.proc.signal(syscall.SIGKILL)
	<-s.proc.ended
}

// url returns the S3 endpoint under host; "" means loopback or the host that is bound.
func (s *server) url(host string) string { return "http://" + at(host, s.s3) }

// at returns bound with its host replaced by host, or, when that is "", by one that can be dialled.
func at(host, bound string) string {
	b, port, err := net.SplitHostPort(bound)
	if err != nil {
		panic(err) // what the server printed was parsed before
	}
	if host == "" {
		host = b
		if ip := net.ParseIP(b); b == "" || (ip != nil && ip.IsUnspecified()) {
			host = loopback
		}
	}
	return net.JoinHostPort(host, port)
}

func port(t testing.TB, addr string) uint16 {
	t.Helper()
	_, p, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.ParseUint(p, 10, 16)
	if err != nil {
		t.Fatal(err)
	}
	return uint16(n)
}

// fsck checks the store, through the running server or offline.
func (s *server) fsck() {
	s.t.Helper()
	if out, code := s.command("fsck", "--data", s.data); code != 0 {
		s.t.Errorf("shoal fsck: exit code %d\n%s", code, out)
	}
}

// command runs one shoal command to its end and returns what it printed on standard output.
func (s *server) command(args ...string) (stdout string, code int) {
	s.t.Helper()
	cmd := exec.Command(shoalBinary(s.t), args...)
	cmd.Env = cleanEnviron()
	p := startProcess(s.t, "shoal "+args[0], cmd)
	code = p.exitCode(fsckWithin)
	if code != 0 {
		s.t.Logf("shoal %s: %s", strings.Join(args, " "), p.stderr)
	}
	return p.stdout.String(), code
}

// cleanEnviron is our environment without the settings that would reach shoal or an AWS client.
func cleanEnviron() []string {
	var env []string
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "SHOAL_") && !strings.HasPrefix(v, "AWS_") {
			env = append(env, v)
		}
	}
	return env
}

// outsideAddress returns an address of this machine that is not loopback, for clients that refuse
// loopback peers.
func outsideAddress(t testing.TB) string {
	t.Helper()
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range addrs {
		if n, ok := a.(*net.IPNet); ok && n.IP.To4() != nil && n.IP.IsGlobalUnicast() {
			return n.IP.String()
		}
	}
	t.Skip("this machine has no address but loopback")
	return ""
}
