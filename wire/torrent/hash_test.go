package torrent

import (
	"bytes"
	"crypto/sha1"
	"errors"
	"math/rand/v2"
	"testing"
)

// content returns the bytes that testdata/README.md describes.
func content(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i*7 + i/251)
	}
	return b
}

// leavesOf hashes each block on its own.
func leavesOf(data []byte) []Hash {
	var leaves []Hash
	for len(data) > 0 {
		n := min(len(data), BlockSize)
		leaves = append(leaves, HashLeaf(data[:n]))
		data = data[n:]
	}
	return leaves
}

// plainRoot is the definition of BEP 52 spelt out: pad the leaves with zero hashes to a power of
// two, then pair until one is left.
func plainRoot(leaves []Hash, width int) Hash {
	level := make([]Hash, width)
	copy(level, leaves)
	for len(level) > 1 {
		for i := range len(level) / 2 {
			level[i] = HashPair(level[2*i], level[2*i+1])
		}
		level = level[:len(level)/2]
	}
	return level[0]
}

func nextPower(n int) int {
	p := 1
	for p < n {
		p *= 2
	}
	return p
}

func TestLayerMatchesDefinition(t *testing.T) {
	const blocks = 4
	const pieceLength = blocks * BlockSize
	for _, size := range []int{
		1, BlockSize - 1, BlockSize, BlockSize + 1, 3 * BlockSize, pieceLength - 1, pieceLength,
		pieceLength + 1, 2 * pieceLength, 2*pieceLength + BlockSize, 5*pieceLength - 3, 8*pieceLength + 1,
	} {
		data := content(size)
		leaves := leavesOf(data)
		wantRoot := plainRoot(leaves, nextPower(len(leaves)))
		var wantLayer []byte
		if size > pieceLength {
			for i := 0; i < len(leaves); i += blocks {
				h := plainRoot(leaves[i:min(i+blocks, len(leaves))], blocks)
				wantLayer = append(wantLayer, h[:]...)
			}
		}
		root, layer := hashLayer(data, pieceLength, 1000)
		if root != wantRoot || !bytes.Equal(layer, wantLayer) {
			t.Errorf("size %d: got root %x and %d layer bytes, want %x and %d", size, root, len(layer), wantRoot, len(wantLayer))
		}
		if got := Root(leaves, 0); got != wantRoot {
			t.Errorf("size %d: Root = %x, want %x", size, got, wantRoot)
		}
	}
}

func hashLayer(data []byte, pieceLength int64, step int) (Hash, []byte) {
	h := NewLayerHasher(pieceLength)
	for len(data) > 0 {
		n := min(step, len(data))
		h.Write(data[:n])
		data = data[n:]
	}
	return h.Finish()
}

func TestHashersIgnoreWriteSizes(t *testing.T) {
	const pieceLength = 2 * BlockSize
	data := content(7*BlockSize + 99)
	wantRoot, wantLayer := hashLayer(data, pieceLength, len(data))
	var wantPieces []byte
	for i := 0; i < len(data); i += pieceLength {
		sum := sha1.Sum(data[i:min(i+pieceLength, len(data))])
		wantPieces = append(wantPieces, sum[:]...)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		v1, v2 := NewPieceHasher(pieceLength), NewLayerHasher(pieceLength)
		for rest := data; len(rest) > 0; {
			n := min(1+rng.IntN(3*BlockSize), len(rest))
			v1.Write(rest[:n])
			v2.Write(rest[:n])
			rest = rest[n:]
		}
		root, layer := v2.Finish()
		if root != wantRoot || !bytes.Equal(layer, wantLayer) {
			t.Fatal("layer depends on the sizes of writes")
		}
		if !bytes.Equal(v1.Finish(), wantPieces) {
			t.Fatal("pieces depend on the sizes of writes")
		}
	}
}

func TestHashersOfNothing(t *testing.T) {
	root, layer := NewLayerHasher(MinPieceLength).Finish()
	if root != (Hash{}) || layer != nil {
		t.Errorf("layer of nothing: %x, %x", root, layer)
	}
	if got := NewPieceHasher(MinPieceLength).Finish(); len(got) != 0 {
		t.Errorf("pieces of nothing: %x", got)
	}
}

