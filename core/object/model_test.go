package object

import (
	"bytes"
	"fmt"
	"sort"
	"testing"
	"time"

	"pgregory.net/rapid"

	"shoal/core/access"
	"shoal/core/fault"
)

// model is the store as a map, beside the store itself.
type model struct {
	s       *testStore
	b       *Bucket
	objects map[string][]byte
	uploads map[string]*modelUpload // one per key
}

type modelUpload struct {
	u     *Upload
	parts map[int][]byte
	list  map[int]CompletePart
}

var modelKeys = []string{"a", "a/", "a/b", "b", "..", "//", "é\x00"}

func drawKey(rt *rapid.T) string { return rapid.SampledFrom(modelKeys).Draw(rt, "key") }

func drawContent(rt *rapid.T) []byte {
	size := rapid.SampledFrom([]int{0, 1, 100, InlineMax, InlineMax + 1, 40_000, blockSize + 5}).Draw(rt, "size")
	return randomContent(rapid.Uint64().Draw(rt, "seed"), size)
}

// TestModel runs random operations against the store and a map. The store is checked whole at the end.
func TestModel(t *testing.T) {
	s := newTestStore(t)
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		m := &model{
			s: s, b: s.bucket(t, fmt.Sprintf("bucket-%d", n)), objects: map[string][]byte{}, uploads: map[string]*modelUpload{},
		}
		rt.Repeat(map[string]func(*rapid.T){
			"put": m.put, "delete": m.delete, "copy": m.copy, "acl": m.acl, "part": m.part, "copyPart": m.copyPart,
			"complete": m.complete, "abort": m.abort, "range": m.readRange,
			"collect": func(*rapid.T) { s.collect(t) },
			"":        m.check,
		})
	})
	s.collect(t)
}

func (m *model) put(rt *rapid.T) {
	key, content := drawKey(rt), drawContent(rt)
	c := rapid.SampledFrom([]WriteCondition{{}, {}, {IfAbsent: true}, {IfMatch: "*"}, {IfMatch: md5ETag(m.objects[key])}}).Draw(rt, "condition")
	old, there := m.objects[key]
	_, err := m.s.Put(rt.Context(), PutRequest{Bucket: m.b, Key: key, Body: bytes.NewReader(content), Size: -1, Condition: c})
	want := fault.Internal // none
	switch {
	case c.IfAbsent && there:
		want = fault.PreconditionFailed
	case c.IfMatch != "" && !there:
		want = fault.NoSuchKey
	}
	if want != fault.Internal {
		if !fault.Is(err, want) {
			rt.Fatalf("put %q with %+v: got %v, want %v", key, c, err, want)
		}
		return
	}
	if fault.Is(err, fault.PreconditionFailed) && len(old) > MinPart {
		return // the ETag of a multipart object is not the MD5
	}
	if err != nil {
		if v, _ := m.find(rt, key); c.IfMatch != "" && v != nil && v.ETag != c.IfMatch && fault.Is(err, fault.PreconditionFailed) {
			return
		}
		rt.Fatalf("put %q: %v", key, err)
	}
	m.objects[key] = content
}

func (m *model) find(rt *rapid.T, key string) (*Version, error) {
	_, v, err := m.s.Lookup(rt.Context(), m.b.Name, key, VersionRef{})
	return v, err
}

func (m *model) delete(rt *rapid.T) {
	key := drawKey(rt)
	ref := rapid.SampledFrom([]VersionRef{{}, {Null: true, Set: true}}).Draw(rt, "ref")
	if _, err := m.s.Delete(rt.Context(), DeleteRequest{Bucket: m.b, Key: key, Ref: ref}); err != nil {
		rt.Fatalf("delete %q: %v", key, err)
	}
	delete(m.objects, key)
}

func (m *model) copy(rt *rapid.T) {
	from, to := drawKey(rt), drawKey(rt)
	v, err := m.find(rt, from)
	if content, ok := m.objects[from]; ok {
		if err != nil {
			rt.Fatalf("look up %q: %v", from, err)
		}
		h := &Header{Meta: map[string]string{"copied": from}}
		c, err := m.s.Copy(rt.Context(), CopyRequest{Source: v, Bucket: m.b, Key: to, Header: h, Algorithm: rapid.SampledFrom([]ChecksumAlgorithm{0, CRC32}).Draw(rt, "algorithm")})
		if err != nil || c.Header.Meta["copied"] != from {
			rt.Fatalf("copy %q to %q: %+v, %v", from, to, c, err)
		}
		m.objects[to] = content
	}
}

func (m *model) acl(rt *rapid.T) {
	key := drawKey(rt)
	acl := access.ACL{Owner: access.Owner{ID: "somebody"}}
	err := m.s.SetACL(rt.Context(), m.b, key, VersionRef{}, acl, Requester{})
	if _, ok := m.objects[key]; ok != (err == nil) || err != nil && !fault.Is(err, fault.NoSuchKey) {
		rt.Fatalf("set acl of %q: %v", key, err)
	}
	if v, _ := m.find(rt, key); v != nil && v.ACL.Owner.ID != "somebody" {
		rt.Fatalf("acl of %q did not stay: %+v", key, v.ACL)
	}
}

