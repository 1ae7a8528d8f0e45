package peer

import (
	"encoding/binary"
	"math"
	"math/bits"

	"shoal/wire/torrent"
)

// Bounds of BEP 52 hash messages.
const (
	// MaxHashes is the most base hashes that a hashes message is read with: this program asks for
	// no more, because "Length SHOULD NOT be greater than 512". Others do, see Validate.
	MaxHashes = 512
	// MaxProofLayers is deeper than any tree: 2^64 bytes have 50 layers of hashes.
	MaxProofLayers = 64
	// maxBaseLayer keeps the arithmetic of layers inside 64 bits.
	maxBaseLayer = 63

	hashRequestLen = torrent.HashSize + 4*4
)

// HashRequest asks for hashes of one file's merkle tree. It is the content of a hash request and
// of a hash reject, and the head of a hashes message.
type HashRequest struct {
	Root torrent.Hash // pieces root of the file
	torrent.HashRange
}

// ParseHashRequest reads the payload of a hash request or a hash reject. It checks the form only:
// a request that Validate refuses still has to be answered, with a hash reject.
func ParseHashRequest(payload []byte) (HashRequest, error) {
	var h HashRequest
	if len(payload) != hashRequestLen {
		return h, malformed("hash request of %d bytes", len(payload))
	}
	copy(h.Root[:], payload)
	h.BaseLayer = binary.BigEndian.Uint32(payload[32:])
	h.Index = binary.BigEndian.Uint32(payload[36:])
	h.Length = binary.BigEndian.Uint32(payload[40:])
	h.ProofLayers = binary.BigEndian.Uint32(payload[44:])
	return h, nil
}

// Validate reports a request that no tree can answer, as ErrMalformed. Whether the layers, the
// index and the root are those of a file is for its owner to check.
func (h HashRequest) Validate() error {
	switch {
	case h.Length == 0 || h.Length > torrent.MaxHashRange || h.Length&(h.Length-1) != 0:
		// BEP 52: "Length MUST be equal-to-or-greater-than two and a power of two". Yet libtorrent
		// asks for one hash where 512n+1 pieces leave one over; its first uncle is its sibling.
		return malformed("hash request for %d hashes", h.Length)
	case h.Index%h.Length != 0, h.Index > math.MaxUint32-h.Length:
		// BEP 52: "Index MUST be a multiple of length, this includes zero."
		return malformed("hash request at %d for %d hashes", h.Index, h.Length)
	case h.BaseLayer > maxBaseLayer:
		return malformed("hash request for layer %d", h.BaseLayer)
	case h.ProofLayers > MaxProofLayers:
		return malformed("hash request for %d proof layers", h.ProofLayers)
	default:
		return nil
	}
}

// Uncles returns how many uncle hashes follow the base hashes in the answer to a valid request,
// and the layer of the first. They go upwards from there, one in each layer.
//
// BEP 52: "A proof layer is omitted if the requested hashes include the entire child layer": the
// requester computes those itself, and they still count towards ProofLayers.
func (h HashRequest) Uncles() (count, firstLayer uint32) {
	height := uint32(bits.TrailingZeros32(h.Length)) // of the subtree over the base hashes
	firstLayer = h.BaseLayer + height
	if h.ProofLayers+1 <= height {
		return 0, firstLayer
	}
	return h.ProofLayers - (height - 1), firstLayer
}

// Hashes is the answer to a HashRequest.
type Hashes struct {
	Request HashRequest
	// Nodes is the base hashes and then the uncles, lowest layer first: torrent.HashSize bytes each.
	Nodes []byte
}

// ParseHashes reads the payload of a hashes message; Nodes is a view of payload. The number of
// nodes is what the request in its head asks for.
func ParseHashes(payload []byte) (Hashes, error) {
	if len(payload) < hashRequestLen {
		return Hashes{}, malformed("hashes message of %d bytes", len(payload))
	}
	request, err := ParseHashRequest(payload[:hashRequestLen])
	if err != nil {
		return Hashes{}, err
	}
	if err := request.Validate(); err != nil {
		return Hashes{}, err
	}
	nodes := payload[hashRequestLen:]
	uncles, _ := request.Uncles()
	if want := int(request.Length+uncles) * torrent.HashSize; len(nodes) != want {
		return Hashes{}, malformed("hashes message with %d bytes of hashes, want %d", len(nodes), want)
	}
	return Hashes{Request: request, Nodes: nodes}, nil
}

// AppendHashRequest appends a hash request.
func AppendHashRequest(dst []byte, h HashRequest) []byte {
	return appendHashRequest(appendHeader(dst, MsgHashRequest, hashRequestLen), h)
}

// AppendHashReject appends the refusal of h.
func AppendHashReject(dst []byte, h HashRequest) []byte {
	return appendHashRequest(appendHeader(dst, MsgHashReject, hashRequestLen), h)
}

// AppendHashes appends the answer to h.Request.
func AppendHashes(dst []byte, h Hashes) []byte {
	dst = appendHeader(dst, MsgHashes, hashRequestLen+len(h.Nodes))
	return append(appendHashRequest(dst, h.Request), h.Nodes...)
}

// AppendHashesHeader appends what goes before the nodes of the answer to a valid request. The
// caller appends all of them, as torrent.Tree.AppendHashes does.
func AppendHashesHeader(dst []byte, h HashRequest) []byte {
	uncles, _ := h.Uncles()
	dst = appendHeader(dst, MsgHashes, hashRequestLen+int(h.Length+uncles)*torrent.HashSize)
	return appendHashRequest(dst, h)
}

func appendHashRequest(dst []byte, h HashRequest) []byte {
	dst = append(dst, h.Root[:]...)
	dst = binary.BigEndian.AppendUint32(dst, h.BaseLayer)
	dst = binary.BigEndian.AppendUint32(dst, h.Index)
	dst = binary.BigEndian.AppendUint32(dst, h.Length)
	return binary.BigEndian.AppendUint32(dst, h.ProofLayers)
}
