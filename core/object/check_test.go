package object

import (
	"context"
	"testing"
	"time"
)

// checkStore is the full check with which every test ends that opened a store.
func checkStore(t testing.TB, s *Store) {
	t.Helper()
	s.Close()
	report, err := s.Fsck(context.Background(), FsckOptions{Deep: true, Recheck: 10 * time.Millisecond})
	if err != nil {
		t.Errorf("fsck: %v", err)
	}
	if report.Truncated {
		t.Errorf("fsck was truncated")
	}
	for _, f := range report.Findings {
		t.Errorf("fsck: %s: %s: %s", f.Kind, f.Resource, f.Detail)
	}
}
