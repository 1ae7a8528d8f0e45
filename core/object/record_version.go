package object

import (
	"fmt"
	"maps"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"

	"shoal/core/access"
)

// Fields of a version record. The bucket id and the key are in the row's key.
const (
	versionFieldID = iota + 1
	versionFieldFlags
	versionFieldSize
	versionFieldETag
	versionFieldModified
	versionFieldOwnerID
	versionFieldOwnerName
	versionFieldStorageClass
	versionFieldChecksum
	versionFieldPartCount
	versionFieldHeader
	versionFieldACL
	versionFieldExtent
	versionFieldManifest
	versionFieldChunkStart
	versionFieldExtentCount
	versionFieldReplaced
	versionFieldTag
	versionFieldRetentionMode
	versionFieldRetainUntil
	versionFieldLegalHold
	versionFieldEncryption
	versionFieldCell
)

// versionLock is where a version has its lock. Never written.
var versionLock = lockFields{versionFieldRetentionMode, versionFieldRetainUntil, versionFieldLegalHold}

const (
	flagNull = 1 << iota
	flagDeleteMarker
	flagHasTorrent
	flagInline
)

func encodeVersion(v *Version) []byte {
	b := appendID(newRecord(512), versionFieldID, v.ID)
	b = appendUint(b, versionFieldFlags, v.flags())
	b = appendUint(b, versionFieldSize, uint64(v.Size))
	b = appendText(b, versionFieldETag, v.ETag)
	b = appendTime(b, versionFieldModified, v.Modified)
	b = appendText(b, versionFieldOwnerID, v.Owner.ID)
	b = appendText(b, versionFieldOwnerName, v.Owner.DisplayName)
	b = appendText(b, versionFieldStorageClass, v.StorageClass)
	b = appendText(b, versionFieldChecksum, encodeChecksum(v.Checksum))
	b = appendUint(b, versionFieldPartCount, uint64(v.PartCount))
	b = appendText(b, versionFieldHeader, encodeHeader(&v.Header))
	b = appendText(b, versionFieldACL, encodeACL(v.ACL))
	for _, e := range v.Content.Extents {
		b = appendMessage(b, versionFieldExtent, encodeExtent(e))
	}
	if v.Content.Chunks > 0 {
		b = appendID(b, versionFieldManifest, v.Content.Manifest)
		for _, start := range v.Content.ChunkStarts {
			b = appendMessage(b, versionFieldChunkStart, protowire.AppendVarint(nil, uint64(start)))
		}
	}
	b = appendUint(b, versionFieldExtentCount, uint64(v.Content.ExtentCount))
	if !v.Replaced.IsZero() {
		b = appendMessage(b, versionFieldReplaced, v.Replaced[:])
	}
	b = versionLock.append(appendTags(b, versionFieldTag, v.Tags), v.Lock)
	b = appendText(b, versionFieldEncryption, encodeEnvelope(v.Encryption))
	return appendUint(b, versionFieldCell, uint64(v.cell))
}

func (v *Version) flags() (bits uint64) {
	set := func(on bool, bit uint64) {
		if on {
			bits |= bit
		}
	}
	set(v.Null, flagNull)
	set(v.DeleteMarker, flagDeleteMarker)
	set(v.HasTorrent, flagHasTorrent)
	set(v.Content.Inline, flagInline)
	return bits
}

// decodeVersion reads a record whose row is that of objectKey in bucket.
func decodeVersion(bucket BucketID, objectKey string, record []byte) (*Version, error) {
	v := &Version{BucketID: bucket, Key: objectKey}
	err := readRecord(record, func(f field) error {
		if f.num >= versionFieldHeader {
			return v.readDetail(f)
		}
		return v.readListed(f, field.string)
	})
	if err == nil && v.Content.Chunks > 0 && v.Content.ChunkStarts[0] != 0 {
		err = fmt.Errorf("%w: first chunk starts at %d", errRecord, v.Content.ChunkStarts[0])
	}
	if err == nil {
		err = v.Lock.whole()
	}
	if err != nil {
		return nil, fmt.Errorf("version of %q: %w", objectKey, err)
	}
	return v, nil
}

