package seeder

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"
	"time"
)

// Pause after an Accept that failed for want of a descriptor or memory: doubled up to the longest.
const (
	firstAcceptPause = 5 * time.Millisecond
	maxAcceptPause   = time.Second
)

// accept hands every connection of l to a goroutine that s.conns counts. It returns nil when ctx is done.
func (s *Seeder) accept(ctx context.Context, l net.Listener) error {
	pause := firstAcceptPause
	for {
		nc, err := l.Accept()
		switch {
		case ctx.Err() != nil:
			if nc != nil {
				nc.Close() // nothing was said on it
			}
			return nil
		case err == nil:
			pause = firstAcceptPause
			s.conns.Go(func() { s.admit(ctx, nc) })
		case passing(err):
			s.o.Logger.Warn("accepting a peer failed, waiting", "error", err, "pause", pause)
			select {
			case <-ctx.Done():
			case <-time.After(pause):
			}
			pause = min(2*pause, maxAcceptPause)
		default:
			l.Close() // it failed already
			return fmt.Errorf("accept peers on %v: %w", l.Addr(), err)
		}
	}
}

// passing reports an error of Accept that another attempt may not meet.
func passing(err error) bool {
	for _, errno := range []syscall.Errno{
		syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.ECONNABORTED, syscall.EINTR,
	} {
		if errors.Is(err, errno) {
			return true
		}
	}
	return false
}
