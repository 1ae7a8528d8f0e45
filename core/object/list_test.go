package object

import (
	"slices"
	"sort"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"shoal/storage/kv"
)

// plainEngine hides the abilities of an engine.
type plainEngine struct{ kv.Engine }

// naiveList is what a listing must be, by a walk over all keys.
func naiveList(keys []string, r ListRequest) (entries []string, more bool) {
	keys = slices.Clone(keys)
	sort.Strings(keys)
	last := ""
	for _, key := range keys {
		if !strings.HasPrefix(key, r.Prefix) || key <= r.After && r.After != "" || r.AfterPrefix && strings.HasPrefix(key, r.After) {
			continue
		}
		shown := key
		if i := strings.Index(key[len(r.Prefix):], r.Delimiter); r.Delimiter != "" && i >= 0 {
			if shown = key[:len(r.Prefix)+i+len(r.Delimiter)]; shown == last {
				continue
			}
			last = shown
		}
		if len(entries) == r.Max {
			return entries, true
		}
		entries = append(entries, shown)
	}
	return entries, false
}

func shownEntries(page ListPage) []string {
	var out []string
	for _, e := range page.Entries {
		if e.Version != nil {
			out = append(out, e.Version.Key)
		} else {
			out = append(out, e.Prefix)
		}
	}
	return out
}

func TestListIsNaiveList(t *testing.T) {
	for _, plain := range []bool{false, true} {
		s := newTestStore(t)
		if plain {
			s.kv = plainEngine{s.kv}
		}
		n := 0
		rapid.Check(t, func(rt *rapid.T) {
			n++
			b := s.bucket(t, "bucket-"+strings.Repeat("x", n%50)+string(rune('a'+n/50)))
			name := rapid.StringOfN(rapid.SampledFrom([]rune("ab/\x00é")), 1, 6, -1)
			keys := rapid.SliceOfNDistinct(name, 0, 30, rapid.ID[string]).Draw(rt, "keys")
			for _, key := range keys {
				s.put(t, b, key, nil)
			}
			part := rapid.StringOfN(rapid.SampledFrom([]rune("ab/\x00é")), 0, 3, -1)
			r := ListRequest{
				Bucket: b, Prefix: part.Draw(rt, "prefix"), After: part.Draw(rt, "after"),
				Delimiter: rapid.SampledFrom([]string{"", "/", "a", "b/"}).Draw(rt, "delimiter"),
				Max:       rapid.IntRange(1, 8).Draw(rt, "max"),
			}
			for {
				page, err := s.List(t.Context(), r)
				if err != nil {
					rt.Fatalf("list %+v: %v", r, err)
				}
				got := shownEntries(page)
				want, more := naiveList(keys, r)
				if !slices.Equal(got, want) || page.More != more {
					rt.Fatalf("list %+v: got %q more %v, want %q more %v", r, got, page.More, want, more)
				}
				if !page.More {
					break
				}
				r.After = got[len(got)-1]
				r.AfterPrefix = page.Entries[len(got)-1].Version == nil
			}
		})
	}
}

func TestListNothingAsked(t *testing.T) {
	s := newTestStore(t)
	b := s.bucket(t, "bucket")
	s.put(t, b, "key", nil)
	page, err := s.List(t.Context(), ListRequest{Bucket: b})
	if err != nil || page.More || len(page.Entries) != 0 {
		t.Errorf("got %+v, %v, want an empty page that is the last", page, err)
	}
}

func TestListUploads(t *testing.T) {
	s := newTestStore(t)
	b := s.bucket(t, "bucket")
	var want []string
	for _, key := range []string{"a", "a", "b/1", "b/2", "c"} {
		u := s.upload(t, b, key, NoChecksum, FullObject)
		want = append(want, key+" "+u.ID.String())
	}
	sort.Strings(want)
	for _, limit := range []int{1, 2, 3, 10} {
		var got []string
		r := ListUploadsRequest{Bucket: b, Max: limit}
		for {
			page, err := s.ListUploads(t.Context(), r)
			if err != nil {
				t.Fatalf("list uploads: %v", err)
			}
			for _, u := range page.Uploads {
				got = append(got, u.Key+" "+u.ID.String())
			}
			if !page.More {
				break
			}
			r.KeyMarker, r.AfterUpload = page.NextKey, &page.NextID
		}
		sort.Strings(got) // random ids of one moment have no order
		if !slices.Equal(got, want) {
			t.Errorf("pages of %d: got %v, want %v", limit, got, want)
		}
	}
	var shown []string
	r := ListUploadsRequest{Bucket: b, Max: 1, Delimiter: "/"}
	for range 10 {
		page, err := s.ListUploads(t.Context(), r)
		if err != nil {
			t.Fatalf("list uploads: %v", err)
		}
		shown = append(shown, page.Prefixes...)
		for _, u := range page.Uploads {
			shown = append(shown, u.Key)
		}
		if !page.More {
			break
		}
		r.KeyMarker, r.AfterUpload = page.NextKey, nil
		if len(page.Uploads) > 0 {
			r.AfterUpload = &page.NextID
		}
	}
	if want := []string{"a", "a", "b/", "c"}; !slices.Equal(shown, want) {
		t.Errorf("with a delimiter: got %q, want %q", shown, want)
	}
}
