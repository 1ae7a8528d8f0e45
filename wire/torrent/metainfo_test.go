package torrent

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"
)

// golden is one line of testdata/hashes.txt.
type golden struct {
	file   string
	size   int
	kind   Kind
	v1, v2 string
}

func goldens(t testing.TB) []golden {
	t.Helper()
	list, err := os.ReadFile(filepath.Join("testdata", "hashes.txt"))
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]Kind{"lt": Hybrid, "lt-v2only": V2, "mk": V1}
	var all []golden
	for line := range strings.Lines(string(list)) {
		f := strings.Fields(line)
		dash := strings.LastIndexByte(f[0], '-')
		size, err := strconv.Atoi(f[0][dash+1:])
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, golden{
			file: filepath.Join("testdata", f[0]+".torrent"), size: size, kind: kinds[f[0][:dash]],
			v1: strings.Trim(f[1], "-"), v2: strings.Trim(f[2], "-"),
		})
	}
	return all
}

func hashText(m *Metainfo) (v1, v2 string) {
	if h := m.InfoHash(); !h.IsZero() {
		v1 = h.String()
	}
	if h := m.InfoHashV2(); !h.IsZero() {
		v2 = h.String()
	}
	return v1, v2
}

// makeTorrent hashes data into a torrent.
func makeTorrent(t testing.TB, kind Kind, name string, data []byte, pieceLength int64) *Metainfo {
	t.Helper()
	info := Info{Kind: kind, Name: name, Length: int64(len(data)), PieceLength: pieceLength}
	m := &Metainfo{}
	if kind.HasV1() {
		h := NewPieceHasher(pieceLength)
		h.Write(data)
		info.Pieces = h.Finish()
	}
	if kind.HasV2() {
		h := NewLayerHasher(pieceLength)
		h.Write(data)
		info.Root, m.PieceLayer = h.Finish()
	}
	var err error
	if m.InfoRaw, err = info.AppendInfo(nil); err != nil {
		t.Fatal(err)
	}
	m.Info = info
	return m
}

// The same content makes the same infohashes here as in libtorrent and mktorrent.
func TestSameInfohashAsOthers(t *testing.T) {
	all := goldens(t)
	if len(all) < 18 {
		t.Fatalf("%d goldens", len(all))
	}
	for _, g := range all {
		file, err := os.ReadFile(g.file)
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := ParseMetainfo(file)
		if err != nil {
			t.Errorf("%s: %v", g.file, err)
			continue
		}
		if v1, v2 := hashText(parsed); v1 != g.v1 || v2 != g.v2 {
			t.Errorf("%s parsed: hashes %s %s, want %s %s", g.file, v1, v2, g.v1, g.v2)
		}
		made := makeTorrent(t, g.kind, strconv.Itoa(g.size)+".bin", content(g.size), 256<<10)
		if v1, v2 := hashText(made); v1 != g.v1 || v2 != g.v2 {
			t.Errorf("%s made: hashes %s %s, want %s %s", g.file, v1, v2, g.v1, g.v2)
		}
		if !bytes.Equal(made.PieceLayer, parsed.PieceLayer) {
			t.Errorf("%s: piece layers differ", g.file)
		}
		made.Announce, made.CreatedBy = parsed.Announce, parsed.CreatedBy
		if got, err := made.Append(nil); err != nil || !bytes.Equal(got, file) {
			t.Errorf("%s: file differs: %v\n got %q\nwant %q", g.file, err, got, file)
		}
	}
}

func TestMetainfoRoundTrip(t *testing.T) {
	for _, size := range []int{0, 1, 300000} {
		for _, kind := range []Kind{Hybrid, V1, V2} {
			m := makeTorrent(t, kind, "Größe.bin", content(size), 256<<10)
			m.Announce = "http://t.test/announce"
			m.AnnounceList = [][]string{{"http://t.test/announce", "udp://t.test:6969"}, {"wss://t.test"}}
			m.Comment, m.CreatedBy = "c", "Shoal"
			m.CreationDate = time.Unix(1700000000, 0).UTC()
			m.URLList = []string{"http://s3.test/b/Gr%C3%B6%C3%9Fe.bin"}
			m.Similar = []InfoHash{{1}, {2}}
			m.Bucket, m.Key = "b", "a/Größe.bin"
			file, err := m.Append(nil)
			if err != nil {
				t.Fatal(err)
			}
			got, err := ParseMetainfo(file)
			if err != nil {
				t.Fatalf("size %d, kind %d: %v", size, kind, err)
			}
			if !reflect.DeepEqual(got, m) {
				t.Errorf("size %d, kind %d: got %+v, want %+v", size, kind, got, m)
			}
			if again, _ := got.Append(nil); !bytes.Equal(again, file) {
				t.Errorf("size %d, kind %d: written again it differs", size, kind)
			}
		}
	}
}

func TestEmptyFileHasNoRoot(t *testing.T) {
	m := makeTorrent(t, Hybrid, "e", nil, 256<<10)
	want := "d9:file treed1:ed0:d6:lengthi0eeee6:lengthi0e12:meta versioni2e4:name1:e12:piece lengthi262144e6:pieces0:e"
	if string(m.InfoRaw) != want {
		t.Errorf("got %q, want %q", m.InfoRaw, want)
	}
}

