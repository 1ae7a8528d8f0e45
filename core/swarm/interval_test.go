package swarm

import (
	"testing"
	"time"
)

func TestIntervalFor(t *testing.T) {
	const steady = 30 * time.Minute
	tests := []struct {
		name    string
		age     time.Duration
		growing bool
		steady  time.Duration
		jitter  float64
		want    time.Duration
	}{
		{"born, least", 0, false, steady, 0, time.Minute},
		{"born, most", 0, false, steady, 1, 66 * time.Second},
		{"crowd, least", time.Minute, true, steady, 0, 15 * time.Second},
		{"crowd, most", 0, true, steady, 1, 30 * time.Second},
		{"adolescent", 5 * time.Minute, false, steady, 0.5, 5 * time.Minute},
		{"steady, least", time.Hour, false, steady, 0, 27 * time.Minute},
		{"steady, most", time.Hour, false, steady, 1, 33 * time.Minute},
		{"old and growing", time.Hour, true, steady, 0.5, 5 * time.Minute},
		{"crowd, configured short", 0, true, 10 * time.Second, 0.5, 10 * time.Second},
		{"configured short", time.Hour, false, 10 * time.Second, 0.5, 10 * time.Second},
	}
	for _, tt := range tests {
		if got := intervalFor(tt.age, tt.growing, tt.steady, tt.jitter); got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestGrowth(t *testing.T) {
	start := time.Unix(1000, 0)
	g := growth{window: start}
	for range 20 {
		g.note(start)
	}
	for _, tt := range []struct {
		after time.Duration
		size  int
		want  bool
	}{{0, 0, true}, {0, 199, true}, {0, 200, false}, {90 * time.Second, 199, true}, {3 * time.Minute, 1, false}} {
		if got := g.fast(start.Add(tt.after), tt.size); got != tt.want {
			t.Errorf("after %v of %d: got %v, want %v", tt.after, tt.size, got, tt.want)
		}
	}
}
