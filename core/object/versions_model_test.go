package object

import (
	"bytes"
	"fmt"
	"slices"
	"sort"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"shoal/core/access"
	"shoal/core/fault"
	"shoal/wire/torrent"
)

// modelVersion is a version as the model of versioning has it.
type modelVersion struct {
	id           VersionID
	null, marker bool
	content      []byte
}

func (v modelVersion) ref() VersionRef {
	if v.null {
		return VersionRef{Null: true, Set: true}
	}
	return VersionRef{ID: v.id, Set: true}
}

// versionModel is a bucket with versioning as a map, the newest version of a key first, beside the store itself.
type versionModel struct {
	s        *testStore
	b        *Bucket
	state    Versioning
	versions map[string][]modelVersion
}

// TestVersionModel runs random operations on versions against the store and a map. The store is checked whole
// at the end: rows, reference rows, usage.
func TestVersionModel(t *testing.T) {
	for _, plain := range []bool{false, true} {
		s := newTestStore(t)
		if plain {
			s.kv = plainEngine{s.kv}
		}
		n := 0
		rapid.Check(t, func(rt *rapid.T) {
			n++
			m := &versionModel{s: s, b: s.bucket(t, fmt.Sprintf("bucket-%d", n)), versions: map[string][]modelVersion{}}
			rt.Repeat(map[string]func(*rapid.T){
				"put": m.put, "put again": m.put, "copy": m.copy, "complete": m.complete, "acl": m.acl, "torrent": m.torrent,
				"delete": m.delete, "delete version": m.deleteVersion, "versioning": m.setVersioning, "list": m.list,
				"collect": func(*rapid.T) { s.collect(t) },
				"":        m.check,
			})
		})
		s.collect(t)
	}
}

// add is what a new version does to a key.
func (m *versionModel) add(key string, v modelVersion) {
	v.null = m.state != VersioningEnabled
	if v.null {
		m.versions[key] = slices.DeleteFunc(m.versions[key], func(w modelVersion) bool { return w.null })
	}
	m.versions[key] = slices.Insert(m.versions[key], 0, v)
}

func (m *versionModel) made(rt *rapid.T, key string, v *Version, err error, content []byte) {
	rt.Helper()
	if err != nil || v.Null != (m.state != VersioningEnabled) {
		rt.Fatalf("new version of %q in state %d: %+v, %v", key, m.state, v, err)
	}
	m.add(key, modelVersion{id: v.ID, content: content})
}

func (m *versionModel) current(key string) (modelVersion, bool) {
	list := m.versions[key]
	if len(list) == 0 || list[0].marker {
		return modelVersion{}, false
	}
	return list[0], true
}

// draw returns a key and one of its versions; ok is false when it has none.
func (m *versionModel) draw(rt *rapid.T) (key string, v modelVersion, ok bool) {
	key = drawKey(rt)
	if list := m.versions[key]; len(list) > 0 {
		return key, rapid.SampledFrom(list).Draw(rt, "version"), true
	}
	return key, modelVersion{id: VersionID{1, 2, 3}}, false
}

func (m *versionModel) put(rt *rapid.T) {
	key, content := drawKey(rt), drawContent(rt)
	r := PutRequest{Bucket: m.b, Key: key, Body: bytes.NewReader(content), Size: -1, Owner: testOwner}
	r.Condition.IfAbsent = rapid.Bool().Draw(rt, "if absent")
	v, err := m.s.Put(rt.Context(), r)
	if _, there := m.current(key); r.Condition.IfAbsent && there {
		if !fault.Is(err, fault.PreconditionFailed) {
			rt.Fatalf("put over %q, if absent: %v", key, err)
		}
		return
	}
	m.made(rt, key, v, err, content)
}

// copy restores a version under the same or another key.
func (m *versionModel) copy(rt *rapid.T) {
	from, old, ok := m.draw(rt)
	if !ok {
		return
	}
	_, src, err := m.s.Lookup(rt.Context(), m.b.Name, from, old.ref())
	if err != nil {
		rt.Fatalf("look up %q: %v", from, err)
	}
	to := rapid.SampledFrom([]string{from, drawKey(rt)}).Draw(rt, "to")
	v, err := m.s.Copy(rt.Context(), CopyRequest{Source: src, Bucket: m.b, Key: to, Owner: testOwner})
	if old.marker {
		if !fault.Is(err, fault.NoSuchKey) {
			rt.Fatalf("copy of a delete marker: %v", err)
		}
		return
	}
	m.made(rt, to, v, err, old.content)
}

