package torrent

import (
	"fmt"

	"shoal/wire/bencode"
)

// MaxInfoBytes bounds an info dictionary: MaxPieces hashes of 20 bytes and the rest many times over.
const MaxInfoBytes = 4 << 20

// infoValues bounds the values in a file, most of which are tracker URLs.
const infoValues = 4096

// maxFileDepth: "file tree" of one file is at depth five in the whole file.
const maxFileDepth = 16

// ParseInfo reads the info dictionary of a torrent of one file, as received from a peer (BEP 9).
// Unknown keys are ignored: the caller keeps the bytes. Errors wrap ErrInfo, ErrMultiFile or those
// of package bencode.
func ParseInfo(data []byte) (Info, error) {
	v, err := bencode.Parse(data, bencode.Options{
		MaxBytes: MaxInfoBytes, MaxDepth: maxFileDepth, MaxValues: infoValues, Canonical: true,
	})
	if err != nil {
		return Info{}, fmt.Errorf("info dictionary: %w", err)
	}
	return parseInfo(v)
}

func parseInfo(v bencode.Value) (Info, error) {
	if v.Kind() != bencode.Dict {
		return Info{}, fmt.Errorf("%w: no dictionary", ErrInfo)
	}
	if v.Get("files").Kind() != bencode.None {
		return Info{}, ErrMultiFile
	}
	var i Info
	i.Name, _ = v.Get("name").Text()
	i.PieceLength, _ = v.Get("piece length").Int()
	private, _ := v.Get("private").Int()
	i.Private = private == 1
	pieces, hasV1 := v.Get("pieces").Bytes()
	i.Pieces = append(i.Pieces, pieces...)
	version, hasV2 := v.Get("meta version").Int()
	switch {
	case hasV2 && version != metaVersion:
		return Info{}, fmt.Errorf("%w: meta version %d", ErrInfo, version)
	case hasV1 && hasV2:
		i.Kind = Hybrid
	case hasV1:
		i.Kind = V1
	case hasV2:
		i.Kind = V2
	default:
		return Info{}, fmt.Errorf("%w: neither pieces nor meta version", ErrInfo)
	}
	if err := i.parseLength(v); err != nil {
		return Info{}, err
	}
	if err := i.Validate(); err != nil {
		return Info{}, err
	}
	return i, nil
}

// parseLength reads the length of both halves, which have to agree, and the v2 root.
func (i *Info) parseLength(v bencode.Value) error {
	length, ok := v.Get("length").Int()
	if i.Kind.HasV1() && !ok {
		return fmt.Errorf("%w: no length", ErrInfo)
	}
	i.Length = length
	if !i.Kind.HasV2() {
		return nil
	}
	tree := v.Get("file tree")
	for name := range tree.Entries() {
		if string(name) != i.Name {
			return ErrMultiFile
		}
	}
	file := tree.Get(i.Name).Get("")
	if i.Length, ok = file.Get("length").Int(); !ok {
		return fmt.Errorf("%w: no file of that name in the file tree", ErrInfo)
	}
	if i.Kind.HasV1() && i.Length != length {
		return fmt.Errorf("%w: v1 has %d bytes, v2 %d", ErrInfo, length, i.Length)
	}
	if root, ok := file.Get("pieces root").Bytes(); ok {
		if len(root) != HashSize {
			return fmt.Errorf("%w: pieces root of %d bytes", ErrInfo, len(root))
		}
		i.Root = Hash(root)
	}
	return nil
}
