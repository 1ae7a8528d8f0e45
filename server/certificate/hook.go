package certificate

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/mholt/acmez/v3/acme"
)

const (
	hookTimeout = 5 * time.Minute // it waits until name servers have the record
	hookOutput  = 4 << 10         // bytes of what it prints that are kept for the log
	hookGrace   = 5 * time.Second // for what it has started and left behind
)

// dnsHook is a command that sets and removes TXT records, for DNS-01 (RFC 8555, section 8.4). It is an acmez.Solver.
type dnsHook struct{ command string }

// Present returns when the command says that the record can be seen.
func (h dnsHook) Present(ctx context.Context, c acme.Challenge) error {
	return h.run(ctx, "present", c.DNS01TXTRecordName(), c.DNS01KeyAuthorization())
}

// CleanUp removes the record of that value.
func (h dnsHook) CleanUp(ctx context.Context, c acme.Challenge) error {
	return h.run(ctx, "cleanup", c.DNS01TXTRecordName(), c.DNS01KeyAuthorization())
}

// run starts the command itself, no shell, without the settings of the server: they hold the root key.
func (h dnsHook) run(ctx context.Context, args ...string) error {
	ctx, cancel := context.WithTimeout(ctx, hookTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, h.command, args...)
	cmd.WaitDelay = hookGrace
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "SHOAL_") {
			cmd.Env = append(cmd.Env, v)
		}
	}
	out := &head{}
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s %s: %w: %s", h.command, strings.Join(args, " "), err, out.kept)
	}
	return nil
}

// head keeps the first hookOutput bytes of what is written to it.
type head struct{ kept []byte }

// Write implements io.Writer; it takes everything.
func (h *head) Write(p []byte) (int, error) {
	h.kept = append(h.kept, p[:min(len(p), hookOutput-len(h.kept))]...)
	return len(p), nil
}