func (m *versionModel) complete(rt *rapid.T) {
	key, content := drawKey(rt), drawContent(rt)
	u, err := m.s.CreateUpload(rt.Context(), NewUpload{Bucket: m.b, Key: key, Owner: testOwner})
	if err != nil {
		rt.Fatal(err)
	}
	p, err := m.s.PutPart(rt.Context(), PutPartRequest{Upload: u, Number: 1, Body: bytes.NewReader(content), Size: -1})
	if err != nil {
		rt.Fatal(err)
	}
	v, err := m.s.CompleteUpload(rt.Context(), CompleteRequest{Bucket: m.b, Upload: u, Parts: []CompletePart{{Number: 1, ETag: p.ETag}}, Size: -1})
	m.made(rt, key, v, err, content)
}

func (m *versionModel) acl(rt *rapid.T) {
	key, v, ok := m.draw(rt)
	acl := access.ACL{Owner: access.Owner{ID: "somebody"}}
	err := m.s.SetACL(rt.Context(), m.b, key, v.ref(), acl, Requester{})
	switch {
	case !ok:
		if !fault.Is(err, fault.NoSuchVersion) {
			rt.Fatalf("set acl of no version of %q: %v", key, err)
		}
	case v.marker != (err != nil):
		rt.Fatalf("set acl of %q, marker %v: %v", key, v.marker, err)
	case !v.marker:
		if _, got, err := m.s.Lookup(rt.Context(), m.b.Name, key, v.ref()); err != nil || got.ACL.Owner.ID != "somebody" {
			rt.Fatalf("acl of %q did not stay: %+v, %v", key, got, err)
		}
	}
}

func (m *versionModel) torrent(rt *rapid.T) {
	key, v, ok := m.draw(rt)
	if !ok || v.marker {
		return
	}
	b, found, err := m.s.Lookup(rt.Context(), m.b.Name, key, v.ref())
	if err != nil {
		rt.Fatal(err)
	}
	if tor, err := m.s.Torrent(rt.Context(), b, found, torrent.V1, nil); err != nil || tor.Current != (m.versions[key][0].id == v.id) {
		rt.Fatalf("torrent of %q: %+v, %v", key, tor, err)
	}
}

func (m *versionModel) delete(rt *rapid.T) {
	key := drawKey(rt)
	got, err := m.s.Delete(rt.Context(), DeleteRequest{Bucket: m.b, Key: key, Owner: testOwner})
	if err != nil || got.DeleteMarker != (m.state != VersioningOff) {
		rt.Fatalf("delete %q in state %d: %+v, %v", key, m.state, got, err)
	}
	if m.state == VersioningOff {
		delete(m.versions, key)
		return
	}
	if got.Null != (m.state == VersioningSuspended) {
		rt.Fatalf("delete %q in state %d: marker is null %v", key, m.state, got.Null)
	}
	m.add(key, modelVersion{id: got.VersionID, marker: true})
}

func (m *versionModel) deleteVersion(rt *rapid.T) {
	key, v, ok := m.draw(rt)
	got, err := m.s.Delete(rt.Context(), DeleteRequest{Bucket: m.b, Key: key, Ref: v.ref()})
	want := DeleteResult{}
	if ok {
		want = DeleteResult{DeleteMarker: v.marker, VersionID: v.id, Null: v.null}
	}
	if err != nil || got != want {
		rt.Fatalf("delete version of %q: %+v, %v, want %+v", key, got, err, want)
	}
	m.versions[key] = slices.DeleteFunc(m.versions[key], func(w modelVersion) bool { return w.id == v.id })
}