func TestPieceLength(t *testing.T) {
	const kib, mib, gib, tib = int64(1) << 10, int64(1) << 20, int64(1) << 30, int64(1) << 40
	for _, tc := range []struct{ size, want, pieces int64 }{
		{0, 256 * kib, 0},
		{1, 256 * kib, 1},
		{256 * kib, 256 * kib, 1},
		{256*kib + 1, 256 * kib, 2},
		{128 * mib, 256 * kib, 512},
		{512 * mib, 256 * kib, 2048},
		{512*mib + 1, 512 * kib, 1025},
		{1 * gib, 512 * kib, 2048},
		{4 * gib, 2 * mib, 2048},
		{16*gib + 1, 16 * mib, 1025},
		{32 * gib, 16 * mib, 2048},
		{32*gib + 1, 32 * mib, 1025},
		{256 * gib, 128 * mib, 2048},
		{1 * tib, 128 * mib, 8192},
		{5 * tib, 128 * mib, 40960},
		{8 * tib, 128 * mib, 65536},
		{8*tib + 1, 256 * mib, 32769},
		{50e12, 1 * gib, 46567},
		{1<<63 - 1, 1 << 47, 65536},
	} {
		got := PieceLength(tc.size)
		if got != tc.want || pieces(tc.size, got) != tc.pieces {
			t.Errorf("PieceLength(%d) = %d with %d pieces, want %d with %d", tc.size, got, pieces(tc.size, got), tc.want, tc.pieces)
		}
	}
}

// verify recomputes the root from an answer to r, as the peer that asked would; the answer must
// reach the root, that is, have all proof layers.
func verify(r HashRange, answer []byte) Hash {
	var hashes []Hash
	for ; len(answer) > 0; answer = answer[HashSize:] {
		hashes = append(hashes, Hash(answer))
	}
	h := plainRoot(hashes[:r.Length], int(r.Length))
	index := r.Index / r.Length
	for _, uncle := range hashes[r.Length:] {
		if index&1 == 0 {
			h = HashPair(h, uncle)
		} else {
			h = HashPair(uncle, h)
		}
		index /= 2
	}
	return h
}

func TestTreeAnswersProveThemselves(t *testing.T) {
	const pieceLength = 4 * BlockSize
	for _, size := range []int{BlockSize + 1, 3 * BlockSize, pieceLength, 9*pieceLength + 5, 16 * pieceLength, 17 * pieceLength} {
		data := content(size)
		root, layer := hashLayer(data, pieceLength, size)
		tree, err := NewTree(int64(size), pieceLength, root, layer)
		if err != nil {
			t.Fatalf("size %d: %v", size, err)
		}
		leaves := leavesOf(data)
		source := func(first, n int64) ([]Hash, error) { return leaves[first : first+n], nil }
		answered := 0
		for base := uint32(0); base <= uint32(tree.height); base++ {
			above := uint32(tree.height) - base
			for length := uint32(1); length <= 1<<above; length *= 2 {
				for index := uint32(0); index < 1<<above; index += length {
					r := HashRange{BaseLayer: base, Index: index, Length: length, ProofLayers: max(above, 1) - 1}
					got, err := tree.AppendHashes(nil, r, source)
					if served := above > 0 && (base == 0 || int(base) >= tree.pieceHeight); !served {
						if !errors.Is(err, ErrHashRange) {
							t.Fatalf("size %d, %+v: got error %v", size, r, err)
						}
						continue
					}
					if err != nil {
						t.Fatalf("size %d, %+v: %v", size, r, err)
					}
					if verify(r, got) != root {
						t.Fatalf("size %d, %+v: %d hashes do not lead to the root", size, r, len(got)/HashSize)
					}
					answered++
				}
			}
		}
		if answered == 0 {
			t.Errorf("size %d: nothing answered", size)
		}
	}
}

