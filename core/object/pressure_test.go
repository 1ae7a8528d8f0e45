package object

import (
	"errors"
	"testing"
	"time"

	"shoal/core/fault"
	"shoal/storage/blob"
)

func TestPressureShortensGrace(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	const grace = 10 * time.Minute
	tests := []struct {
		name  string
		err   error
		after time.Duration
		grace time.Duration
		want  time.Duration // due, from now on
	}{
		{"no write failed", nil, 0, grace, 0},
		{"a write failed otherwise", errors.New("broken"), 0, grace, 0},
		{"the disk is full", blob.ErrNoSpace, 0, grace, grace - pressedGrace},
		{"the disk is full, as a fault", fault.New("put", "b/k", fault.NoSpace, nil), 0, grace, grace - pressedGrace},
		{"long ago", blob.ErrNoSpace, pressureLasts + time.Second, grace, 0},
		{"the grace is short anyway", blob.ErrNoSpace, 0, time.Second, 0},
	}
	for _, tt := range tests {
		var p pressure
		p.note(tt.err, now)
		at := now.Add(tt.after)
		if got := p.due(at, tt.grace).Sub(at); got != tt.want {
			t.Errorf("%s: due %v ahead, want %v", tt.name, got, tt.want)
		}
	}
}
