package torrent

import (
	"strconv"

	"shoal/wire/bencode"
)

// appendFiles appends the v1 list of files, with padding files between them (BEP 47).
func (i *Info) appendFiles(dst []byte) []byte {
	dst = append(dst, 'l')
	var end int64
	for _, f := range i.Files {
		if pad := Padding(end, f.Length, i.PieceLength); pad > 0 {
			dst = appendPad(dst, pad)
			end += pad
		}
		d := bencode.NewDict(dst)
		d.Int("length", f.Length)
		d.Strings("path", f.Path)
		dst = d.End()
		end += f.Length
	}
	return append(dst, 'e')
}

// appendPad: BEP 47 "Padding files are synthetic files inserted into the file list to let the following file
// start at a piece boundary". Two of one length have one path, and the same content.
func appendPad(dst []byte, length int64) []byte {
	d := bencode.NewDict(dst)
	d.String("attr", "p")
	d.Int("length", length)
	d.Strings("path", []string{padFolder, strconv.FormatInt(length, 10)})
	return d.End()
}

// appendTree appends the folder of files, which share the first depth segments of their paths and are in order.
func appendTree(dst []byte, files []File, depth int) []byte {
	d := bencode.NewDict(dst)
	for len(files) > 0 {
		name := files[0].Path[depth]
		n := 1
		for n < len(files) && files[n].Path[depth] == name {
			n++
		}
		inside := files[:n]
		d.Value(name, func(dst []byte) []byte {
			if len(inside[0].Path) == depth+1 {
				return appendLeaf(dst, inside[0])
			}
			return appendTree(dst, inside, depth+1)
		})
		files = files[n:]
	}
	return d.End()
}

// appendLeaf appends {"": {length, pieces root}}.
func appendLeaf(dst []byte, f File) []byte {
	entry := bencode.NewDict(dst)
	entry.Value("", func(dst []byte) []byte {
		file := bencode.NewDict(dst)
		file.Int("length", f.Length)
		// BEP 52: "pieces root ... For non-empty files".
		if f.Length > 0 {
			file.Bytes("pieces root", f.Root[:])
		}
		return file.End()
	})
	return entry.End()
}
