package torrent

import (
	"fmt"
	"slices"
	"strings"

	"shoal/wire/bencode"
)

// parseFiles reads a v1 list of files without its padding, which must be where appendFiles puts it.
func parseFiles(list bencode.Value, pieceLength int64) ([]File, error) {
	if list.Kind() != bencode.List || !validPieceLength(pieceLength) {
		return nil, fmt.Errorf("%w: neither length nor files", ErrInfo)
	}
	files := []File{}
	var end, pad int64
	for item := range list.Items() {
		length, _ := item.Get("length").Int()
		if length < 0 || length > maxTotal || len(files) == MaxFiles {
			return nil, fmt.Errorf("%w: file %d of %d bytes", ErrInfo, len(files), length)
		}
		if attr, _ := item.Get("attr").Text(); strings.Contains(attr, "p") {
			pad += length
			continue
		}
		if pad != Padding(end, length, pieceLength) {
			return nil, ErrLayout
		}
		if end += pad + length; end > maxTotal {
			return nil, fmt.Errorf("%w: %d bytes and more", ErrInfo, end)
		}
		pad = 0
		files = append(files, File{Path: texts(item.Get("path")), Length: length})
	}
	if pad != 0 {
		return nil, ErrLayout
	}
	return files, nil
}

// parseTree appends the files of a folder of the file tree, which are in order.
func parseTree(files []File, folder bencode.Value, path []string) ([]File, error) {
	if folder.Kind() != bencode.Dict || len(path) > MaxPathDepth {
		return nil, fmt.Errorf("%w: no folder at %q of the file tree", ErrInfo, path)
	}
	for key, value := range folder.Entries() {
		name := string(key)
		inside := append(slices.Clone(path), name)
		leaf := value.Get("")
		if leaf.Kind() == bencode.None {
			var err error
			if files, err = parseTree(files, value, inside); err != nil {
				return nil, err
			}
			continue
		}
		f, err := parseLeaf(leaf)
		if err != nil {
			return nil, err
		}
		if len(files) == MaxFiles {
			return nil, fmt.Errorf("%w: over %d files", ErrInfo, MaxFiles)
		}
		f.Path = inside
		files = append(files, f)
	}
	return files, nil
}

func parseLeaf(v bencode.Value) (f File, err error) {
	var ok bool
	if f.Length, ok = v.Get("length").Int(); !ok {
		return f, fmt.Errorf("%w: no length in the file tree", ErrInfo)
	}
	if root, ok := v.Get("pieces root").Bytes(); ok {
		if len(root) != HashSize {
			return f, fmt.Errorf("%w: pieces root of %d bytes", ErrInfo, len(root))
		}
		f.Root = Hash(root)
	}
	return f, nil
}

// sameFiles reports whether the files have the same paths and lengths.
func sameFiles(a, b []File) bool {
	return slices.EqualFunc(a, b, func(a, b File) bool {
		return a.Length == b.Length && slices.Equal(a.Path, b.Path)
	})
}
