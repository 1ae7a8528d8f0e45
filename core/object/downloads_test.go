package object

import (
	"context"
	"sync"
	"testing"

	"shoal/core/access"
	"shoal/wire/torrent"
)

// TestDownloads: they are of one torrent of a version, are not lost to commits of the same row, and go with the version.
func TestDownloads(t *testing.T) {
	s := newTestStore(t)
	b := s.bucket(t, "pond")
	v := s.put(t, b, "frog", randomContent(1, 100_000))
	tor, err := s.Torrent(t.Context(), b, v, torrent.V1, nil)
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range 10 {
		all.Go(func() {
			if err := s.AddDownloads(context.Background(), tor, 2); err != nil {
				t.Error(err)
			}
		})
	}
	private, err := s.PrivateTorrent(t.Context(), b, v, torrent.V1) // writes the row
	if err != nil {
		t.Fatal(err)
	}
	all.Wait()
	if err := s.AddDownloads(t.Context(), private, 5); err != nil {
		t.Error(err)
	}
	for _, tt := range []struct {
		t    *Torrent
		want int64
	}{{tor, 20}, {tor.As(torrent.Hybrid), 0}, {private, 5}} {
		got, err := s.Resolve(t.Context(), tt.t.InfoHash, access.Context{})
		if !tt.t.Private { // the object is not public
			got, err = s.Torrent(t.Context(), b, v, tt.t.Kind, nil)
		}
		if err != nil || got.Downloads != tt.want {
			t.Errorf("%v, private %v: got %+v, %v, want %d downloads", tt.t.Kind, tt.t.Private, got, err, tt.want)
		}
	}
	s.put(t, b, "frog", nil)
	if err := s.AddDownloads(t.Context(), tor, 1); err != nil { // the check at the end sees no row of it
		t.Errorf("of a torrent that is gone: %v", err)
	}
}
