package server

import (
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"shoal/core/billing"
	"shoal/core/object"
	"shoal/core/savings"
	"shoal/storage/kv/pebblekv"
)

// What peers say is of the month that the server's clock shows, as what the origin sends is: swarms go by the real one.
func TestClaimsGoByTheClock(t *testing.T) {
	engine, err := pebblekv.Open("kv", pebblekv.Options{FS: vfs.NewMem(), ReserveBytes: -1, BallastBytes: -1})
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close()
	march := time.Date(2006, 3, 14, 0, 0, 0, 0, time.UTC)
	s := &Server{savings: savings.New(engine, savings.Options{}), now: func() time.Time { return march }}
	torrent := &object.Torrent{Bucket: &object.Bucket{Name: "pond", Owner: "toad"}, Version: &object.Version{Key: "k"}}
	s.countClaims(torrent, time.Now(), savings.Counts{ClaimedBytes: 7})
	lines, err := s.savings.Lines(t.Context(), billing.MonthOf(march), "toad")
	if err != nil || len(lines) != 1 || lines[0].ClaimedBytes != 7 {
		t.Errorf("the savings of March are %+v, %v, want the claim", lines, err)
	}
}
