package server

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// stopTimeout bounds the whole stop: what is not done by then is cut off, as a crash would.
const stopTimeout = 15 * time.Second

// part is something long-lived. run returns when its ctx is done and its work is settled, or on a fault.
type part struct {
	name string
	run  func(ctx context.Context) error
}

// runParts starts parts in order and waits for ctx, or for one of them to fail. It then stops them in
// reverse order, each settled before the next is told, and returns the first fault.
func runParts(ctx context.Context, parts []part) error {
	failed := make(chan error, len(parts))
	stops := make([]func(deadline <-chan struct{}) error, 0, len(parts))
	for _, p := range parts {
		stops = append(stops, start(ctx, p, failed))
	}
	var fault error
	select {
	case <-ctx.Done():
	case fault = <-failed:
	}
	deadline, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	for i := len(stops) - 1; i >= 0; i-- {
		fault = errors.Join(fault, stops[i](deadline.Done()))
	}
	return fault
}

// start runs p with a context that outlives ctx until the returned stop is called.
func start(ctx context.Context, p part, failed chan<- error) (stop func(deadline <-chan struct{}) error) {
	own, cancel := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	go func() {
		defer close(done)
		err := p.run(own)
		if err != nil && own.Err() == nil {
			failed <- fmt.Errorf("%s: %w", p.name, err)
		}
	}()
	return func(deadline <-chan struct{}) error {
		cancel()
		select {
		case <-done:
			return nil
		case <-deadline:
			return fmt.Errorf("%s did not stop within %v", p.name, stopTimeout)
		}
	}
}
