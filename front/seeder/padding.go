package seeder

import (
	"shoal/core/object"
	"shoal/wire/torrent"
)

// requestable returns the bytes of t that peers may ask for. libtorrent takes the file of a V2 torrent for one
// that is padded (BEP 47) and asks for the whole of its last block, which for V1 and Hybrid ends with the content.
func requestable(t *object.Torrent) int64 {
	if t.Kind != torrent.V2 {
		return t.Length
	}
	return pieceCount(t.Length, torrent.BlockSize) * torrent.BlockSize
}

// padded is content of size bytes with zeros behind it.
type padded struct {
	readAtCloser
	size int64
}

// ReadAt implements io.ReaderAt. Content that cannot be read is an error as ever.
func (r padded) ReadAt(p []byte, off int64) (int, error) {
	content := int(min(int64(len(p)), max(0, r.size-off)))
	if content > 0 {
		if n, err := r.readAtCloser.ReadAt(p[:content], off); n < content {
			return n, err
		}
	}
	clear(p[content:])
	return len(p), nil
}
