package torrent

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// testFile is a file of content(size).
type testFile struct {
	path string
	size int
}

// folderFiles are out of order: in that of keys, "a-b" is before "a/b".
func folderFiles() []testFile {
	return []testFile{
		{"a-b", 1},
		{"a/b", 65536},
		{"empty", 0},
		{"sub/deep/x", 300000},
		{"sub/deep/y", 299999},
		{"twin", 70000},
		{"z", 70000},
	}
}

// makeFolder hashes files the plain way: each on its own for v2, one run of bytes with padding for v1.
func makeFolder(t testing.TB, kind Kind, pieceLength int64, files []testFile) *Metainfo {
	t.Helper()
	info := Info{Kind: kind, Name: "folder", PieceLength: pieceLength, Files: []File{}}
	for _, f := range files {
		info.Files = append(info.Files, File{Path: strings.Split(f.path, "/"), Length: int64(f.size)})
	}
	slices.SortFunc(info.Files, CompareFiles)
	m := &Metainfo{}
	var all []byte
	for i := range info.Files {
		f := &info.Files[i]
		data := content(int(f.Length))
		all = append(all, make([]byte, Padding(int64(len(all)), f.Length, pieceLength))...)
		all = append(all, data...)
		if kind.HasV2() {
			h := NewLayerHasher(pieceLength)
			h.Write(data)
			var layer []byte
			f.Root, layer = h.Finish()
			m.PieceLayer = append(m.PieceLayer, layer...)
		}
	}
	info.Length = int64(len(all))
	if kind.HasV1() {
		h := NewPieceHasher(pieceLength)
		h.Write(all)
		info.Pieces = h.Finish()
	}
	var err error
	if m.InfoRaw, err = info.AppendInfo(nil); err != nil {
		t.Fatal(err)
	}
	m.Info = info
	return m
}

// The infohashes are those that libtorrent 2.0.8 makes of the same folder, canonical and without padding at the end.
func TestFolderInfohash(t *testing.T) {
	want := map[Kind][2]string{
		V1:     {"f8e08b92ed20e246de65370794a337ebb3d3157f", strings.Repeat("0", 64)},
		Hybrid: {"0244dd87b7dabaaa8e3f58dc3791c3f504023e05", "c48ec034e26e0046a8dd24683ab9794b36013a9a76ece5fc94edd1cf8f4d9183"},
		V2:     {strings.Repeat("0", 40), "4eec3d579d64bb4e5b03f120c42ae91c334f9343c39835000ba3d641e9598a35"},
	}
	for kind, want := range want {
		m := makeFolder(t, kind, 64<<10, folderFiles())
		if got := [2]string{m.InfoHash().String(), m.InfoHashV2().String()}; got != want {
			t.Errorf("kind %v: got %v, want %v", kind, got, want)
		}
		file, err := m.Append(nil)
		if err != nil {
			t.Fatal(err)
		}
		got, err := ParseMetainfo(file)
		if err != nil {
			t.Fatalf("kind %v: %v", kind, err)
		}
		if !reflect.DeepEqual(got.Info, m.Info) || !bytes.Equal(got.PieceLayer, m.PieceLayer) {
			t.Errorf("kind %v: got %+v, want %+v", kind, got.Info, m.Info)
		}
	}
}

// A folder of one file is none of the file alone.
func TestFolderOfOneFile(t *testing.T) {
	for kind := range Kind(NumKinds) {
		m := makeFolder(t, kind, 64<<10, []testFile{{"x", 70000}})
		got, err := ParseInfo(m.InfoRaw)
		if err != nil || len(got.Files) != 1 || got.Length != 70000 {
			t.Errorf("kind %v: got %+v, %v", kind, got, err)
		}
	}
}

func TestPathFromKey(t *testing.T) {
	for key, want := range map[string]string{
		"a":          "a",
		"a/b.c":      "a|b.c",
		"a//b":       "a|_|b",
		"/a":         "_|a",
		"a/":         "a|_",
		"../x":       "_|x",
		"./..":       "_|_",
		"a\\b/c\x00": "a_b|c_",
		"\xff":       "_",
		".pad/7":     "_pad|7",
		"a/.pad/7":   "a|.pad|7",
		"x/" + strings.Repeat("é", 200) + ".txt": "x|" + strings.Repeat("é", 125) + ".txt",
	} {
		path, ok := PathFromKey(key)
		if got := strings.Join(path, "|"); got != want || !ok {
			t.Errorf("%q: got %q, %v, want %q", key, got, ok, want)
		}
	}
	if _, ok := PathFromKey(strings.Repeat("a/", MaxPathDepth) + "b"); ok {
		t.Error("a path deeper than MaxPathDepth is accepted")
	}
}

