package e2e

import (
	"bytes"
	"errors"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

const (
	pollEvery   = 10 * time.Millisecond
	shownOutput = 6 << 10 // bytes of a failed process's output that are logged
	stopWithin  = 20 * time.Second
)

// process is a program that a test has started. It and its children are gone when the test ends.
type process struct {
	t      testing.TB
	name   string
	cmd    *exec.Cmd
	stdout *output
	stderr *output
	ended  chan struct{} // closed when the program has ended
	err    error         // of Wait; read it after ended
	logged bool          // when the test fails, show what it printed even if it ended well
}

// startProcess starts cmd in a process group of its own.
func startProcess(t testing.TB, name string, cmd *exec.Cmd) *process {
	t.Helper()
	p := &process{t: t, name: name, cmd: cmd, stdout: &output{}, stderr: &output{}, ended: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = p.stdout, p.stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.WaitDelay = time.Second // for a grandchild that holds the pipes
	if err := cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", name, err)
	}
	go func() {
		p.err = cmd.Wait()
		close(p.ended)
	}()
	t.Cleanup(func() {
		unfinished := p.running()
		p.signal(syscall.SIGKILL)
		<-p.ended
		if t.Failed() && (p.logged || unfinished || cmd.ProcessState.ExitCode() != 0) {
			t.Logf("output of %s (%s):\n%s", name, strings.Join(cmd.Args, " "), p.tail())
		}
	})
	return p
}

// signal sends s to the process and its children unless it has ended.
func (p *process) signal(s syscall.Signal) {
	select {
	case <-p.ended:
	default:
		_ = syscall.Kill(-p.cmd.Process.Pid, s) // it may have ended this moment
	}
}

func (p *process) running() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// exitCode waits for the end; -1 means ended by a signal.
func (p *process) exitCode(within time.Duration) int {
	p.t.Helper()
	select {
	case <-p.ended:
	case <-time.After(within):
		p.t.Fatalf("%s still runs after %v", p.name, within)
	}
	var exit *exec.ExitError
	if p.err != nil && !errors.As(p.err, &exit) && !errors.Is(p.err, exec.ErrWaitDelay) {
		p.t.Fatalf("%s: %v", p.name, p.err)
	}
	return p.cmd.ProcessState.ExitCode()
}

// succeed waits for exit code 0.
func (p *process) succeed(within time.Duration) {
	p.t.Helper()
	if code := p.exitCode(within); code != 0 {
		p.t.Fatalf("%s: exit code %d, want 0", p.name, code)
	}
}

func (p *process) tail() string {
	s := p.stdout.String() + p.stderr.String()
	if len(s) > shownOutput {
		s = "..." + s[len(s)-shownOutput:]
	}
	return s
}

// output collects what a process prints.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer // guarded by mu
}

// Write implements io.Writer.
func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(b)
}

// String returns everything printed so far.
func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// line returns the first complete line with that prefix.
func (o *output) line(prefix string) (string, bool) {
	lines := strings.SplitAfter(o.String(), "\n")
	for _, l := range lines {
		if strings.HasPrefix(l, prefix) && strings.HasSuffix(l, "\n") {
			return strings.TrimSuffix(l, "\n"), true
		}
	}
	return "", false
}

// eventually polls ok until it holds or the time is over.
func eventually(t testing.TB, within time.Duration, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(within); !ok(); time.Sleep(pollEvery) {
		if time.Now().After(end) {
			t.Fatalf("not within %v: %s", within, what)
		}
	}
}
