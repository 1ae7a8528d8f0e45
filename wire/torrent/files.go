package torrent

import (
	"fmt"
	"slices"
	"strings"
)

// Bounds of a torrent of several files.
const (
	// MaxFiles keeps a .torrent of files with usual names within what clients load, and what has to be looked
	// at when the files may have changed within milliseconds.
	MaxFiles = 10_000
	// MaxPathDepth bounds the folders of a file: a client makes each of them, and bencode nests as deep.
	MaxPathDepth = 50
)

// File is one file of a torrent of several.
type File struct {
	Path   []string // folders and name, below the name of the torrent; see PathFromKey
	Length int64    // bytes
	Root   Hash     // v2 pieces root; zero for V1 and for an empty file
}

// CompareFiles orders files as a v2 file tree does (BEP 52: the keys of each folder sorted as raw bytes), which is
// the order of the v1 list of a hybrid torrent too. It is not the order of keys: "a-b" is after "a/b".
func CompareFiles(a, b File) int { return slices.Compare(a.Path, b.Path) }

// Padding returns the zero bytes (BEP 47) between offset, at which the file before it ends, and a file of
// length bytes: one that is not empty starts on a piece.
func Padding(offset, length, pieceLength int64) int64 {
	if length == 0 {
		return 0
	}
	return (pieceLength - offset%pieceLength) % pieceLength
}

// PaddedLength returns the bytes of files of those lengths, one behind the other, with their padding. There is none
// behind the last.
func PaddedLength(lengths []int64, pieceLength int64) int64 {
	var end int64
	for _, n := range lengths {
		end += Padding(end, n, pieceLength) + n
	}
	return end
}

// FilesPieceLength returns the piece length in bytes for files of those lengths: that of PieceLength for their
// sum, or less, down to BlockSize, while padding would be over a sixteenth of the content and there are not
// too many pieces. Clients without BEP 47 fetch the padding.
func FilesPieceLength(lengths []int64) int64 {
	var size, full int64
	for _, n := range lengths {
		size += n
		full += min(n, 1)
	}
	n := PieceLength(size)
	for n > BlockSize && full > 1 && PaddedLength(lengths, n)-size > size/16 &&
		pieces(size, n/2)+full <= morePieces {
		n /= 2
	}
	for pieces(size, n)+full > MaxPieces {
		n *= 2
	}
	return n
}

// morePieces is the number of pieces up to which FilesPieceLength trades padding for pieces.
const morePieces = 32768

// PathFromKey returns the path under which clients store an object of that key, which is relative to the folder
// that the torrent is of. Each segment is made safe as by NameFromKey; one that is empty, ".", "..", or
// ".pad" at the start, which clients take for padding, becomes "_" or "_pad". ok is false for over
// MaxPathDepth segments.
func PathFromKey(key string) (path []string, ok bool) {
	path = strings.Split(key, "/")
	if len(path) > MaxPathDepth {
		return nil, false
	}
	for i, segment := range path {
		if path[i] = cleanName(segment); !validName(path[i]) {
			path[i] = "_"
		}
	}
	if path[0] == padFolder {
		path[0] = "_pad"
	}
	return path, true
}

// padFolder holds the padding files (BEP 47: "the recommended pattern is .pad/N").
const padFolder = ".pad"

// checkFiles reports the first fault of Files and Length. Paths are unique, byte for byte, and none is the folder of
// another; paths that differ in case alone are left to clients, as every maker of torrents does.
func (i *Info) checkFiles() error {
	if len(i.Files) == 0 || len(i.Files) > MaxFiles {
		return fmt.Errorf("%w: %d files", ErrInfo, len(i.Files))
	}
	lengths := make([]int64, len(i.Files))
	var total int64
	for k, f := range i.Files {
		if err := i.checkFile(f); err != nil {
			return err
		}
		if k > 0 {
			if err := CheckNeighbours(i.Files[k-1].Path, f.Path); err != nil {
				return err
			}
		}
		lengths[k] = f.Length
		// Overflow: each file adds less than a piece to what is at most 2^62.
		if total += f.Length; total < 0 || total > maxTotal {
			return fmt.Errorf("%w: %d bytes and more", ErrInfo, total)
		}
	}
	if len(i.Files) == 1 && len(i.Files[0].Path) == 1 && i.Files[0].Path[0] == i.Name {
		// In a file tree the two are one and the same.
		return fmt.Errorf("%w: the only file has the name of the torrent", ErrInfo)
	}
	if got := PaddedLength(lengths, i.PieceLength); got != i.Length {
		return fmt.Errorf("%w: %d bytes of files, length %d", ErrInfo, got, i.Length)
	}
	return nil
}

// maxTotal bounds the bytes of all files, far above any disk, so that sums do not overflow.
const maxTotal = 1 << 60

func (i *Info) checkFile(f File) error {
	if len(f.Path) == 0 || len(f.Path) > MaxPathDepth || f.Length < 0 || f.Path[0] == padFolder {
		return fmt.Errorf("%w: file %q of %d bytes", ErrInfo, f.Path, f.Length)
	}
	for _, segment := range f.Path {
		if !validName(segment) {
			return fmt.Errorf("%w: path %q", ErrInfo, f.Path)
		}
	}
	hasRoot := f.Root != Hash{}
	if hasRoot != (i.Kind.HasV2() && f.Length > 0) {
		return fmt.Errorf("%w: pieces root of %d bytes of %q", ErrInfo, f.Length, f.Path)
	}
	return nil
}

// CheckNeighbours reports why two paths, one after the other in the order of CompareFiles, cannot be in one
// torrent: they are the same, in disorder, or the first is the folder of the second. The error wraps ErrInfo.
func CheckNeighbours(a, b []string) error {
	switch {
	case slices.Compare(a, b) == 0:
		return fmt.Errorf("%w: two files %q", ErrInfo, strings.Join(a, "/"))
	case slices.Compare(a, b) > 0:
		return fmt.Errorf("%w: %q is behind %q", ErrInfo, strings.Join(b, "/"), strings.Join(a, "/"))
	case len(a) < len(b) && slices.Equal(a, b[:len(a)]):
		return fmt.Errorf("%w: %q is a file and a folder", ErrInfo, strings.Join(a, "/"))
	}
	return nil
}
