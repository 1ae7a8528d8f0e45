package peer

import (
	"bytes"
	"errors"
	"testing"

	"shoal/wire/torrent"
)

func TestHashRequestValidate(t *testing.T) {
	for _, c := range []struct {
		hashes torrent.HashRange
		ok     bool
	}{
		{torrent.HashRange{Length: 2}, true},
		{torrent.HashRange{Length: 512, Index: 1024, BaseLayer: 8, ProofLayers: 20}, true},
		{torrent.HashRange{Length: 2, Index: 1<<32 - 4, BaseLayer: 63, ProofLayers: 64}, true},
		{torrent.HashRange{Length: 2, Index: 1<<32 - 2}, false}, // ends past the last index
		{torrent.HashRange{Length: 0}, false},
		{torrent.HashRange{Length: 1, Index: 512, BaseLayer: 4, ProofLayers: 9}, true},
		{torrent.HashRange{Length: 3}, false},
		{torrent.HashRange{Length: 513}, false},
		{torrent.HashRange{Length: 8192}, true}, // the leaves of a piece of 128 MiB
		{torrent.HashRange{Length: 16384}, false},
		{torrent.HashRange{Length: 1 << 31}, false},
		{torrent.HashRange{Length: 512, Index: 1}, false},
		{torrent.HashRange{Length: 4, Index: 2}, false},
		{torrent.HashRange{Length: 2, BaseLayer: 64}, false},
		{torrent.HashRange{Length: 2, ProofLayers: 65}, false},
		{torrent.HashRange{Length: 2, ProofLayers: 1<<32 - 1}, false},
	} {
		err := (HashRequest{HashRange: c.hashes}).Validate()
		if (err == nil) != c.ok || (err != nil && !errors.Is(err, ErrMalformed)) {
			t.Errorf("%+v: got %v", c.hashes, err)
		}
	}
}

func TestHashRequestUncles(t *testing.T) {
	for _, c := range []struct{ base, length, proof, count, first uint32 }{
		{0, 1, 0, 1, 0},
		{4, 1, 9, 10, 4},
		{0, 2, 0, 0, 1},
		{0, 2, 1, 1, 1}, // BEP 52: log2(2)-1 = 0 layers are omitted
		{0, 2, 5, 5, 1},
		{4, 512, 0, 0, 13},
		{4, 512, 8, 0, 13},
		{4, 512, 9, 1, 13}, // log2(512)-1 = 8 layers are omitted
		{4, 512, 12, 4, 13},
		{0, 4, 64, 63, 2},
	} {
		r := HashRequest{HashRange: torrent.HashRange{BaseLayer: c.base, Length: c.length, ProofLayers: c.proof}}
		if count, first := r.Uncles(); count != c.count || first != c.first {
			t.Errorf("%+v: got %d from layer %d, want %d from %d", r, count, first, c.count, c.first)
		}
	}
}

// What torrent.Tree answers with has the length that the header says, and proves the base hashes
// against the root.
func TestHashesFromTree(t *testing.T) {
	const pieceLength, leafCount = 64 << 10, 32
	leaves := make([]torrent.Hash, leafCount)
	for i := range leaves {
		leaves[i] = torrent.HashLeaf([]byte{byte(i)})
	}
	var layer []byte
	for i := 0; i < leafCount; i += pieceLength / BlockSize {
		node := torrent.Root(leaves[i:i+pieceLength/BlockSize], 0)
		layer = append(layer, node[:]...)
	}
	root := torrent.Root(leaves, 0)
	tree, err := torrent.NewTree(leafCount*BlockSize, pieceLength, root, layer)
	if err != nil {
		t.Fatal(err)
	}
	source := func(first, n int64) ([]torrent.Hash, error) { return leaves[first : first+n], nil }
	for length := uint32(1); length <= leafCount; length *= 2 {
		request := HashRequest{Root: root, HashRange: torrent.HashRange{
			Index: leafCount - length, Length: length, ProofLayers: 4,
		}}
		frame, err := tree.AppendHashes(AppendHashesHeader(nil, request), request.HashRange, source)
		if err != nil {
			t.Fatal(err)
		}
		m, err := NewReader(bytes.NewReader(frame), nil, ReaderOptions{}).Read()
		if err != nil {
			t.Fatal(err)
		}
		got, err := ParseHashes(m.Payload)
		if err != nil {
			t.Fatal(err)
		}
		if proven := proveRoot(got); proven != root {
			t.Errorf("%d hashes prove root %x, want %x", length, proven, root)
		}
	}
}

// proveRoot computes the root that the nodes of h lead to.
func proveRoot(h Hashes) torrent.Hash {
	nodes := make([]torrent.Hash, len(h.Nodes)/torrent.HashSize)
	for i := range nodes {
		nodes[i] = torrent.Hash(h.Nodes[i*torrent.HashSize:])
	}
	node := torrent.Root(nodes[:h.Request.Length], 0)
	at := h.Request.Index / h.Request.Length
	for _, uncle := range nodes[h.Request.Length:] {
		if at%2 == 0 {
			node = torrent.HashPair(node, uncle)
		} else {
			node = torrent.HashPair(uncle, node)
		}
		at /= 2
	}
	return node
}

func TestParseHashes(t *testing.T) {
	request := HashRequest{Root: torrent.Hash{1}, HashRange: torrent.HashRange{BaseLayer: 1, Index: 4, Length: 4, ProofLayers: 3}}
	nodes := bytes.Repeat([]byte{7}, (4+2)*torrent.HashSize)
	payload := AppendHashes(nil, Hashes{request, nodes})[prefixLen+1:]
	got, err := ParseHashes(payload)
	if err != nil || got.Request != request || !bytes.Equal(got.Nodes, nodes) {
		t.Errorf("got %+v, %v", got, err)
	}
	invalid := AppendHashes(nil, Hashes{HashRequest{HashRange: torrent.HashRange{Length: 3}}, nodes[:3*torrent.HashSize]})[prefixLen+1:]
	for _, bad := range [][]byte{
		nil, payload[:47], payload[:48], payload[:len(payload)-torrent.HashSize],
		append(bytes.Clone(payload), make([]byte, torrent.HashSize)...), invalid,
	} {
		if _, err := ParseHashes(bad); !errors.Is(err, ErrMalformed) {
			t.Errorf("%d bytes: got %v", len(bad), err)
		}
	}
	if _, err := ParseHashRequest(payload[:47]); !errors.Is(err, ErrMalformed) {
		t.Errorf("short request: got %v", err)
	}
}
