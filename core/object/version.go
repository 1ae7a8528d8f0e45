package object

import (
	"encoding/base64"
	"errors"
	"time"

	"shoal/core/access"
	"shoal/core/encryption"
	"shoal/core/fault"
	"shoal/storage/blob"
	"shoal/wire/torrent"
)

// VersionID is the identity of one version, unique in its key and never reused, also for the null
// version: 8 bytes of the bitwise inverted sequence (newest first in key order), 8 random bytes. The sequence
// is max(unix nanoseconds, predecessor's sequence + 1), so a clock that steps back does not reorder versions.
//
// Its text form (String, ParseVersionID) is URL-safe.
type VersionID [16]byte

// NullVersion is the id by which clients name the null version.
const NullVersion = "null"

// ClientID is the id of v as clients read it.
func (v *Version) ClientID() string { return clientID(v.ID, v.Null) }

// ref names v.
func (v *Version) ref() VersionRef {
	if v.Null {
		return VersionRef{Null: true, Set: true}
	}
	return VersionRef{ID: v.ID, Set: true}
}

func clientID(id VersionID, null bool) string {
	if null {
		return NullVersion
	}
	return id.String()
}

func (id VersionID) String() string { return base64.RawURLEncoding.EncodeToString(id[:]) }

// ParseVersionID is the inverse of String; InvalidArgument for what no version is called.
func ParseVersionID(text string) (id VersionID, err error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(raw) != len(id) {
		return id, fault.New("read version id", text, fault.InvalidArgument, errors.New("not a version id"))
	}
	return VersionID(raw), nil
}

// Version is one version of an object: what HEAD, GET and a listing need. It is shared and read-only.
type Version struct {
	BucketID BucketID
	Key      string
	ID       VersionID
	Null     bool // the S3 version id is "null"

	DeleteMarker bool  // it has no content, only a key, a time and an owner
	Size         int64 // bytes
	ETag         ETag
	Modified     time.Time
	Owner        access.Owner
	ACL          access.ACL
	StorageClass string // "STANDARD" when empty
	Header       Header
	Tags         []access.Tag
	Lock         Lock
	Checksum     Checksum // zero when none
	PartCount    int      // 0 unless completed from a multipart upload
	HasTorrent   bool     // a torrent record of this version is kept
	// Replaced is the infohash of the v1 torrent of what this version was put over, the last that had one and that
	// everybody could read until then; zero when there is none.
	Replaced   torrent.InfoHash
	Encryption encryption.Envelope
	Content    Content

	key  *encryption.Key // of content under a customer's key; see Unlock
	cell cell            // of the usage of the bucket, in which it counts
}

// ETag is an entity tag without its quotes: 32 hex digits of an MD5, with "-<parts>" for multipart. Of content under a KMS
// key or a customer's it tells nothing (S3 API reference, Object).
type ETag string

// Header is what the client stored beside the bytes and gets back on GET and HEAD.
type Header struct {
	ContentType             string
	CacheControl            string
	ContentDisposition      string
	ContentEncoding         string
	ContentLanguage         string
	Expires                 string
	WebsiteRedirectLocation string
	Meta                    map[string]string // user metadata without the x-amz-meta- prefix, keys in lower case
}

// ManifestID names the extents of a completed multipart upload; it is the upload's ID. Versions share it
// by reference rows, so that a copy of any number of extents is one row.
type ManifestID [16]byte

// Content says where a version's bytes rest: in the body row, in Extents, or in the rows of a manifest.
type Content struct {
	Inline      bool       // the bytes are in the version's body row; an empty one has no row
	Extents     []Extent   // in order, no gaps; nil when Inline or Chunks > 0
	Manifest    ManifestID // when Chunks > 0
	Chunks      int        // > 0: the extents are in that many manifest rows instead
	ChunkStarts []int64    // offset, in bytes, of the first byte of each chunk
	ExtentCount int64
}

// Extent is a run of bytes of one blob.
type Extent struct {
	Blob   blob.ID
	Offset int64 // bytes into the blob
	Length int64 // bytes, > 0
	// Sealed is the bytes of the whole body that the blob holds encrypted; 0 when it holds them as they came. Offset and
	// Length are of the body.
	Sealed int64
}

// InlineMax is the largest object, in bytes, that rests in a metadata row: one group commit, no file.
const InlineMax = 8 << 10
