package fileblob

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"shoal/storage/blob"
)

// The trailer is the last trailerBytes of a file. Numbers are big endian.
const (
	trailerMagic   = "shoalblb"
	trailerVersion = 1
	trailerBytes   = 64

	atVersion   = 8  // 4 bytes; 4 zero bytes follow
	atSize      = 16 // 8 bytes: data length
	atRoot      = 24 // 32 bytes: merkle root
	atLeavesCRC = 56 // 4 bytes: CRC-32C of the leaves
	atCRC       = 60 // 4 bytes: CRC-32C of the trailer up to here
)

// maxSize keeps size, leaves and trailer together well inside an int64.
const maxSize = 1 << 62

// trailer is the decoded end of a file.
type trailer struct {
	info      blob.Info
	leavesCRC uint32
}

func crc(b []byte) uint32 { return crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)) }

// append appends the encoding, of trailerBytes.
func (t trailer) append(dst []byte) []byte {
	at := len(dst)
	dst = append(dst, trailerMagic...)
	dst = binary.BigEndian.AppendUint32(dst, trailerVersion)
	dst = binary.BigEndian.AppendUint32(dst, 0)
	dst = binary.BigEndian.AppendUint64(dst, uint64(t.info.Size))
	dst = append(dst, t.info.Root[:]...)
	dst = binary.BigEndian.AppendUint32(dst, t.leavesCRC)
	return binary.BigEndian.AppendUint32(dst, crc(dst[at:]))
}

// parseTrailer decodes b, the last trailerBytes of a file of fileSize bytes. Its error says what is wrong.
func parseTrailer(b []byte, fileSize int64) (trailer, error) {
	if len(b) != trailerBytes || string(b[:len(trailerMagic)]) != trailerMagic {
		return trailer{}, fmt.Errorf("no trailer")
	}
	if got := crc(b[:atCRC]); got != binary.BigEndian.Uint32(b[atCRC:]) {
		return trailer{}, fmt.Errorf("trailer does not match its checksum")
	}
	if v := binary.BigEndian.Uint32(b[atVersion:]); v != trailerVersion {
		return trailer{}, fmt.Errorf("format version %d is not %d", v, trailerVersion)
	}
	if binary.BigEndian.Uint32(b[atVersion+4:]) != 0 {
		return trailer{}, fmt.Errorf("reserved bytes are not zero")
	}
	size := binary.BigEndian.Uint64(b[atSize:])
	if size > maxSize || fileBytes(int64(size)) != fileSize {
		return trailer{}, fmt.Errorf("file of %d bytes cannot hold %d of data", fileSize, size)
	}
	t := trailer{leavesCRC: binary.BigEndian.Uint32(b[atLeavesCRC:])}
	t.info.Size = int64(size)
	copy(t.info.Root[:], b[atRoot:atLeavesCRC])
	return t, nil
}

// fileBytes is the size of the file of size bytes of data.
func fileBytes(size int64) int64 {
	return size + blob.LeafCount(size)*int64(len(blob.Leaf{})) + trailerBytes
}
