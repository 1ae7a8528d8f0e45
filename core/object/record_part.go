package object

import (
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
)

// partRecord is a part at rest: the value of a part row, and an element of a manifest row.
type partRecord struct {
	Part
	// Fallback is the CRC64NVME of a part whose upload names no algorithm; parts of before 2026-11 have none.
	Fallback Checksum
	Extents  []Extent

	cell cell // in which it counts
}

const (
	partFieldNumber = iota + 1
	partFieldSize
	partFieldETag
	partFieldModified
	partFieldChecksum
	partFieldExtent
	partFieldFallback
	partFieldCell
)

func appendPart(b []byte, p *partRecord) []byte {
	b = appendUint(b, partFieldNumber, uint64(p.Number))
	b = appendUint(b, partFieldSize, uint64(p.Size))
	b = appendText(b, partFieldETag, p.ETag)
	b = appendTime(b, partFieldModified, p.Modified)
	b = appendText(b, partFieldChecksum, encodeChecksum(p.Checksum))
	for _, e := range p.Extents {
		b = appendMessage(b, partFieldExtent, encodeExtent(e))
	}
	b = appendText(b, partFieldFallback, encodeChecksum(p.Fallback))
	return appendUint(b, partFieldCell, uint64(p.cell))
}

func encodePart(p *partRecord) []byte { return appendPart(newRecord(128), p) }

func decodePart(record []byte) (p partRecord, err error) {
	err = readRecord(record, p.read)
	return p, err
}

func (p *partRecord) read(f field) (err error) {
	switch f.num {
	case partFieldNumber:
		if f.uint < 1 || f.uint > MaxParts {
			return fmt.Errorf("%w: part number %d", errRecord, f.uint)
		}
		p.Number = int(f.uint)
	case partFieldSize:
		p.Size = f.int64()
	case partFieldETag:
		p.ETag = ETag(f.data)
	case partFieldModified:
		p.Modified = f.time()
	case partFieldChecksum:
		p.Checksum, err = decodeChecksum(f.data)
	case partFieldFallback:
		p.Fallback, err = decodeChecksum(f.data)
	case partFieldCell:
		p.cell, err = readCell(f)
	case partFieldExtent:
		var e Extent
		e, err = decodeExtent(f.data)
		p.Extents = append(p.Extents, e)
	}
	return err
}

// manifestFieldPart is the only field of a manifest row, repeated.
const manifestFieldPart protowire.Number = 1

func decodeManifest(record []byte) ([]partRecord, error) {
	var parts []partRecord
	err := readRecord(record, func(f field) error {
		if f.num != manifestFieldPart {
			return nil
		}
		var p partRecord
		err := readFields(f.data, p.read)
		parts = append(parts, p)
		return err
	})
	return parts, err
}
