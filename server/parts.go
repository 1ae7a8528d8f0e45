package server

import (
	"context"
	"errors"
	"fmt"
	"slices"
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
// reverse order, each settled before the next is told, and returns their faults: those of their last work, too.
func runParts(ctx context.Context, parts []part) error {
	failed := make(chan struct{}, len(parts))
	stops := make([]func(deadline <-chan struct{}) error, 0, len(parts))
	for _, p := range parts {
		stops = append(stops, start(ctx, p, failed))
	}
	select {
	case <-ctx.Done():
	case <-failed:
	}
	deadline, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	var faults []error
	for _, stop := range slices.Backward(stops) {
		faults = append(faults, stop(deadline.Done()))
	}
	return errors.Join(faults...)
}

// start runs p with a context that outlives ctx until the returned stop is called, which returns p's fault. One before that
// is told to failed.
func start(ctx context.Context, p part, failed chan<- struct{}) (stop func(deadline <-chan struct{}) error) {
	own, cancel := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan error, 1)
	go func() {
		err := p.run(own)
		switch {
		case err != nil && own.Err() == nil:
			failed <- struct{}{}
		case errors.Is(err, context.Canceled): // that it was told to stop is no fault
			err = nil
		}
		done <- err
	}()
	return func(deadline <-chan struct{}) error {
		cancel()
		select {
		case err := <-done:
			if err != nil {
				return fmt.Errorf("%s: %w", p.name, err)
			}
			return nil
		case <-deadline:
			return fmt.Errorf("%s did not stop within %v", p.name, stopTimeout)
		}
	}
}
