package torrent

import (
	"errors"
	"testing"
)

func TestParseKind(t *testing.T) {
	for text, want := range map[string]Kind{"1": V1, "hybrid": Hybrid, "2": V2} {
		if got, err := ParseKind(text); err != nil || got != want || got.String() != text {
			t.Errorf("ParseKind(%q): got %v, error %v", text, got, err)
		}
	}
	for _, text := range []string{"", "0", "3", "01", "v1", "Hybrid", "kind 3"} {
		if _, err := ParseKind(text); !errors.Is(err, ErrKind) {
			t.Errorf("ParseKind(%q): got %v, want ErrKind", text, err)
		}
	}
}
