package torrent

import (
	"fmt"

	"shoal/wire/bencode"
)

// MaxInfoBytes bounds an info dictionary: with MaxPieces hashes of 32 bytes beside it, it stays within
// MaxMetainfoBytes.
const MaxInfoBytes = 7 << 20

// infoValues bounds the values in a file: of MaxFiles files in a hybrid torrent, each in a few folders and with
// padding, there are about thirty for each.
const infoValues = 50 * MaxFiles

// maxFileDepth: a "file tree" is at depth three in the whole file, and as deep as a path, and two more.
const maxFileDepth = MaxPathDepth + 6

// ParseInfo reads an info dictionary, as received from a peer (BEP 9). Unknown keys are ignored: the caller keeps the
// bytes. Of several files only the layout that this package writes is read, else the error wraps ErrLayout.
// Other errors wrap ErrInfo or those of package bencode.
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
	var i Info
	i.Name, _ = v.Get("name").Text()
	i.PieceLength, _ = v.Get("piece length").Int()
	private, _ := v.Get("private").Int()
	i.Private = private == 1
	i.Source, _ = v.Get("source").Text()
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
	if err := i.parseContent(v); err != nil {
		return Info{}, err
	}
	if err := i.Validate(); err != nil {
		return Info{}, err
	}
	return i, nil
}

// parseContent reads what the halves say of the files, in which they have to agree.
func (i *Info) parseContent(v bencode.Value) error {
	var one, tree []File
	var folder, single bool
	if i.Kind.HasV1() {
		length, ok := v.Get("length").Int()
		folder = !ok
		single = ok
		one = []File{{Path: []string{i.Name}, Length: length}}
		if folder {
			var err error
			if one, err = parseFiles(v.Get("files"), i.PieceLength); err != nil {
				return err
			}
		}
	}
	if i.Kind.HasV2() {
		var err error
		if tree, err = parseTree(nil, v.Get("file tree"), nil); err != nil {
			return err
		}
		isOne := len(tree) == 1 && len(tree[0].Path) == 1 && tree[0].Path[0] == i.Name
		if i.Kind.HasV1() && (isOne != single || !sameFiles(one, tree)) {
			return fmt.Errorf("%w: its two halves have other files", ErrInfo)
		}
		one, folder = tree, !isOne
	}
	if !folder {
		i.Length, i.Root = one[0].Length, one[0].Root
		return nil
	}
	i.Files = one
	lengths := make([]int64, len(one))
	for k, f := range one {
		lengths[k] = f.Length
	}
	if validPieceLength(i.PieceLength) {
		i.Length = PaddedLength(lengths, i.PieceLength)
	}
	return nil
}