func (m *versionModel) setVersioning(rt *rapid.T) {
	m.state = rapid.SampledFrom([]Versioning{VersioningEnabled, VersioningEnabled, VersioningSuspended}).Draw(rt, "state")
	if err := m.s.UpdateBucket(rt.Context(), m.b.Name, func(c *BucketConfig) error { c.Versioning = m.state; return nil }); err != nil {
		rt.Fatal(err)
	}
	var err error
	if m.b, err = m.s.Bucket(rt.Context(), m.b.Name); err != nil {
		rt.Fatal(err)
	}
}

// line is an entry of a listing as text.
func line(prefix, key string, id VersionID, null, marker, latest bool) string {
	if prefix != "" {
		return prefix
	}
	return fmt.Sprintf("%q %x null %v marker %v latest %v", key, id, null, marker, latest)
}

// naive is a whole listing of versions.
func (m *versionModel) naive(prefix, delimiter string) (lines []string) {
	var keys []string
	for key := range m.versions {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	last := ""
	for _, key := range keys {
		if !strings.HasPrefix(key, prefix) || len(m.versions[key]) == 0 {
			continue
		}
		if common := string(commonPrefix([]byte(key), prefix, []byte(delimiter))); common != "" {
			if common != last {
				lines = append(lines, line(common, "", VersionID{}, false, false, false))
			}
			last = common
			continue
		}
		for i, v := range m.versions[key] {
			lines = append(lines, line("", key, v.id, v.null, v.marker, i == 0))
		}
	}
	return lines
}

// list pages through the versions.
func (m *versionModel) list(rt *rapid.T) {
	r := ListVersionsRequest{
		Bucket: m.b, Prefix: rapid.SampledFrom([]string{"", "", "a", "a/"}).Draw(rt, "prefix"),
		Delimiter: rapid.SampledFrom([]string{"", "/"}).Draw(rt, "delimiter"), Max: rapid.IntRange(1, 5).Draw(rt, "max"),
	}
	var got []string
	for {
		page, err := m.s.ListVersions(rt.Context(), r)
		if err != nil || len(page.Entries) > r.Max || page.More && len(page.Entries) < r.Max {
			rt.Fatalf("list %+v: %d entries, more %v, %v", r, len(page.Entries), page.More, err)
		}
		for _, e := range page.Entries {
			if e.Version == nil {
				got = append(got, line(e.Prefix, "", VersionID{}, false, false, false))
				r.After, r.AfterPrefix, r.AfterVersion = e.Prefix, true, VersionRef{}
				continue
			}
			v := e.Version
			got = append(got, line("", v.Key, v.ID, v.Null, v.DeleteMarker, e.Latest))
			r.After, r.AfterPrefix, r.AfterVersion = v.Key, false, VersionRef{ID: v.ID, Null: v.Null, Set: true}
		}
		if !page.More {
			break
		}
	}
	if want := m.naive(r.Prefix, r.Delimiter); !slices.Equal(got, want) {
		rt.Fatalf("list %+v: got %q, want %q", r, got, want)
	}
}

func (m *versionModel) check(rt *rapid.T) {
	for _, delimiter := range []string{"", "/"} {
		page, err := m.s.List(rt.Context(), ListRequest{Bucket: m.b, Max: MaxList, Delimiter: delimiter})
		if err != nil {
			rt.Fatal(err)
		}
		var keys []string
		for key := range m.versions {
			if _, there := m.current(key); there {
				keys = append(keys, key)
			}
		}
		want, _ := naiveList(keys, ListRequest{Max: MaxList, Delimiter: delimiter})
		if got := shownEntries(page); !slices.Equal(got, want) {
			rt.Fatalf("list by %q: got %q, want %q", delimiter, got, want)
		}
	}
	for key, list := range m.versions {
		for i, v := range list {
			refs := []VersionRef{v.ref()}
			if i == 0 {
				refs = append(refs, VersionRef{})
			}
			for _, ref := range refs {
				_, got, err := m.s.Lookup(rt.Context(), m.b.Name, key, ref)
				if err != nil || got.ID != v.id || got.DeleteMarker != v.marker || got.Size != int64(len(v.content)) {
					rt.Fatalf("look up %q %+v: %+v, %v", key, ref, got, err)
				}
				if !v.marker && !bytes.Equal(m.s.read(rt, got, 0, got.Size), v.content) {
					rt.Fatalf("%q %+v has other content", key, ref)
				}
			}
		}
	}
}
