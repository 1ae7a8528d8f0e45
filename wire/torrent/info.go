package torrent

import (
	"errors"
	"fmt"

	"shoal/wire/bencode"
)

// metaVersion: BEP 52 "An integer value, set to 2".
const metaVersion = 2

var (
	// ErrInfo: an info dictionary contradicts itself or its specification.
	ErrInfo = errors.New("invalid info dictionary")
	// ErrLayout: the files of a torrent are not laid out as this package does it: in order, each on a piece of its own.
	ErrLayout = errors.New("files are not aligned to pieces")
)

// Info is the info dictionary of a torrent of one file, or of a folder of files.
type Info struct {
	Kind        Kind
	Name        string // of file or folder: one path segment, valid UTF-8; see NameFromKey
	Length      int64  // bytes; of Files the PaddedLength
	Files       []File // nil for one file; else what is in the folder, in the order of CompareFiles
	PieceLength int64  // bytes, a power of two
	Pieces      []byte // concatenated SHA-1 of the v1 pieces; not for V2
	Root        Hash   // v2 pieces root; zero for V1, for an empty file, and with Files
	Private     bool   // BEP 27: peers from the tracker only
	Source      string // "source": sets a torrent apart from others of the same content; empty is left out
}

// NumPieces returns the number of pieces; 0 for an empty file.
func (i *Info) NumPieces() int64 { return pieces(i.Length, i.PieceLength) }

// Validate reports the first fault that would make clients refuse the torrent; it wraps ErrInfo.
func (i *Info) Validate() error {
	switch {
	case i.Kind > V2:
		return fmt.Errorf("%w: kind %d", ErrInfo, i.Kind)
	case !validName(i.Name):
		return fmt.Errorf("%w: name %q", ErrInfo, i.Name)
	case i.Length < 0:
		return fmt.Errorf("%w: length %d", ErrInfo, i.Length)
	case i.PieceLength <= 0 || (i.Kind.HasV2() || i.Files != nil) && !validPieceLength(i.PieceLength):
		return fmt.Errorf("%w: piece length %d", ErrInfo, i.PieceLength)
	case i.Kind.HasV1() && int64(len(i.Pieces)) != i.NumPieces()*PieceHashSize:
		return fmt.Errorf("%w: %d bytes of hashes for %d pieces", ErrInfo, len(i.Pieces), i.NumPieces())
	case !i.Kind.HasV1() && len(i.Pieces) != 0:
		return fmt.Errorf("%w: v1 pieces in a v2 torrent", ErrInfo)
	case i.Files != nil:
		if i.Root != (Hash{}) {
			return fmt.Errorf("%w: pieces root of a folder", ErrInfo)
		}
		return i.checkFiles()
	case i.Kind.HasV2() == (i.Root == Hash{}) && i.Length > 0, i.Length == 0 && i.Root != Hash{}:
		return fmt.Errorf("%w: pieces root %x of %d bytes", ErrInfo, i.Root, i.Length)
	}
	return nil
}

// AppendInfo appends the info dictionary: the bytes that infohashes are taken over. They depend on
// nothing but i. An error is that of Validate.
func (i *Info) AppendInfo(dst []byte) ([]byte, error) {
	if err := i.Validate(); err != nil {
		return dst, err
	}
	d := bencode.NewDict(dst)
	if i.Kind.HasV2() {
		d.Value("file tree", i.appendFileTree)
	}
	switch {
	case i.Kind.HasV1() && i.Files != nil:
		d.Value("files", i.appendFiles)
	case i.Kind.HasV1():
		d.Int("length", i.Length)
	}
	if i.Kind.HasV2() {
		d.Int("meta version", metaVersion)
	}
	d.String("name", i.Name)
	d.Int("piece length", i.PieceLength)
	if i.Kind.HasV1() {
		d.Bytes("pieces", i.Pieces)
	}
	if i.Private {
		d.Int("private", 1)
	}
	putString(&d, "source", i.Source)
	return d.End(), nil
}

// appendFileTree appends the file tree; a single file is one in no folder.
func (i *Info) appendFileTree(dst []byte) []byte {
	files := i.Files
	if files == nil {
		files = []File{{Path: []string{i.Name}, Length: i.Length, Root: i.Root}}
	}
	return appendTree(dst, files, 0)
}