func TestURLListMayBeOneString(t *testing.T) {
	m := makeTorrent(t, Hybrid, "x", content(5), 256<<10)
	file := "d4:info" + string(m.InfoRaw) + "12:piece layersde8:url-list10:http://w.te"
	got, err := ParseMetainfo([]byte(file))
	if err != nil || !reflect.DeepEqual(got.URLList, []string{"http://w.t"}) {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestParseMetainfoRefuses(t *testing.T) {
	good := makeTorrent(t, Hybrid, "x.bin", content(300000), 256<<10)
	file, err := good.Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	replace := func(from, to string) string {
		if !strings.Contains(string(file), from) {
			t.Fatalf("%q not in the file", from)
		}
		return strings.Replace(string(file), from, to, 1)
	}
	badLayer := bytes.Clone(file)
	badLayer[len(badLayer)-10]++
	for _, tc := range []struct {
		name, file string
		want       error
	}{
		{"empty", "de", ErrInfo},
		{"list", "le", ErrInfo},
		{"info is a string", "d4:info1:xe", ErrInfo},
		{"several files", "d4:infod5:fileslee" + "e", ErrInfo},
		{"no version", "d4:infod4:name1:xee", ErrInfo},
		{"version 3", replace("meta versioni2e", "meta versioni3e"), ErrInfo},
		{"halves disagree on length", replace("6:lengthi300000e12:", "6:lengthi300001e12:"), ErrInfo},
		{"halves disagree on name", replace("4:name5:x.bin", "4:name5:y.bin"), ErrInfo},
		{"name climbs", strings.ReplaceAll(string(file), "5:x.bin", "2:.."), ErrInfo},
		{"name is a path", strings.ReplaceAll(string(file), "5:x.bin", "3:a/b"), ErrInfo},
		{"piece length zero", replace("piece lengthi262144e", "piece lengthi0e"), ErrInfo},
		{"piece length odd", replace("piece lengthi262144e", "piece lengthi262145e"), ErrInfo},
		{"piece count", replace("piece lengthi262144e", "piece lengthi524288e"), ErrInfo},
		{"damaged layer", string(badLayer), ErrLayer},
	} {
		if _, err := ParseMetainfo([]byte(tc.file)); !errors.Is(err, tc.want) {
			t.Errorf("%s: got error %v, want %v", tc.name, err, tc.want)
		}
	}
}

func TestAppendInfoRefuses(t *testing.T) {
	root := Hash{1}
	sum := make([]byte, PieceHashSize)
	for name, info := range map[string]Info{
		"no name":        {Kind: Hybrid, Length: 1, PieceLength: MinPieceLength, Pieces: sum, Root: root},
		"slash":          {Kind: Hybrid, Name: "a/b", Length: 1, PieceLength: MinPieceLength, Pieces: sum, Root: root},
		"not UTF-8":      {Kind: Hybrid, Name: "\xff", Length: 1, PieceLength: MinPieceLength, Pieces: sum, Root: root},
		"negative":       {Kind: Hybrid, Name: "a", Length: -1, PieceLength: MinPieceLength, Pieces: sum, Root: root},
		"no root":        {Kind: Hybrid, Name: "a", Length: 1, PieceLength: MinPieceLength, Pieces: sum},
		"root of none":   {Kind: Hybrid, Name: "a", PieceLength: MinPieceLength, Root: root},
		"v1 with root":   {Kind: V1, Name: "a", Length: 1, PieceLength: MinPieceLength, Pieces: sum, Root: root},
		"v2 with pieces": {Kind: V2, Name: "a", Length: 1, PieceLength: MinPieceLength, Pieces: sum, Root: root},
		"few pieces":     {Kind: Hybrid, Name: "a", Length: 1, PieceLength: MinPieceLength, Root: root},
		"kind":           {Kind: 9, Name: "a", Length: 1, PieceLength: MinPieceLength, Pieces: sum, Root: root},
	} {
		if _, err := info.AppendInfo(nil); !errors.Is(err, ErrInfo) {
			t.Errorf("%s: got error %v", name, err)
		}
	}
}

func FuzzParseMetainfo(f *testing.F) {
	for _, g := range goldens(f) {
		file, err := os.ReadFile(g.file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(file)
	}
	for kind := range Kind(NumKinds) {
		file, err := makeFolder(f, kind, 64<<10, folderFiles()).Append(nil)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(file)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := ParseMetainfo(data)
		if err != nil {
			return
		}
		file, err := m.Append(nil)
		if err != nil {
			t.Fatalf("parsed but not written: %v", err)
		}
		again, err := ParseMetainfo(file)
		if err != nil {
			t.Fatalf("written but not parsed: %v", err)
		}
		if again.InfoHash() != m.InfoHash() || again.InfoHashV2() != m.InfoHashV2() {
			t.Fatal("infohash changed")
		}
	})
}

func FuzzParseInfo(f *testing.F) {
	f.Add(makeTorrent(f, Hybrid, "x", content(5), 256<<10).InfoRaw)
	f.Add(makeTorrent(f, V2, "x", content(5), 256<<10).InfoRaw)
	for kind := range Kind(NumKinds) {
		f.Add(makeFolder(f, kind, 64<<10, folderFiles()).InfoRaw)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		i, err := ParseInfo(data)
		if err != nil {
			return
		}
		raw, err := i.AppendInfo(nil)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := ParseInfo(raw); err != nil || !reflect.DeepEqual(again, i) {
			t.Fatalf("got %+v, %v, want %+v", again, err, i)
		}
	})
}