func TestTreeRefuses(t *testing.T) {
	const pieceLength = 4 * BlockSize // 16 leaves in 4 pieces: height 4
	data := content(4 * pieceLength)
	root, layer := hashLayer(data, pieceLength, len(data))
	tree, err := NewTree(int64(len(data)), pieceLength, root, layer)
	if err != nil {
		t.Fatal(err)
	}
	leaves := func(first, n int64) ([]Hash, error) {
		t.Errorf("leaves %d+%d read for a bad request", first, n)
		return nil, nil
	}
	for _, r := range []HashRange{
		{BaseLayer: 0, Length: 0},
		{BaseLayer: 0, Length: 3},
		{BaseLayer: 0, Length: 32},
		{BaseLayer: 0, Length: 1 << 31},
		{BaseLayer: 0, Index: 1, Length: 2},
		{BaseLayer: 0, Index: 16, Length: 2},
		{BaseLayer: 0, Index: 0xfffffffe, Length: 2},
		{BaseLayer: 0, Length: 2, ProofLayers: 4},
		{BaseLayer: 0, Length: 2, ProofLayers: 0xffffffff},
		{BaseLayer: 1, Length: 2},
		{BaseLayer: 4, Length: 1},
		{BaseLayer: 5, Length: 2},
		{BaseLayer: 0xffffffff, Length: 2},
	} {
		if got, err := tree.AppendHashes(nil, r, leaves); !errors.Is(err, ErrHashRange) {
			t.Errorf("%+v: got %d bytes and error %v", r, len(got), err)
		}
	}
	broken := errors.New("disk")
	_, err = tree.AppendHashes(nil, HashRange{Length: 2}, func(int64, int64) ([]Hash, error) { return nil, broken })
	if !errors.Is(err, broken) {
		t.Errorf("error of the source: got %v", err)
	}
	if _, err = tree.AppendHashes(nil, HashRange{Length: 2}, func(int64, int64) ([]Hash, error) { return nil, nil }); err == nil {
		t.Error("a source that returns too few leaves goes unnoticed")
	}
}

func TestNewTreeChecks(t *testing.T) {
	const pieceLength = 2 * BlockSize
	data := content(5 * BlockSize)
	root, layer := hashLayer(data, pieceLength, len(data))
	bad := bytes.Clone(layer)
	bad[40]++
	for name, err := range map[string]error{
		"flipped bit":  treeError(int64(len(data)), root, bad),
		"short layer":  treeError(int64(len(data)), root, layer[:64]),
		"wrong length": treeError(7*BlockSize, root, layer),
		"wrong root":   treeError(int64(len(data)), Hash{1}, layer),
		"small file":   treeError(1, root, layer),
		"empty file":   treeError(0, root, nil),
		"no layer":     treeError(1<<62, root, nil),
	} {
		if !errors.Is(err, ErrLayer) {
			t.Errorf("%s: got error %v", name, err)
		}
	}
}

func treeError(length int64, root Hash, layer []byte) error {
	_, err := NewTree(length, 2*BlockSize, root, layer)
	return err
}

func FuzzTree(f *testing.F) {
	f.Add(uint32(300000), uint32(0), uint32(4), uint32(4), uint32(3))
	f.Add(uint32(70000), uint32(2), uint32(0), uint32(2), uint32(1))
	f.Fuzz(func(t *testing.T, size, base, index, length, proof uint32) {
		const pieceLength = 4 * BlockSize
		size = size%(1<<20) + 1
		data := make([]byte, size)
		root, layer := hashLayer(data, pieceLength, len(data))
		tree, err := NewTree(int64(size), pieceLength, root, layer)
		if err != nil {
			t.Fatal(err)
		}
		leaves := leavesOf(data)
		asked := int64(0)
		got, err := tree.AppendHashes(nil, HashRange{base, index, length, proof}, func(first, n int64) ([]Hash, error) {
			asked += n
			return leaves[first : first+n], nil
		})
		if err != nil {
			return
		}
		if n := len(got) / HashSize; n < int(length) || n > int(length)+64 || asked > 2*int64(length)+pieceLength/BlockSize {
			t.Fatalf("%d hashes, %d leaves read", n, asked)
		}
	})
}

func BenchmarkLayerHasher(b *testing.B) { benchHasher(b, NewLayerHasher(1<<20).Write) }

func BenchmarkPieceHasher(b *testing.B) { benchHasher(b, NewPieceHasher(1<<20).Write) }

func benchHasher(b *testing.B, write func([]byte) (int, error)) {
	buf := content(1 << 20)
	b.SetBytes(int64(len(buf)))
	b.ReportAllocs()
	for b.Loop() {
		write(buf)
	}
}