func (m *model) upload(rt *rapid.T) (string, *modelUpload) {
	key := drawKey(rt)
	if m.uploads[key] == nil {
		u, err := m.s.CreateUpload(rt.Context(), NewUpload{Bucket: m.b, Key: key, Algorithm: CRC64NVME})
		if err != nil {
			rt.Fatalf("create upload: %v", err)
		}
		m.uploads[key] = &modelUpload{u, map[int][]byte{}, map[int]CompletePart{}}
	}
	return key, m.uploads[key]
}

func (m *model) part(rt *rapid.T) {
	_, u := m.upload(rt)
	content := drawContent(rt)
	p, err := m.s.PutPart(rt.Context(), PutPartRequest{Upload: u.u, Number: rapid.IntRange(1, 3).Draw(rt, "number"), Body: bytes.NewReader(content), Size: -1})
	m.keepPart(rt, u, p, err, content)
}

func (m *model) copyPart(rt *rapid.T) {
	from := drawKey(rt)
	content, ok := m.objects[from]
	if !ok {
		return
	}
	v, err := m.find(rt, from)
	if err != nil {
		rt.Fatalf("look up %q: %v", from, err)
	}
	_, u := m.upload(rt)
	off := rapid.IntRange(0, len(content)).Draw(rt, "off")
	n := rapid.IntRange(0, len(content)-off).Draw(rt, "n")
	p, err := m.s.CopyPart(rt.Context(), CopyPartRequest{Upload: u.u, Number: rapid.IntRange(1, 3).Draw(rt, "number"), Source: v, Off: int64(off), N: int64(n)})
	m.keepPart(rt, u, p, err, content[off:off+n])
}

func (m *model) keepPart(rt *rapid.T, u *modelUpload, p *Part, err error, content []byte) {
	if err != nil || p.ETag != md5ETag(content) {
		rt.Fatalf("part: got %+v, %v", p, err)
	}
	u.parts[p.Number] = content
	u.list[p.Number] = CompletePart{Number: p.Number, ETag: p.ETag}
}

// complete takes one part of the upload: more would have to be of 5 MiB.
func (m *model) complete(rt *rapid.T) {
	key := drawKey(rt)
	u := m.uploads[key]
	number := rapid.IntRange(1, 3).Draw(rt, "number")
	if u == nil || u.parts[number] == nil {
		return
	}
	v, err := m.s.CompleteUpload(rt.Context(), CompleteRequest{Bucket: m.b, Upload: u.u, Parts: []CompletePart{u.list[number]}, Size: -1})
	if err != nil || v.PartCount != 1 {
		rt.Fatalf("complete: %+v, %v", v, err)
	}
	m.objects[key] = u.parts[number]
	delete(m.uploads, key)
}

func (m *model) abort(rt *rapid.T) {
	key := drawKey(rt)
	if u := m.uploads[key]; u != nil {
		if err := m.s.AbortUpload(rt.Context(), u.u, time.Time{}); err != nil {
			rt.Fatalf("abort: %v", err)
		}
		delete(m.uploads, key)
	}
}

func (m *model) readRange(rt *rapid.T) {
	key := drawKey(rt)
	content := m.objects[key]
	v, err := m.find(rt, key)
	if err != nil {
		return
	}
	off := rapid.IntRange(0, len(content)).Draw(rt, "off")
	n := rapid.IntRange(0, len(content)-off).Draw(rt, "n")
	if got := m.s.read(rt, v, int64(off), int64(n)); !bytes.Equal(got, content[off:off+n]) {
		rt.Fatalf("range %d+%d of %q differs", off, n, key)
	}
	r, err := m.s.OpenAt(rt.Context(), v)
	if err != nil {
		rt.Fatalf("open %q at random: %v", key, err)
	}
	defer r.Close()
	got := make([]byte, n)
	if m, err := r.ReadAt(got, int64(off)); m != n || err != nil && n > 0 || !bytes.Equal(got, content[off:off+n]) {
		rt.Fatalf("read %d+%d of %q at random: %d, %v", off, n, key, m, err)
	}
}

func (m *model) check(rt *rapid.T) {
	page, err := m.s.List(rt.Context(), ListRequest{Bucket: m.b, Max: MaxList})
	if err != nil {
		rt.Fatalf("list: %v", err)
	}
	var want []string
	for key := range m.objects {
		want = append(want, key)
	}
	sort.Strings(want)
	if got := shownEntries(page); fmt.Sprint(got) != fmt.Sprint(want) {
		rt.Fatalf("list: got %q, want %q", got, want)
	}
	for key, content := range m.objects {
		v, err := m.find(rt, key)
		if err != nil || v.Size != int64(len(content)) {
			rt.Fatalf("look up %q: %+v, %v", key, v, err)
		}
	}
}
