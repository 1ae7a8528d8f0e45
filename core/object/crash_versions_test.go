package object

import (
	"math/rand/v2"
	"testing"
)

// versionMark stands between key and id where a version is among the promises.
const versionMark = "?"

// promiseVersions adds the newest version of each key, which was acknowledged, to the promises.
func (d *crashDisk) promiseVersions(t *testing.T, s *Store, b *Bucket) {
	t.Helper()
	page, err := s.List(t.Context(), ListRequest{Bucket: b, Max: MaxList})
	if err != nil {
		t.Fatal(err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, e := range page.Entries {
		name := e.Version.Key + versionMark + e.Version.ID.String()
		d.promises[name] = promise{acknowledged: d.promises[e.Version.Key].acknowledged}
	}
}

// crashDeleteVersion deletes a version of key for good, or a delete marker.
func crashDeleteVersion(t *testing.T, s *Store, b *Bucket, d *crashDisk, rng *rand.Rand, key string) {
	t.Helper()
	page, err := s.ListVersions(t.Context(), ListVersionsRequest{Bucket: b, Prefix: key, Max: MaxList})
	if err != nil {
		t.Fatal(err)
	}
	if len(page.Entries) == 0 {
		return
	}
	i := rng.IntN(len(page.Entries))
	id := page.Entries[i].Version.ID
	d.mu.Lock()
	next := d.promises[key].acknowledged
	if i == 0 {
		next = nil
		if len(page.Entries) > 1 { // of a delete marker there is no promise, and no content
			next = d.promises[key+versionMark+page.Entries[1].Version.ID.String()].acknowledged
		}
	}
	d.mu.Unlock()
	d.begin("delete version", key, next)
	d.begin("delete version", key+versionMark+id.String(), nil)
	if _, err := s.Delete(t.Context(), DeleteRequest{Bucket: b, Key: key, Ref: VersionRef{ID: id, Set: true}}); err != nil {
		t.Fatalf("delete version of %q: %v", key, err)
	}
}
