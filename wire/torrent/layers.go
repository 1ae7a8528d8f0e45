package torrent

import (
	"bytes"
	"fmt"
	"slices"

	"shoal/wire/bencode"
)

// layerOf is the piece layer of a file.
type layerOf struct {
	root  Hash
	layer []byte
}

// FileLayerBytes returns the size of the v2 piece layer of a file of length bytes. BEP 52: only "for each file
// larger than the piece size".
func FileLayerBytes(length, pieceLength int64) int64 {
	if length <= pieceLength {
		return 0
	}
	return pieces(length, pieceLength) * HashSize
}

// contents returns the files, also of a torrent of one.
func (i *Info) contents() []File {
	if i.Files != nil {
		return i.Files
	}
	return []File{{Length: i.Length, Root: i.Root}}
}

// layerBytes returns the size of all piece layers.
func (i *Info) layerBytes() (n int64) {
	if !i.Kind.HasV2() {
		return 0
	}
	for _, f := range i.contents() {
		n += FileLayerBytes(f.Length, i.PieceLength)
	}
	return n
}

// layers takes all, of layerBytes, apart: in order of the root, equal files once.
func (i *Info) layers(all []byte) []layerOf {
	var list []layerOf
	for _, f := range i.contents() {
		if n := FileLayerBytes(f.Length, i.PieceLength); n > 0 && i.Kind.HasV2() {
			list = append(list, layerOf{f.Root, all[:n]})
			all = all[n:]
		}
	}
	slices.SortStableFunc(list, func(a, b layerOf) int { return bytes.Compare(a.root[:], b.root[:]) })
	return slices.CompactFunc(list, func(a, b layerOf) bool { return a.root == b.root })
}

// appendLayers appends the value of "piece layers".
func appendLayers(dst []byte, list []layerOf) []byte {
	d := bencode.NewDict(dst)
	for _, l := range list {
		d.Bytes(string(l.root[:]), l.layer)
	}
	return d.End()
}

// parseLayers is the inverse of appendLayers: all layers in order of the files, each checked against its root.
func (i *Info) parseLayers(v bencode.Value) (all []byte, err error) {
	if !i.Kind.HasV2() {
		return nil, nil
	}
	byRoot := make(map[Hash][]byte)
	for root, layer := range v.Entries() {
		if len(root) == HashSize {
			byRoot[Hash(root)], _ = layer.Bytes()
		}
	}
	for _, f := range i.contents() {
		if f.Length == 0 {
			continue
		}
		var layer []byte
		if FileLayerBytes(f.Length, i.PieceLength) > 0 {
			layer = byRoot[f.Root]
		}
		// The bytes are held against the length first: what a file says of itself costs no more than it has.
		if _, err := NewTree(f.Length, i.PieceLength, f.Root, layer); err != nil {
			return nil, err
		}
		if int64(len(all)+len(layer)) > MaxMetainfoBytes {
			return nil, fmt.Errorf("%w: over %d bytes", ErrLayer, MaxMetainfoBytes)
		}
		all = append(all, layer...)
	}
	return all, nil
}
