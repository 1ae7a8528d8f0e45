package seeder

import (
	"testing"
	"time"
)

func TestAllowance(t *testing.T) {
	var a allowance
	start := time.Unix(1000, 0)
	for _, step := range []struct {
		after time.Duration
		want  bool
	}{
		{0, true},
		{0, true},
		{0, false},
		{900 * time.Millisecond, false},
		{1100 * time.Millisecond, true},
		{1100 * time.Millisecond, false},
		{2000 * time.Millisecond, true},
		{time.Hour, true},
		{time.Hour, true},
		{time.Hour, false},
	} {
		if got := a.take(start.Add(step.after), 2, time.Second); got != step.want {
			t.Errorf("after %v: got %v, want %v", step.after, got, step.want)
		}
	}
}