// readListed reads one of the fields that a listing prints. text makes the strings.
func (v *Version) readListed(f field, text func(field) string) (err error) {
	switch f.num {
	case versionFieldID:
		v.ID, err = f.id()
	case versionFieldFlags:
		v.Null = f.uint&flagNull != 0
		v.DeleteMarker = f.uint&flagDeleteMarker != 0
		v.HasTorrent = f.uint&flagHasTorrent != 0
		v.Content.Inline = f.uint&flagInline != 0
	case versionFieldSize:
		v.Size = f.int64()
	case versionFieldETag:
		v.ETag = ETag(text(f))
	case versionFieldModified:
		v.Modified = f.time()
	case versionFieldOwnerID:
		v.Owner.ID = access.CanonicalID(text(f))
	case versionFieldOwnerName:
		v.Owner.DisplayName = text(f)
	case versionFieldStorageClass:
		v.StorageClass = text(f)
	case versionFieldChecksum:
		v.Checksum, err = readChecksum(f, text)
	case versionFieldPartCount:
		v.PartCount = int(f.uint)
	}
	return err
}

func (v *Version) readDetail(f field) (err error) {
	switch f.num {
	case versionFieldHeader:
		err = decodeHeader(f.data, &v.Header)
	case versionFieldACL:
		v.ACL, err = decodeACL(f.data)
	case versionFieldExtent:
		var e Extent
		e, err = decodeExtent(f.data)
		v.Content.Extents = append(v.Content.Extents, e)
	case versionFieldManifest:
		v.Content.Manifest, err = f.id()
	case versionFieldChunkStart:
		start, n := protowire.ConsumeVarint(f.data)
		if n < 0 {
			return fmt.Errorf("%w: chunk start: %w", errRecord, protowire.ParseError(n))
		}
		v.Content.ChunkStarts = append(v.Content.ChunkStarts, int64(start))
		v.Content.Chunks++
	case versionFieldExtentCount:
		v.Content.ExtentCount = f.int64()
	case versionFieldTag:
		var t access.Tag
		t, err = decodeTag(f.data)
		v.Tags = append(v.Tags, t)
	case versionFieldEncryption:
		v.Encryption, err = decodeEnvelope(f.data)
	case versionFieldCell:
		v.cell, err = readCell(f)
	case versionFieldReplaced:
		if copy(v.Replaced[:], f.data) != len(v.Replaced) {
			err = fmt.Errorf("%w: infohash of %d bytes", errRecord, len(f.data))
		}
	default:
		err = versionLock.read(f, &v.Lock)
	}
	return err
}

// Fields of a header message.
const (
	headerFieldContentType = iota + 1
	headerFieldCacheControl
	headerFieldContentDisposition
	headerFieldContentEncoding
	headerFieldContentLanguage
	headerFieldExpires
	headerFieldRedirect
	headerFieldMetaName
	headerFieldMetaValue
)

func encodeHeader(h *Header) []byte {
	var b []byte
	b = appendText(b, headerFieldContentType, h.ContentType)
	b = appendText(b, headerFieldCacheControl, h.CacheControl)
	b = appendText(b, headerFieldContentDisposition, h.ContentDisposition)
	b = appendText(b, headerFieldContentEncoding, h.ContentEncoding)
	b = appendText(b, headerFieldContentLanguage, h.ContentLanguage)
	b = appendText(b, headerFieldExpires, h.Expires)
	b = appendText(b, headerFieldRedirect, h.WebsiteRedirectLocation)
	for _, name := range slices.Sorted(maps.Keys(h.Meta)) { // equal headers are equal bytes
		b = appendMessage(b, headerFieldMetaName, name)
		b = appendMessage(b, headerFieldMetaValue, h.Meta[name])
	}
	return b
}

func decodeHeader(b []byte, h *Header) error {
	name := ""
	return readFields(b, func(f field) error {
		switch f.num {
		case headerFieldContentType:
			h.ContentType = f.string()
		case headerFieldCacheControl:
			h.CacheControl = f.string()
		case headerFieldContentDisposition:
			h.ContentDisposition = f.string()
		case headerFieldContentEncoding:
			h.ContentEncoding = f.string()
		case headerFieldContentLanguage:
			h.ContentLanguage = f.string()
		case headerFieldExpires:
			h.Expires = f.string()
		case headerFieldRedirect:
			h.WebsiteRedirectLocation = f.string()
		case headerFieldMetaName:
			name = f.string()
		case headerFieldMetaValue:
			if h.Meta == nil {
				h.Meta = make(map[string]string)
			}
			h.Meta[name] = f.string()
		}
		return nil
	})
}