func TestFilesPieceLength(t *testing.T) {
	many := func(n int, size int64) []int64 { return slices.Repeat([]int64{size}, n) }
	for _, tc := range []struct {
		name    string
		lengths []int64
		want    int64
	}{
		{"none", nil, MinPieceLength},
		{"one", many(1, 5), MinPieceLength},
		{"one large", many(1, 1<<30), 512 << 10},
		{"empty", many(5, 0), MinPieceLength},
		{"aligned", many(100, 1<<20), 256 << 10},
		{"small", many(10_000, 1000), BlockSize},
		{"medium", many(1000, 1<<20+1), 64 << 10},
		{"huge", many(3, 1<<45), 2 << 30},
		{"many beside a huge one", append(many(9_999, 1), 1<<40), 64 << 20},
	} {
		got := FilesPieceLength(tc.lengths)
		if got != tc.want {
			t.Errorf("%s: got %d, want %d", tc.name, got, tc.want)
		}
		if n := pieces(PaddedLength(tc.lengths, got), got); n > MaxPieces {
			t.Errorf("%s: %d pieces", tc.name, n)
		}
	}
}

func TestFolderRefuses(t *testing.T) {
	one := func(path ...string) File { return File{Path: path, Length: 1} }
	deep := make([]string, MaxPathDepth+1)
	for i := range deep {
		deep[i] = "d"
	}
	for name, files := range map[string][]File{
		"none":            {},
		"no path":         {one()},
		"empty segment":   {one("a", "")},
		"climbs":          {one("..", "a")},
		"separator":       {one("a/b")},
		"control":         {one("a\n")},
		"twice":           {one("a"), one("a")},
		"disorder":        {one("b"), one("a")},
		"file and folder": {one("a"), one("a", "b")},
		"padding":         {one(".pad", "1")},
		"deep":            {{Path: deep, Length: 1}},
		"negative":        {{Path: []string{"a"}, Length: -1}},
		"overflow":        {{Path: []string{"a"}, Length: 1 << 62}, {Path: []string{"b"}, Length: 1 << 62}},
		"name of all":     {one("folder")},
		"root in v1":      {{Path: []string{"a"}, Length: 1, Root: Hash{1}}},
	} {
		length := int64(len(files)-1)*BlockSize + 1
		info := Info{Name: "folder", PieceLength: BlockSize, Files: files, Length: length, Pieces: make([]byte, PieceHashSize*max(0, len(files)))}
		if _, err := info.AppendInfo(nil); !errors.Is(err, ErrInfo) {
			t.Errorf("%s: got error %v", name, err)
		}
	}
}

func TestParseFolderRefuses(t *testing.T) {
	file := func(path string, length int) string { return fmt.Sprintf("d6:lengthi%de4:pathl1:%see", length, path) }
	pad := func(length int) string { return fmt.Sprintf("d4:attr1:p6:lengthi%de4:pathl4:.padee", length) }
	info := func(files string, pieces int) string {
		return fmt.Sprintf("d5:filesl%se4:name1:n12:piece lengthi16384e6:pieces%d:%se", files, 20*pieces, strings.Repeat("x", 20*pieces))
	}
	for _, tc := range []struct {
		name, info string
		want       error
	}{
		{"good", info(file("a", 1)+pad(16383)+file("b", 1), 2), nil},
		{"no padding", info(file("a", 1)+file("b", 1), 1), ErrLayout},
		{"padding of another length", info(file("a", 1)+pad(16382)+file("b", 1), 1), ErrLayout},
		{"padding first", info(pad(16384)+file("b", 1), 2), ErrLayout},
		{"padding last", info(file("a", 1)+pad(16383), 1), ErrLayout},
		{"pieces", info(file("a", 1)+pad(16383)+file("b", 1), 1), ErrInfo},
		{"negative", info(file("a", -1), 0), ErrInfo},
		{"empty", info("", 0), ErrInfo},
	} {
		if _, err := ParseInfo([]byte(tc.info)); !errors.Is(err, tc.want) {
			t.Errorf("%s: got error %v, want %v", tc.name, err, tc.want)
		}
	}
}
