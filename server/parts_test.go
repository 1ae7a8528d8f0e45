package server

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
)

func TestPartsStopInReverse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var stopped []string
		wait := func(name string) part {
			return part{name, func(ctx context.Context) error {
				<-ctx.Done()
				stopped = append(stopped, name)
				return ctx.Err()
			}}
		}
		ctx, cancel := context.WithCancel(t.Context())
		result := make(chan error)
		go func() { result <- runParts(ctx, []part{wait("store"), wait("worker"), wait("front")}) }()
		synctest.Wait()
		cancel()
		if err := <-result; err != nil {
			t.Errorf("runParts = %v, want nil", err)
		}
		if want := []string{"front", "worker", "store"}; !slices.Equal(stopped, want) {
			t.Errorf("stopped %v, want %v", stopped, want)
		}
	})
}

func TestPartFaultStopsTheRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stopped := false
		err := runParts(t.Context(), []part{
			{"worker", func(ctx context.Context) error { <-ctx.Done(); stopped = true; return nil }},
			{"front", func(context.Context) error { return errors.New("listener died") }},
		})
		if err == nil || !strings.Contains(err.Error(), "front: listener died") {
			t.Errorf("runParts = %v, want the front's fault", err)
		}
		if !stopped {
			t.Error("the worker was not stopped")
		}
	})
}

// What a part could not do at the end, such as writing what it still has in memory, is the fault of the whole.
func TestFaultOfTheLastWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		last := func(ctx context.Context) error { <-ctx.Done(); return errors.New("disk full") }
		err := runParts(ctx, []part{{"meter", last}, {"savings", last}})
		if err == nil || err.Error() != "savings: disk full\nmeter: disk full" {
			t.Errorf("runParts = %v, want the faults of both", err)
		}
	})
}

func TestPartsThatHangAreGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		hang := func(context.Context) error { <-release; return nil }
		err := runParts(ctx, []part{{"stuck", hang}, {"stiff", hang}})
		for _, want := range []string{"stuck did not stop", "stiff did not stop"} {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("runParts = %v, want %q in it", err, want)
			}
		}
		close(release)
	})
}
